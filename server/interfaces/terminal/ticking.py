"""What the form of an answer is made of: boxes that show by a sign whether they are ticked, and a bounded text."""

from __future__ import annotations

from textual.events import Paste
from textual.message import Message
from textual.widgets import Checkbox, RadioButton, TextArea

from ..views.answering import LONGEST_INSTRUCTIONS


class Instructions(TextArea):
    """A text; what is pasted into it and would make it longer than an answer may be is not taken."""

    class TooLong(Message):
        """Something was not pasted. :ivar length: what the text would have come to, in characters."""

        def __init__(self, length: int) -> None:
            super().__init__()
            self.length = length

    def on_paste(self, event: Paste) -> None:
        """Refuse what is too long; what is typed is counted when it is recorded."""
        length = len(self.text) + len(event.text)
        if length > LONGEST_INSTRUCTIONS:
            event.prevent_default()
            event.stop()
            self.post_message(self.TooLong(length))


class Choice(RadioButton):
    """One of several."""

    BUTTON_LEFT, BUTTON_INNER, BUTTON_RIGHT = "", "( )", ""  # beside the sign Textual draws in the ground's colour

    def watch_value(self) -> None:
        """Show what it is now."""
        self.BUTTON_INNER = "(●)" if self.value else "( )"  # pyright: ignore[reportConstantRedefinition] # of this one
        super().watch_value()


class Tick(Checkbox):
    """Yes or no."""

    BUTTON_LEFT, BUTTON_INNER, BUTTON_RIGHT = "", "[ ]", ""

    def watch_value(self) -> None:
        """Show what it is now."""
        self.BUTTON_INNER = "[x]" if self.value else "[ ]"  # pyright: ignore[reportConstantRedefinition] # of this one
        super().watch_value()
