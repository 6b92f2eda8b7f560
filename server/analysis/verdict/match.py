"""A column of the results and the prediction that it is, or is made from."""

from __future__ import annotations

from dataclasses import dataclass

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
