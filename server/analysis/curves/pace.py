"""How fast a run goes, when it will be done, whether it misses its limit, whether it is too fast to be real."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from ...vocabulary.runs import ErrorType, Level
from .flags import Flag

_RECENT = 20
"""Marks that the estimate looks at: enough to smooth, few enough to follow a change of speed."""

MOST_STEPS = 1e15
MOST_S = 1e12
"""Thirty thousand years: what would take longer is no estimate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Where a run is and when it will be done. Steps are epochs, draws or iterations, whatever the run counts."""

    step: float
    total: float
    step_s: float
    """Seconds per step of late."""
    at: float
    """Time of the last mark."""
    eta_s: float
    """Seconds from the last mark to the end, at the pace of late."""
    eta_low_s: float
    eta_high_s: float
    """The same at the pace of the fastest and slowest quarter of late steps."""

    @property
    def done_share(self) -> float:
        """Share of the steps that are done, 0 to 1."""
        return max(0.0, min(1.0, self.step / self.total))


def pace(marks: Sequence[tuple[float, float]], total: float) -> Pace | None:
    """Estimate from marks of progress, or None where fewer than two of them say something.

    :param marks: (time in s, steps done by then) in the order of time. Counts that fall back begin anew: a second
        model, a second chain or a resumed run.
    :param total: steps in all.
    """
    recent = _latest_climb(marks)[-_RECENT - 1 :]
    paces = sorted((b[0] - a[0]) / (b[1] - a[1]) for a, b in itertools.pairwise(recent))
    if not paces or not 0 < total < MOST_STEPS:
        return None
    at, step = recent[-1]
    step_s = (at - recent[0][0]) / (step - recent[0][1])
    left = max(0.0, total - step)
    low, high = paces[len(paces) // 4], paces[-1 - len(paces) // 4]
    if not left * max(high, step_s) < MOST_S:  # NaN too: a clock or a count that means nothing
        return None
    return Pace(
        step=step,
        total=total,
        step_s=step_s,
        at=at,
        eta_s=left * step_s,
        eta_low_s=left * min(low, step_s),
        eta_high_s=left * max(high, step_s),
    )


def _latest_climb(marks: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    climb: list[tuple[float, float]] = []
    for at, step in marks:
        if not (math.isfinite(at) and math.isfinite(step)):
            continue
        if climb and step < climb[-1][1]:
            climb = []
        if not climb or (step > climb[-1][1] and at > climb[-1][0]):
            climb.append((at, step))
    return climb


def will_miss_its_limit(found: Pace, *, started_at: float, limit_s: float, ends: bool = True) -> Flag | None:
    """Flag a run that even at its fastest of late will not be done within its limit; its first tenth says nothing.

    :param started_at: when the run started, on the clock of the marks.
    :param limit_s: seconds it may take in all.
    :param ends: whether it is ended at its limit; a full run is warned about only.
    """
    spent_s = found.at - started_at
    if found.done_share >= 1 or (spent_s < 0.1 * limit_s and found.done_share < 0.1):
        return None
    if spent_s + found.eta_low_s <= limit_s:
        return None
    whole_s = spent_s + found.eta_s
    return _flag(
        "will_miss_its_limit",
        found.step,
        whole_s,
        limit_s,
        f"at {found.step_s:.3g} s per step it will take {whole_s / 3600:.2f} h of {limit_s / 3600:.2f} h",
        "Ask for a longer limit now, or make it lighter: fewer steps, less data, more cores."
        if ends
        else "Nothing ends it. Ask the director: continue, investigate, or terminate and make it lighter.",
    )


def too_fast(*, elapsed_s: float, steps: float, expected_step_s: float, least_share: float = 0.1) -> Flag | None:
    """Flag steps that took less than a tenth of what they took before.

    :param elapsed_s: seconds that the steps took.
    :param expected_step_s: seconds per step of the quick run, divided by its share of the data; or what the design
        expects.
    :param least_share: share of that below which the work cannot be the same. A faster machine or a warm cache gives
        2 to 5 times, not 10.
    """
    if steps <= 0 or elapsed_s >= least_share * expected_step_s * steps:
        return None
    step_s = elapsed_s / steps
    return _flag(
        "too_fast",
        None,
        step_s,
        least_share * expected_step_s,
        f"{step_s:.3g} s per step where {expected_step_s:.3g} s were expected",
        "Check that it trains on all of the data and that every step computes something.",
    )


def _flag(name: str, epoch: float | None, value: float, threshold: float, text: str, advice: str) -> Flag:
    resource = name == "will_miss_its_limit"
    return Flag(
        flag=name,
        epoch=epoch,
        value=value,
        threshold=threshold,
        advice=advice,
        level=Level.FLAG,
        message=f"{name}: {text}.",
        kind="pace",
        type=ErrorType.RESOURCE if resource else ErrorType.IMPLEMENTATION,
    )
