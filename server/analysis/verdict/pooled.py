"""What many predictions amount to where they are averaged: bootstraps, folds and members of an ensemble. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..witness import Prediction


def averages(predictions: Sequence[Prediction]) -> Iterator[tuple[Prediction, int]]:
    """Yield for each class, place and size that predicted more than once the mean of its predictions, and of how many.

    Only the values that are told of each (`at`) are averaged: at the same places of arrays of one size.
    """
    groups: dict[tuple[str, str, int], list[Prediction]] = {}
    for one in predictions:
        groups.setdefault((one.name, one.line.where, one.values.size), []).append(one)
    for group in groups.values():
        told = [one.values.at for one in group if len(one.values.at) == len(group[0].values.at)]
        if len(told) > 1:
            means = tuple(math.fsum(values) / len(told) for values in zip(*told, strict=True))
            yield replace(group[-1], values=replace(group[-1].values, at=means)), len(told)
