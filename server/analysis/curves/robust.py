"""Small statistics that one bad value cannot move, and curves of bounded length. Plain lists, no imports of weight."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Curve:
    """The finite values of one column, averaged in blocks where there are many."""

    rows: list[int]
    """Row of the history at which each value (or its block) begins."""
    values: list[float]

    @property
    def start(self) -> float:
        """The first level: the median of the first three values."""
        return median(self.values[:3])

    @property
    def anchored(self) -> bool:
        """Whether zero is this loss's floor, so that shares of its level mean something (not for an ELBO)."""
        return min(self.values) > 0

    def before(self, row: int) -> Curve:
        """Return the part before that row of the history."""
        count = sum(at < row for at in self.rows)
        return Curve(self.rows[:count], self.values[:count])

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.values)


@dataclass(frozen=True, slots=True)
class Seen:
    """Something found on a curve: the row it began at, the number, and what it was compared with."""

    row: int
    value: float
    threshold: float


def curve(column: Sequence[float | None], points_max: int) -> Curve:
    """Return the finite values of a column as at most `points_max` points, each the mean of a block of equal size."""
    rows = [row for row, value in enumerate(column) if value is not None and math.isfinite(value)]
    values = [value for value in column if value is not None and math.isfinite(value)]
    if len(values) <= points_max:
        return Curve(rows, values)
    size = math.ceil(len(values) / points_max)
    starts = range(0, len(values) - size + 1, size)
    return Curve([rows[at] for at in starts], [mean(values[at : at + size]) for at in starts])


def mean(values: Sequence[float]) -> float:
    """Return the mean; values so large that their sum overflows are divided first."""
    total = sum(values)
    return total / len(values) if math.isfinite(total) else sum(value / len(values) for value in values)


def median(values: Sequence[float]) -> float:
    """Return the middle value; of an even number the lower of the two, which keeps it a value that occurred."""
    return sorted(values)[(len(values) - 1) // 2]


def noise_sigma(values: Sequence[float]) -> float:
    """Return the standard deviation of the noise around a smooth curve, from its second differences.

    1.4826 makes a median of absolute values a standard deviation; the second difference of white noise has sqrt(6)
    times its standard deviation.
    """
    if len(values) < 4:
        return 0.0
    bends = [abs(a - 2 * b + c) for a, b, c in zip(values, values[1:], values[2:], strict=False)]
    return 1.4826 * median(bends) / math.sqrt(6)


def smoothed(values: Sequence[float], weight: float = 0.3) -> list[float]:
    """Return the exponential moving average with this weight of the newest value."""
    average: list[float] = []
    for value in values:
        average.append(value if not average else average[-1] + weight * (value - average[-1]))
    return average


def neighbour_correlation(values: Sequence[float]) -> float:
    """Return the correlation of neighbouring steps: -0.5 for white noise, -1 for a two-step cycle, 0 for a walk."""
    steps = [b - a for a, b in itertools.pairwise(values)]
    power = sum(step * step for step in steps)
    return sum(a * b for a, b in itertools.pairwise(steps)) / power if power else 0.0


def turning_points(values: Sequence[float], swing: float, floor: float, *, relative: bool) -> list[int]:
    """Return where the curve turned, counting only turns after which it moved by `swing` of the scale.

    The scale of a turn is the larger of `floor` and, where `relative`, the level at the turn. The first point and
    the last extreme are included, so that neighbours in the answer are the ends of one fall or one rise.
    """
    if not values:
        return []
    turns, extreme, direction = [0], 0, 0
    for at, value in enumerate(values):
        need = swing * max(floor, abs(values[extreme]) if relative else 0.0)
        moved = value - values[extreme]
        if direction == 0:
            if abs(moved) >= need > 0:
                direction, extreme = (1 if moved > 0 else -1), at
        elif moved * direction > 0:
            extreme = at
        elif abs(moved) >= need:
            turns.append(extreme)
            direction, extreme = -direction, at
    return [*turns, extreme] if extreme != turns[-1] else turns
