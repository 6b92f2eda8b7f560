"""A column of the results and the prediction that it is, or is made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..artefacts.facts import TableFacts
from ..witness import Prediction


@dataclass(frozen=True, slots=True)
class Match:
    """A column of the results and the prediction that it is, or is made from."""

    column: str
    prediction: Prediction
    exact: bool
    averaged: int = 1
    """The mean of how many predictions it is; `prediction` is then their mean."""
    parts: tuple[Prediction, ...] = ()
    """The predictions whose weighted sum it is."""

    @property
    def of(self) -> tuple[Prediction, ...]:
        """The predictions that it is made from."""
        return self.parts or (self.prediction,)

    def __str__(self) -> str:
        if self.parts:
            return (
                f"column {self.column} is a weighted sum of what {', '.join(one.name for one in self.parts)} predicted"
            )
        how = "" if self.exact else "made from "
        of = f"the mean of {self.averaged} of " if self.averaged > 1 else ""
        return f"column {self.column} is {how}{of}what {self.prediction.name}.predict returned"


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What is asked of a table and of what was predicted: the same where it is of the same objects.

    A verdict asks it from many sides.
    """

    table: TableFacts
    predictions: Sequence[Prediction]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Asked):
            return False
        return other.table is self.table and other.predictions is self.predictions

    def __hash__(self) -> int:
        return hash((id(self.table), id(self.predictions)))
