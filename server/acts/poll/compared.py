"""How an attempt that ended compares with the earlier ones of its model, as an answer tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field

from ...storage.record import Run
from ...vocabulary.runs import Phase
from ..desk import Desk
from ..watch import attempts

if TYPE_CHECKING:
    from ...analysis.curves.attempts import Comparison


class Compared(BaseModel):
    """Where an attempt stands among the full attempts of its model, by the numbers that they have in common."""

    column: str = Field(description="what is compared: val_loss before metric, val_gain, train_loss, train_gain")
    better: Literal["lower", "higher"] = Field(description="which way is better")
    rank: int | None = Field(description="the place of this run; absent where its last value is no number")
    of: int = Field(description="how many attempts are compared")
    best: str = Field(description="the best attempt: median of the last quarter of its values, 5 to 20 of them")
    best_verdict: str | None = Field(description="the newest verdict on it; absent where none was asked for")
    ahead: str | None = Field(
        description="the best one; where noise is seeds, the one whose settings have the better mean over their seeds;"
        " absent as `rival` is"
    )
    rival: str | None = Field(
        description="the next best one with other settings, or the best where that one is `ahead`; absent where only"
        " seeds differ"
    )
    gap: float | None = Field(description="by how much `ahead` is ahead of `rival`; of means where noise is seeds")
    low: float | None = Field(description="lower end of the 95 % interval of the gap")
    high: float | None = Field(description="upper end of it")
    noise: str | None = Field(
        description="where the interval is from: seeds, or epochs (how the curves wobble; other seeds were not run);"
        " absent where there are too few independent values"
    )
    more_than_noise: bool | None = Field(description="whether the interval lies above zero; absent as `noise` is")


def told(desk: Desk, run: Run) -> Compared | None:
    """Return how a full attempt that ended compares; None where there is no other to compare it with."""
    if run.phase is not Phase.FULL or not run.ended:
        return None
    found = attempts.compared(desk, run.model)
    if len(found.ranked) < 2:
        return None
    return _facts(found, run.id, attempts.verdicts(desk, run.model))


def _facts(found: Comparison, run: str, verdicts: dict[str, str]) -> Compared:
    places = [one.run for one in found.ranked]
    against, interval = bool(found.rival), bool(found.noise)
    return Compared(
        column=found.column,
        better="higher" if found.rises else "lower",
        rank=places.index(run) + 1 if run in places else None,
        of=len(places),
        best=places[0],
        best_verdict=verdicts.get(places[0]),
        ahead=found.ahead or None,
        rival=found.rival or None,
        gap=_short(found.gap) if against else None,
        low=_short(found.low) if interval else None,
        high=_short(found.high) if interval else None,
        noise=found.noise or None,
        more_than_noise=found.is_more_than_noise if interval else None,
    )


def _short(value: float) -> float:
    return float(f"{value:.4g}")
