"""What is asked before something is recorded, and the keys there are: two small screens in front of the others."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

KEYS = (
    ("arrows, j, k", "go through the table, the findings, the log"),
    ("Enter", "open a run or a report; from a finding to its line of the log"),
    ("r", "the report that waits: read it and answer as a person"),
    ("f", "follow the log again"),
    ("Tab", "to the next part of the screen"),
    ("Ctrl-S", "record the answer; you are asked once more"),
    ("Escape", "back"),
    ("?", "this"),
    ("q", "quit; no run ends by that"),
)


class Asking(ModalScreen[bool]):
    """A question; True for yes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("y", "dismiss(True)", "Yes"),
        ("n", "dismiss(False)", "No"),
        ("escape", "dismiss(False)", "No"),
    ]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """Return what it is made of."""
        with Vertical(classes="box"):
            yield Static(Text.assemble(self._question, ("\n\ny yes   n no", "bold")), id="question")


class Keys(ModalScreen[None]):
    """The keys there are."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,question_mark,q", "dismiss(None)", "Close")]

    def compose(self) -> ComposeResult:
        """Return what it is made of."""
        width = max(len(key) for key, _ in KEYS)
        with Vertical(classes="box"):
            yield Static(Text("\n").join(Text.assemble((f"{key:<{width}}  ", "bold"), what) for key, what in KEYS))
