"""Boxes to tick that show by a sign whether they are ticked, not by a colour alone."""

from __future__ import annotations

from textual.widgets import Checkbox, RadioButton


class Choice(RadioButton):
    """One of several."""

    BUTTON_LEFT, BUTTON_INNER, BUTTON_RIGHT = "(", " ", ")"

    def watch_value(self) -> None:
        """Show what it is now."""
        self.BUTTON_INNER = "●" if self.value else " "  # pyright: ignore[reportConstantRedefinition] # of this one
        super().watch_value()


class Tick(Checkbox):
    """Yes or no."""

    BUTTON_LEFT, BUTTON_INNER, BUTTON_RIGHT = "[", " ", "]"

    def watch_value(self) -> None:
        """Show what it is now."""
        self.BUTTON_INNER = "x" if self.value else " "  # pyright: ignore[reportConstantRedefinition] # of this one
        super().watch_value()
