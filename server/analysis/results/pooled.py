"""What many predictions amount to where they are averaged: bootstraps, folds and members of an ensemble. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import median, pstdev, stdev

from ..witness import Fingerprint, Prediction

_SHARES = (0.025, 0.05, 0.1, 0.16, 0.25, 0.5, 0.75, 0.84, 0.9, 0.95, 0.975)
_LEAST_SPREAD = 3


def averages(predictions: Sequence[Prediction]) -> Iterator[tuple[Prediction, int]]:
    """Yield for each class, place and size that predicted more than once the mean of its predictions, and of how many.

    Only the values that are told of each (`at`) are averaged: at the same places of arrays of one size.
    """
    for group in _groups(predictions):
        means = tuple(math.fsum(values) / len(group) for values in zip(*(one.values.at for one in group), strict=True))
        yield _made(group[-1], means), len(group)


def quantiles(predictions: Sequence[Prediction]) -> Iterator[tuple[Prediction, int]]:
    """Yield the usual quantiles of the same groups, and the deviation: bands around what bootstraps and seeds predict.

    Of all models that predicted these rows, the latest at each place, the median too.
    """
    for group in _groups(predictions):
        if len(group) >= _LEAST_SPREAD:
            ranked = [sorted(values) for values in zip(*(one.values.at for one in group), strict=True)]
            yield from ((_made(group[-1], [_quantile(one, share) for one in ranked]), len(group)) for share in _SHARES)
            yield from ((_made(group[-1], list(map(way, ranked))), len(group)) for way in (stdev, pstdev))
    latest = {(one.name, one.line.where): one for one in predictions}
    models = _alike([*latest.values()])
    if len(models) >= _LEAST_SPREAD:
        middle = [median(values) for values in zip(*(one.values.at for one in models), strict=True)]
        yield _made(models[-1], middle), len(models)


def _groups(predictions: Sequence[Prediction]) -> Iterator[list[Prediction]]:
    groups: dict[tuple[str, str, int], list[Prediction]] = {}
    for one in predictions:
        groups.setdefault((one.name, one.line.where, one.values.size), []).append(one)
    yield from (told for group in groups.values() if len(told := _alike(group)) > 1)


def _alike(group: Sequence[Prediction]) -> list[Prediction]:
    """Return those of which as many values are told as of the first, all of them finite."""
    told = [one for one in group if len(one.values.at) == len(group[0].values.at)]
    return [one for one in told if all(map(math.isfinite, one.values.at))]


def _made(one: Prediction, values: Sequence[float]) -> Prediction:
    """Return a prediction of these values; what was told of all of its own is not told of them."""
    return replace(one, values=Fingerprint(shape=one.values.shape, at=(*values,)), each=(), counts=())


def _quantile(ranked: Sequence[float], share: float) -> float:
    """Return a quantile as NumPy does: in a straight line between the two values beside it."""
    place = share * (len(ranked) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ranked) - 1)
    return ranked[low] + (place - low) * (ranked[high] - ranked[low])
