"""Columns that follow from a prediction without a free parameter: monotone, scaled back, errors, figures of all. Pure.

A transformation with as many free parameters as there are values explains anything. Here it has none, or two that the
ends of the column fix; the 32 values that are told of a prediction then all have to fit.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from ..artefacts.facts import ColumnFacts
from ..witness import Fingerprint, Prediction
from .blended import in_another_order

OUTCOME = re.compile(r"(?:y_?)?(?:actuals?|observed|truth|true|outcomes?|targets?|test)|y", re.IGNORECASE)
"""What a column of outcomes is called: that it goes with a good prediction is no wonder."""
_LEAST_ROWS = 20
_SURE = math.log(1e5)
"""So many orders, in logarithms, must there be in which the values could stand: one of them is no chance."""
_SIGMAS = 6.0
_FINE = 50.0
"""So many times what rounding hides must a column's spread be: else its mean says nothing."""
_RELATIVE = 1e-6
_LARGEST = 300.0
_LEAST_ON_A_LINE = 5
_MOST_KINDS = 6
_EDITED = 0.9
"""From this share of equal places on, classes stand in the order of the rows, and those that differ were changed."""
_SURELY = 3.0
"""By so many deviations must equal places be more than by chance, to say the same of fewer."""


def follows(ours: Sequence[float], theirs: Sequence[float]) -> bool:
    """Whether a column rises, or falls, wherever a prediction does: scaled back, clipped, ranked, cut at a threshold.

    Equal predictions must give equal values; rounding keeps the order. A few rows that were changed break it.
    """
    if len(ours) != len(theirs) or len(ours) < _LEAST_ROWS or not all(map(math.isfinite, (*ours, *theirs))):
        return False
    if min(_orders(ours), _orders(theirs)) < _SURE:
        return False
    slack = _RELATIVE * max(map(abs, ours))
    return any(_rises(sorted(zip(theirs, (sign * one for one in ours), strict=True)), slack) for sign in (1, -1))


def _orders(values: Sequence[float]) -> float:
    """Return the logarithm of how many different orders these values have."""
    counted = Counter(values).values()
    return math.lgamma(len(values) + 1) - math.fsum(math.lgamma(one + 1) for one in counted)


def _rises(pairs: Sequence[tuple[float, float]], slack: float) -> bool:
    highest = before = -math.inf
    for theirs, ours in pairs:
        if ours < highest - slack or (theirs == before and abs(ours - highest) > slack):
            return False
        highest, before = max(highest, ours), theirs
    return True


def has_figures(column: ColumnFacts, one: Fingerprint, size: int, grain: float) -> bool:
    """Whether a column has mean, deviation, least and most of a prediction, as far as rounding shows: in any order."""
    figures = (column.mean, column.sd, column.minimum, column.maximum, one.mean, one.sd, one.least, one.most)
    known = [each for each in figures if each is not None]
    if len(known) < len(figures) or column.numbers != size or size < _LEAST_ROWS:
        return False
    mean, sd, low, high, their_mean, their_sd, least, most = known
    hidden = _SIGMAS * grain / math.sqrt(3 * size) + _RELATIVE * max(abs(their_mean), their_sd)
    ends = grain + _RELATIVE * max(abs(least), abs(most))
    if their_sd < _FINE * hidden or abs(mean - their_mean) > hidden or max(abs(low - least), abs(high - most)) > ends:
        return False
    return abs(sd * sd - their_sd * their_sd) <= 2 * their_sd * hidden + grain * grain


def joined(pieces: Sequence[Fingerprint]) -> Fingerprint:
    """Return the figures of several predictions as if they were one: of folds, of chunks, of a rolling origin."""
    known = [one for one in pieces if None not in (one.mean, one.sd, one.least, one.most)]
    size = sum(one.size for one in known)
    if len(known) < len(pieces) or not size:
        return Fingerprint()
    mean = math.fsum(one.size * (one.mean or 0.0) for one in known) / size
    square = math.fsum(one.size * ((one.sd or 0.0) ** 2 + ((one.mean or 0.0) - mean) ** 2) for one in known) / size
    low, high = min(one.least or 0.0 for one in known), max(one.most or 0.0 for one in known)
    return Fingerprint(shape=(size,), mean=mean, sd=math.sqrt(square), least=low, most=high)


def back_in_another_order(column: ColumnFacts, prediction: Prediction, grain: float) -> bool:
    """Whether a column holds what was predicted scaled back, in any order: out of logarithms, odds or a scaler."""
    told = [one for one in prediction.values.at if math.isfinite(one)]
    ways = (*BACK, *_by_ends(column, prediction.values))
    return any(in_another_order(column.values, [*_each(way, told)], grain) for way in ways)


