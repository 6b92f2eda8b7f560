"""What the witness says of one row of a design."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """How a row was kept, against it, or in doubt; all empty where the witness cannot say."""

    seen: str = ""
    problem: str = ""
    doubt: str = ""
    too_few: bool = False
    """Whether the doubt is that fewer trainings were seen in all than the row counts: asked whatever it is marked."""
