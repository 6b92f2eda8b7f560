"""How far apart two groups of values are, and how far apart chance alone would put them. Pure; it repeats itself.

Between seeds: Welch's interval for the difference of two means. Two or three seeds are what people run, and resampling
so few values promises far too much: of equal settings with two seeds each it told 31 of 100 apart (decision 0045).

Along a curve: the medians of the last values, their spread by bootstrap. Neighbouring epochs are alike, so that many
values count as fewer: as so many as are independent in a series whose neighbours correlate as these do (AR(1)).
"""

from __future__ import annotations

import itertools
import math
import random
import statistics
from collections.abc import Sequence
from typing import NamedTuple

LEAST_VALUES = 5
"""Of fewer values of a curve nothing is told."""
_LEAST_INDEPENDENT = 3
_DRAWS = 200
_T_975 = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
)
"""Student's t for 1, 2, … degrees of freedom: 2.5 % lie above it. More than twenty are taken for twenty."""


class Gap(NamedTuple):
    """By how much the first group lies above the second, and the 95 % interval of that."""

    gap: float
    low: float
    high: float


def of_seeds(one: Sequence[float], other: Sequence[float]) -> Gap:
    """Return how far two groups of levels are apart, one level a seed, each group of two at least."""
    squares = [statistics.variance(each) / len(each) for each in (one, other)]
    return _interval(statistics.fmean(one) - statistics.fmean(other), squares, [len(one), len(other)])


def of_curves(one: Sequence[float], other: Sequence[float]) -> Gap | None:
    """Return how far the ends of two curves are apart; None where they hold too few independent values to tell."""
    if min(len(one), len(other)) < LEAST_VALUES:
        return None
    if min(one) == max(one) or min(other) == max(other):
        return None  # what stands still is one value, however often it was told
    alike = _correlation(one, other)
    counts = [len(each) * (1 - alike) / (1 + alike) for each in (one, other)]
    if min(counts) < _LEAST_INDEPENDENT:
        return None
    chance = random.Random(0)  # noqa: S311 (asked twice, it answers the same)
    squares = [_of_median(each, chance) * len(each) / count for each, count in zip((one, other), counts, strict=True)]
    return _interval(statistics.median(one) - statistics.median(other), squares, counts)


def _interval(gap: float, squares: Sequence[float], counts: Sequence[float]) -> Gap:
    """Return the interval around a gap (Welch and Satterthwaite). :param squares: squared standard errors."""
    whole = sum(squares)
    shares = [square / whole if whole else 0.5 for square in squares]
    freedom = 1 / sum(share**2 / (count - 1) for share, count in zip(shares, counts, strict=True))
    away = _t(freedom) * math.sqrt(whole)
    return Gap(gap, gap - away, gap + away)


def _t(freedom: float) -> float:
    """Return Student's t between two of the table, its logarithm in proportion to 1/freedom: at most 3 % too wide."""
    within = min(max(freedom, 1.0), float(len(_T_975)))
    below = min(int(within), len(_T_975) - 1)
    share = (1 / below - 1 / within) / (1 / below - 1 / (below + 1))
    return _T_975[below - 1] ** (1 - share) * _T_975[below] ** share


def _of_median(values: Sequence[float], chance: random.Random) -> float:
    """Return the squared standard error of a median, by bootstrap."""
    medians = [statistics.median(chance.choices(values, k=len(values))) for _ in range(_DRAWS)]
    return statistics.pvariance(medians) * len(values) / (len(values) - 1)


def _correlation(*curves: Sequence[float]) -> float:
    """Return how much neighbours correlate, without what short series hide of it (Kendall 1954); 0 to 0.95."""
    products = squares = 0.0
    for values in curves:
        middle = statistics.fmean(values)
        away = [value - middle for value in values]
        products += sum(a * b for a, b in itertools.pairwise(away))
        squares += sum(a * a for a in away)
    told = products / squares if squares else 0.0
    return min(0.95, max(0.0, told + (1 + 3 * told) / min(map(len, curves))))