def melted(column: ColumnFacts, prediction: Prediction, grain: float) -> bool:
    """Whether a column holds several outputs one below the other, each scaled back by itself.

    The outputs of one row stand together, or those of all rows; two told values of each output fix how it was scaled.
    """
    shape, values = prediction.values.shape, column.values
    if len(shape) != 2 or shape[1] < 2 or len(values) != prediction.values.size:
        return False
    pairs: tuple[list[list[tuple[float, float]]], ...] = ([[] for _ in range(shape[1])], [[] for _ in range(shape[1])])
    for place, told in zip(prediction.values.places, prediction.values.at, strict=False):
        row, output = divmod(place, shape[1])
        pairs[0][output].append((told, values[output * shape[0] + row]))
        pairs[1][output].append((told, values[place]))
    return any(all(_on_a_line(sorted(each), grain) for each in order) for order in pairs)


def _on_a_line(pairs: Sequence[tuple[float, float]], grain: float) -> bool:
    """Whether pairs lie on a line through the first and the last of them, as far as rounding lets see."""
    if len(pairs) < _LEAST_ON_A_LINE or pairs[0][0] == pairs[-1][0] or not math.isfinite(math.fsum(map(sum, pairs))):
        return False
    (low, begin), (high, end) = pairs[0], pairs[-1]
    slope = (end - begin) / (high - low)
    near = 2 * grain + _RELATIVE * abs(end - begin)
    distinct = abs(end - begin) > _FINE * grain
    return distinct and all(abs(begin + slope * (one - low) - other) <= near for one, other in pairs)


Way = Callable[[float], float]
BACK: tuple[Way, ...] = (
    math.exp,
    math.expm1,
    lambda one: one * one,
    lambda one: 10.0**one,
    lambda one: 1 / (1 + math.exp(-one)),
    lambda one: -one,
    lambda one: 1 - one,
)
"""How a prediction in logarithms, roots or odds is put back into the unit of its outcomes."""


def _each(way: Way, told: Iterable[float]) -> Iterator[float]:
    yield from (way(one) for one in told if abs(one) < _LARGEST)


def _by_ends(column: ColumnFacts, one: Fingerprint) -> Iterator[Way]:
    """Yield the straight lines by which least and most of a prediction become those of a column."""
    low, high, least, most = column.minimum, column.maximum, one.least, one.most
    if low is None or high is None or least is None or most is None or not (low < high and least < most):
        return
    slope = (high - low) / (most - least)
    yield lambda value: low + slope * (value - least)
    yield lambda value: high - slope * (value - least)


def is_error(ours: Sequence[float], others: Iterable[Sequence[float]], theirs: Sequence[float], grain: float) -> bool:
    """Whether a column is by how much a prediction misses another column: with its sign, without, or squared."""
    if len(ours) != len(theirs) or len(set(theirs)) < _LEAST_ROWS:
        return False
    return any(
        all(abs(mine - way(truth - one)) <= grain + _RELATIVE * abs(mine) + _slack(way, truth, one)
            for mine, truth, one in zip(ours, other, theirs, strict=True))
        for other in others
        if len(other) == len(ours)
        for way in _ERRORS
    )  # fmt: skip


_ERRORS: tuple[Way, ...] = (lambda one: one, lambda one: -one, abs, lambda one: one * one)


def _slack(way: Way, truth: float, one: float) -> float:
    """Return what float32 leaves open where two numbers are near to each other."""
    return _RELATIVE * (abs(truth) + abs(one)) * (1.0 if way(2.0) != 4.0 else 2 * abs(truth - one))


def same_classes(
    column: ColumnFacts, counts: Sequence[int], ours: Sequence[float | str], theirs: Sequence[float]
) -> bool:
    """Whether a column has as many rows of each class as were predicted, under whichever names and in another order.

    :param ours: its values at the places that are told of the prediction. Where nearly all of them go with it, it is in
        the order of the rows, and the others were changed.
    """
    if column.counts != tuple(sorted(counts)) or not 2 < len(counts) <= 32:
        return False
    return not _edited(ours, theirs)


def _edited(ours: Sequence[float | str], theirs: Sequence[float]) -> bool:
    if len(ours) != len(theirs) or not ours:
        return False
    pairs = Counter(zip(ours, theirs, strict=True))
    most: dict[float, int] = {}
    for (_, label), count in pairs.items():
        most[label] = max(most.get(label, 0), count)
    size, kept = len(ours), sum(most.values())
    alike = sum(mine == label for mine, label in zip(ours, theirs, strict=True))
    share = sum(count * [*theirs].count(float(mine)) for mine, count in Counter(ours).items() if _is_number(mine))
    by_chance = share / size**2
    in_place = by_chance + _SURELY * math.sqrt(by_chance * (1 - by_chance) / size)
    return _EDITED * size <= kept < size or in_place * size < alike < size


def _is_number(value: float | str) -> bool:
    return isinstance(value, float | int)
