"""One change between two programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["parameter", "estimator", "feature", "structure", "argument"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What was, and what is.

    :ivar name: the nearest keyword, assigned name or function. :ivar before: empty for what was added.
    :ivar after: empty for what was taken away. :ivar file: where it stands now; for what was taken away, where it was.
    :ivar lowered: whether a number became smaller, or a list shorter.
    :ivar needs_approval: False only for what cannot alter a number, an estimator, a feature or the structure.
    :ivar full_only: whether a quick run does not show it: it is of the full phase, or the phase, how much
        there is or the time decides about it.
    """

    kind: Kind
    name: str
    before: str
    after: str
    file: str
    line: int
    lowered: bool = False
    needs_approval: bool = True
    full_only: bool = False

    def __str__(self) -> str:
        return f"{self.name} {self.before or 'nothing'} -> {self.after or 'nothing'} ({self.file}:{self.line})"


def number_words(value: float | None) -> str:
    """Return a number as a change shows it, `?` for one that is not known."""
    if value is None:
        return "?"
    return str(value) if isinstance(value, int) else f"{value:g}" if abs(value) < 1e15 else repr(value)
