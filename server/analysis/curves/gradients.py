"""Gradients that die or blow up: vanishing_gradient, exploding_gradient. Pure functions over columns."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from .robust import Curve, Seen, median
from .series import Column
from .thresholds import Thresholds


def vanishing(layer: Column, norm: Column, train: Curve, limits: Thresholds) -> Seen | None:
    """Find an early layer whose gradient is gone, absolutely or against the whole gradient, in a run that stands still.

    A converged run has small gradients everywhere, and an embedding has small means; so the loss must have kept most
    of its first level and must no longer fall.
    """
    if not layer or not _stands_still(train, limits):
        return None
    rows = [row for row, value in enumerate(layer) if value is not None and math.isfinite(value)]
    found = [_gone(layer, norm, row, limits) for row in rows]
    first = _first_run([each is not None for each in found], limits.vanishing_evaluations)
    return None if first is None else found[first]


def _gone(layer: Column, norm: Column, row: int, limits: Thresholds) -> Seen | None:
    value, whole = layer[row] or 0.0, norm[row] if norm else None
    if value < limits.vanishing_mean:
        return Seen(row, value, limits.vanishing_mean)
    if whole is not None and math.isfinite(whole) and value < limits.vanishing_ratio * whole:
        return Seen(row, value / whole, limits.vanishing_ratio)
    return None


def _stands_still(train: Curve, limits: Thresholds) -> bool:
    count = len(train)
    if count < 5:
        return False
    early, late = median(train.values[1 : count // 2 + 1]), median(train.values[count // 2 :])
    still = early - late < limits.improved * abs(early)
    return still and (not train.anchored or late > limits.vanishing_level * min(train.values[0], train.start))


def exploding(norm: Column, limits: Thresholds) -> Seen | None:
    """Find a gradient norm ten times above all before it, or not finite, twice in a row.

    The two evaluations just before are left out of "all before it", so that a steady exponential growth shows too.
    """
    values = _without_overflows([(row, value) for row, value in enumerate(norm) if value is not None], limits)
    highest, high = 0.0, list[bool]()
    for at, (_, value) in enumerate(values):
        if at >= 4 and math.isfinite(values[at - 3][1]):
            highest = max(highest, values[at - 3][1])
        high.append(not math.isfinite(value) or 0.0 < limits.exploding_ratio * highest < value)
    first = _first_run(high, limits.exploding_evaluations)
    if first is None:
        return None
    before = [value for _, value in values[: max(0, first - 2)] if math.isfinite(value)]
    return Seen(values[first][0], values[first][1], limits.exploding_ratio * max(before, default=0.0))


def _without_overflows(values: Sequence[tuple[int, float]], limits: Thresholds) -> list[tuple[int, float]]:
    """Leave out short runs of norms that are not finite and come back, and such a run at the beginning.

    Mixed precision overflows until it has found its scale, at first and after a checkpoint; it skips those updates.
    """
    kept: list[tuple[int, float]] = []
    for finite, group in itertools.groupby(values, key=lambda one: math.isfinite(one[1])):
        run = list(group)
        comes_back = run[-1] != values[-1]
        if finite or not comes_back or (kept and len(run) > limits.overflows_in_a_row):
            kept += run
    return kept


def _first_run(hits: Sequence[bool], length: int) -> int | None:
    """Return where the first run of `length` hits begins."""
    run = 0
    for at, hit in enumerate(hits):
        run = run + 1 if hit else 0
        if run == length:
            return at - length + 1
    return None
