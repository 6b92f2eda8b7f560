"""The straight line on which many of some points stand to their last digit, and the points that are off it. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

_LEAST_SHARE = 0.25
_LEAST_ON = 8
"""So many points on one line to the last digit are no chance: two of them fix it."""
_STEPS = (1, 2, 3, 5, 8, 13)
_FINE = 25.0
"""So many times what rounding hides must two points lie apart to fix a line."""


class Straight(NamedTuple):
    """A line, and the numbers of the points off it."""

    slope: float
    level: float
    off: tuple[int, ...]

    def at(self, value: float) -> float:
        """Return the line's value."""
        return self.level + self.slope * value


def straight(theirs: Sequence[float], ours: Sequence[float], slack: float) -> Straight | None:
    """Return the line by which many of `ours` follow from `theirs`; None where there is none, or they hardly vary."""
    best = best_line(theirs, ours, slack)
    enough = best is not None and len(ours) - len(best.off) >= max(_LEAST_ON, _LEAST_SHARE * len(ours))
    return best if enough else None


def best_line(theirs: Sequence[float], ours: Sequence[float], slack: float) -> Straight | None:
    """Return the line through two of the points on which most of the others are; None where no two fix one."""
    if len(theirs) != len(ours) or not all(map(math.isfinite, (*theirs, *ours))):
        return None
    found = (
        _through(theirs, ours, begin, (begin + step) % len(ours), slack)
        for begin in range(len(ours))
        for step in _STEPS
    )
    return min((one for one in found if one is not None), key=lambda one: len(one.off), default=None)


def _through(theirs: Sequence[float], ours: Sequence[float], one: int, other: int, slack: float) -> Straight | None:
    run, rise = theirs[other] - theirs[one], ours[other] - ours[one]
    if not run or abs(rise) < _FINE * slack:
        return None
    slope = rise / run
    level = ours[one] - slope * theirs[one]
    # Both points are known to `slack` only, which counts for more the further a third one lies from them.
    off = tuple(
        at
        for at, (a, b) in enumerate(zip(theirs, ours, strict=True))
        if abs(b - level - slope * a) > slack * (2 + 2 * abs((a - theirs[one]) / run))
    )
    return Straight(slope, level, off)
