"""The straight line on which most of some points stand to their last digit, and the points that are off it. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

_MOSTLY = 0.5
_LEAST_ON = 12
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
    """Return the line by which most of `ours` follow from `theirs`; None where there is none, or they hardly vary."""
    if len(theirs) != len(ours) or not all(map(math.isfinite, (*theirs, *ours))):
        return None
    best: Straight | None = None
    for begin in range(len(ours)):
        for step in _STEPS:
            end = (begin + step) % len(ours)
            found = _through(theirs, ours, begin, end, slack)
            if found is not None and (best is None or len(found.off) < len(best.off)):
                best = found
    enough = best is not None and len(ours) - len(best.off) >= max(_LEAST_ON, _MOSTLY * len(ours))
    return best if enough else None


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
