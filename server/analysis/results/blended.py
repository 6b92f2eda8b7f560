"""Columns that are made from predictions in the usual ways: weighted sums, other orders, other scales, classes. Pure.

Only the values that the witness told of a prediction are at hand (`at`, 32 of them), so all of this is of those places.
"""

from __future__ import annotations

import math
import struct
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from ..witness import Prediction

_MOST_PARTS = 6
_LEAST_ROWS = 20
_LEAST_TOLD = 12
_LEAST_CELLS = 5
_SURE = 0.5
_EXPLAINED = 0.9999
"""Share of a column's spread that a weighted sum must explain; by chance six explain a fifth of 32 values."""
_LEAST_WEIGHT = 0.005
"""Share of the column's spread that a prediction must bring in to count as a part of it."""
_CROWDED = 0.2
"""Of a column's values so many lie so near to each other that any number would be found among them."""

_NEEDLESS = -1
_MOST_EARLIER = 24
_LARGEST = 500.0
"""`exp` of more is no number."""

Told = Sequence[tuple[int, float]]
"""Row and value, as far as they are told."""


def by_class(prediction: Prediction) -> Iterator[Told]:
    """Yield what is told of each class of a prediction of probabilities, as (row, value)."""
    shape, told = prediction.values.shape, prediction.values
    if len(shape) == 2 and shape[1] > 1:
        pairs = [*zip(told.places, told.at, strict=False)]
        for label in range(shape[1]):
            yield [(place // shape[1], value) for place, value in pairs if place % shape[1] == label]


def is_class_of(values: Sequence[float], told: Told, grain: float) -> bool:
    """Whether a column is one class of a prediction of probabilities, row by row or in another order."""
    every = [(values[row], value) for row, value in told]
    if len(every) >= _LEAST_CELLS and all(abs(one - value) <= grain + 1e-6 * abs(value) for one, value in every):
        return True
    return in_another_order(values, [value for _, value in told], grain, least=_LEAST_TOLD)


def are_labels(labels: Sequence[float], prediction: Prediction) -> bool:
    """Whether a column's classes (0, 1, …) are the most probable ones, as far as the told probabilities say."""
    every = [*by_class(prediction)]
    if not every or any(one not in range(len(every)) for one in set(labels)):
        return False
    sure = [(labels[row] == label, value) for label, told in enumerate(every) for row, value in told if value != _SURE]
    asked = [chosen == (value > _SURE) for chosen, value in sure if value > _SURE or value < 1 / len(every)]
    return len(asked) >= _LEAST_TOLD and all(asked)


def are_renamed(values: Sequence[float | str], predicted: Sequence[float]) -> bool:
    """Whether a column's classes are the predicted ones under other names: numbers in another order, words.

    :param values: those at the places that are told of the prediction.
    """
    pairs = set(zip(values, predicted, strict=False))
    kinds = len(set(predicted))
    one_to_one = len(pairs) == kinds == len(set(values))
    return one_to_one and len(values) == len(predicted) >= _LEAST_ROWS and 1 < kinds <= len(predicted) - _LEAST_TOLD


def are_the_same(values: Sequence[float], prediction: Prediction) -> bool:
    """Whether a column has just the numbers that were predicted, in whichever order (`bag`); of one number nothing."""
    if len(values) != prediction.values.size or prediction.values.sampled:
        return False
    return bag_of((*values,)) == prediction.values.bag and len(set(values)) > 1


@lru_cache(maxsize=64)
def bag_of(values: tuple[float, ...]) -> str:
    """Return the sum of the bits of these numbers, as the recorder writes it."""
    bits = struct.unpack(f"<{len(values)}Q", struct.pack(f"<{len(values)}d", *values))
    return f"{sum(bits) & (2**64 - 1):016x}"


def in_another_order(values: Sequence[float], told: Sequence[float], grain: float, *, least: int = _LEAST_ROWS) -> bool:
    """Whether all told values stand somewhere in a column; never where its values lie so close that any would."""
    known, near = ordered((*values,), grain)
    asked = {one for one in told if math.isfinite(one)}
    if len(asked) < least or not known or near > _CROWDED * len(known):
        return False
    return all(_stands(one, known, grain + 1e-6 * abs(one)) for one in asked)


@lru_cache(maxsize=64)  # a column is held against hundreds of predictions
def ordered(values: tuple[float, ...], grain: float) -> tuple[tuple[float, ...], int]:
    """Return a column in order, and how many of its values stand by another one."""
    known = (*sorted(values),)
    return known, sum(b - a <= 2 * grain for a, b in pairwise(known))


def _stands(value: float, known: Sequence[float], grain: float) -> bool:
    at = bisect_left(known, value - grain)
    return at < len(known) and known[at] <= value + grain


def scales(values: Sequence[float]) -> Iterator[list[float]]:
    """Yield a column as it is, and as logarithms where it may have been scaled back from these."""
    yield [*values]
    if min(values, default=0.0) > 0:
        yield [math.log(one) for one in values]
    elif min(values, default=-1.0) > -1:
        yield [math.log1p(one) for one in values]


def from_earlier(values: Sequence[float], columns: Sequence[Sequence[float]], one: Prediction, grain: float) -> bool:
    """Whether a column is an earlier row of a column and the predicted change on top: a difference, a log of a ratio.

    Only earlier rows: what the same row says may be the outcome itself.
    """
    told = [*zip(one.values.places, one.values.at, strict=False)]
    if len(values) != one.values.size or len({value for _, value in told}) < _LEAST_ROWS:
        return False
    every = [[(row, value) for row, value in told if row >= by] for by in range(1, _MOST_EARLIER + 1)]
    return any(
        all(abs(values[row] - change(base[row - by], value)) <= grain + 1e-6 * abs(values[row]) for row, value in later)
        for by, later in enumerate(every, start=1)
        if len(later) >= _LEAST_ROWS
        for base in columns
        if len(base) == len(values)
        for change in (_added, _multiplied)
    )


def _added(before: float, change: float) -> float:
    return before + change


def _multiplied(before: float, change: float) -> float:
    return before * math.exp(min(change, _LARGEST))


def parts_of(values: Sequence[float], predictions: Sequence[Prediction]) -> list[Prediction]:
    """Return the predictions whose weighted sum a column is; empty where it is none of at least two."""
    latest = {(one.name, one.line.where): one for one in predictions if len(one.values.at) == len(values)}
    parts = [*latest.values()][-_MOST_PARTS:]
    if len(parts) < 2 or len(values) < _LEAST_ROWS:
        return []
    for each in scales(values):
        target = _centred(each)
        columns = [_centred(one.values.at) for one in parts]
        weighty = _weights(columns, target)
        used = [one for one, weight in zip(parts, weighty, strict=True) if weight > _LEAST_WEIGHT]
        if len(used) > 1:
            return used
    return []


def _weights(columns: Sequence[Sequence[float]], target: Sequence[float]) -> list[float]:
    """Return what each column contributes to a weighted sum that gives the target; zeros where none does.

    Least squares by the normal equations; a contribution is a share of the target's own spread.
    """
    spread = _sumprod(target, target)
    nothing = [0.0] * len(columns)
    if not spread > 0 or not all(map(math.isfinite, [*target, *(value for one in columns for value in one)])):
        return nothing
    weights = solved([[_sumprod(a, b) for b in columns] for a in columns], [_sumprod(one, target) for one in columns])
    made = [sum(w * one[at] for w, one in zip(weights, columns, strict=True)) for at in range(len(target))]
    left = [value - other for value, other in zip(target, made, strict=True)]
    if 1 - _sumprod(left, left) / spread < _EXPLAINED:
        return nothing
    return [abs(w) * math.sqrt(_sumprod(one, one) / spread) for w, one in zip(weights, columns, strict=True)]


def _centred(values: Sequence[float]) -> list[float]:
    mean = math.fsum(values) / len(values)
    return [one - mean for one in values]


def _sumprod(some: Sequence[float], others: Sequence[float]) -> float:
    return math.fsum(a * b for a, b in zip(some, others, strict=True))


def solved(table: Sequence[Sequence[float]], right: Sequence[float]) -> list[float]:
    """Solve by Gauss' elimination; a column that the others make needless gets the weight 0."""
    rows = [[*row, value] for row, value in zip(table, right, strict=True)]
    scale = max((abs(row[at]) for at, row in enumerate(rows)), default=0.0)
    used: list[int] = []
    for at in range(len(rows)):
        free = [place for place in range(len(rows)) if place not in used]
        best = max(free, key=lambda place: abs(rows[place][at]))
        if abs(rows[best][at]) <= 1e-10 * scale:
            used.append(_NEEDLESS)
            continue
        used.append(best)
        for place, row in enumerate(rows):
            if place != best and row[at]:
                share = row[at] / rows[best][at]
                rows[place] = [a - share * b for a, b in zip(row, rows[best], strict=True)]
    return [0.0 if place == _NEEDLESS else rows[place][-1] / rows[place][at] for at, place in enumerate(used)]
