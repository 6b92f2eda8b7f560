"""Is a column a weighted sum of another one's earlier rows, to its last digit? Least squares, without NumPy. Pure."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

from .blended import solved

_LEAST_ROWS = 20
_FINE = 25.0
"""So many times what rounding hides must a column's spread be for a fit to show anything."""
_SINGLE = (*range(61), 90, 96, 144, 168, 288, 336, 364, 365)
_WINDOWS = range(2, 31)
_SETS = ((0, 1), (1, 2), (1, 2, 3), (0, 1, 2), (1, 7), (1, 12), (1, 24), (24, 168), (1, 2, 3, 4, 5))
_LEAST_WEIGHT = 1e-3
_FIRST = 300
"""Of so many rows a sum that is none shows already; the others are looked at where it may be one."""


def sum_of_rows(values: Sequence[float], source: Sequence[float], slack: float) -> tuple[tuple[int, float], ...]:
    """Return how many rows before and with which weight, where a column is such a sum in every row; empty else.

    :param slack: by how much rounding may let a value miss it.
    """
    for lags in _tried(len(values)):
        begin = max(lags)
        columns = [source[begin - by : len(source) - by] for by in lags]
        if (found := _weights(columns, values[begin:], slack)) is not None:
            return tuple((by, one) for by, one in zip(lags, found, strict=True) if abs(one) > _LEAST_WEIGHT)
    sums = [0.0, *itertools.accumulate(source)]
    for window in (one for one in _WINDOWS if len(values) - one >= _LEAST_ROWS):
        means = [(sums[row] - sums[row - window]) / window for row in range(window, len(source))]
        if _weights([means], values[window:], slack) is not None:
            return tuple((by, 1 / window) for by in range(1, window + 1))
    return ()


def _weights(columns: Sequence[Sequence[float]], ours: Sequence[float], slack: float) -> list[float] | None:
    """Return the weights of all rows; None where the first rows show that there are none."""
    if len(ours) < _LEAST_ROWS:
        return None
    if len(ours) > _FIRST and not _may_be_sums([one[:_FIRST] for one in columns], ours[:_FIRST], slack):
        return None
    return weights_of(columns, ours, slack)


def _may_be_sums(columns: Sequence[Sequence[float]], ours: Sequence[float], slack: float) -> bool:
    """Whether weights give the first rows; where these hardly vary nobody can say."""
    return max(ours) - min(ours) < 3 * _FIRST * slack or weights_of(columns, ours, slack) is not None


def _tried(rows: int) -> Iterator[tuple[int, ...]]:
    yield from ((by,) for by in _SINGLE if by + _LEAST_ROWS <= rows)
    yield from (lags for lags in _SETS if max(lags) + _LEAST_ROWS <= rows)


def weights_of(columns: Sequence[Sequence[float]], target: Sequence[float], slack: float) -> list[float] | None:
    """Return the weights by which columns and a constant give a target within rounding; None where none do."""
    every = [*target, *(value for one in columns for value in one)]
    if not all(map(math.isfinite, every)):
        return None
    *parts, ours = map(_centred, (*columns, target))
    if math.sqrt(_product(ours, ours) / len(ours)) < _FINE * slack:
        return None
    table = [[_product(a, b) for b in parts] for a in parts]
    weights = solved(table, [_product(one, ours) for one in parts])
    allowed = slack * (1 + sum(map(abs, weights)))
    for row, value in enumerate(ours):
        if abs(value - sum(w * one[row] for w, one in zip(weights, parts, strict=True))) > allowed:
            return None
    return weights if any(weights) else None


def _product(some: Sequence[float], others: Sequence[float]) -> float:
    return math.fsum(a * b for a, b in zip(some, others, strict=True))


def _centred(values: Sequence[float]) -> list[float]:
    mean = math.fsum(values) / len(values)
    return [one - mean for one in values]
