"""Losses that are NaN or infinite: non_finite. A NaN that stands there by design is none."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from .robust import Curve, Seen
from .series import Column
from .thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class _Run:
    """Non-finite values in a row."""

    row: int
    length: int
    longest_before: int
    dense_before: bool
    """Whether two finite values ever stood side by side before it: the column is not sparse by design."""
    to_end: bool


def non_finite(train: Column, val: Column, limits: Thresholds) -> Seen | None:
    """Find non-finite losses: two in a row, or one in the last row, in a run much longer than any before it.

    A loss evaluated every fifth epoch is NaN in between: such runs repeat, and only one more than twice as long as
    the longest before counts. A validation loss that is NaN throughout was never evaluated; a training loss that is
    NaN throughout is broken. Blanks are no values and interrupt nothing.
    """
    found = [run for run in _runs(train) if _broken(run, limits) and (run.dense_before or run.to_end)]
    found += [run for run in _runs(val) if _broken(run, limits) and run.dense_before]
    first = min(found, key=lambda run: run.row, default=None)
    return Seen(first.row, first.length, min(first.length, limits.non_finite_run)) if first else None


def zero_beside_non_finite(loss: Column, norm: Column, limits: Thresholds) -> Seen | None:
    """Find a loss of exactly 0 beside a gradient norm that is not finite, several times in a row up to the end.

    Trainers that filter NaN out of the mean that they print show a broken run so.
    """
    first, length = 0, 0
    for row, (value, size) in enumerate(zip(loss, norm, strict=False)):
        if value is None or size is None:
            continue
        broken = value == 0.0 and not math.isfinite(size)
        first, length = (row if broken and not length else first), (length + 1 if broken else 0)
    return Seen(first, length, limits.non_finite_run) if length >= limits.non_finite_run else None


def non_finite_gradient(norm: Column, train: Curve, limits: Thresholds) -> Seen | None:
    """Find a gradient norm that was not finite, after which nothing was learned any more.

    The loss itself can stay finite where the units died of it. Mixed precision skips single updates whose gradient is
    not finite (torch.amp.GradScaler) and learns on.
    """
    row = next((row for row, value in enumerate(norm) if value is not None and not math.isfinite(value)), None)
    if row is None:
        return None
    before = [value for at, value in zip(train.rows, train.values, strict=True) if at <= row]
    after = [value for at, value in zip(train.rows, train.values, strict=True) if at > row]
    if len(after) < limits.non_finite_gradient or not before or not train.anchored:
        return None
    lost = min(after) > 0.5 * min(before) and max(after) - min(after) < 0.01 * min(after)
    return Seen(row, 1, 1) if lost else None


def _broken(run: _Run, limits: Thresholds) -> bool:
    long = run.length >= limits.non_finite_run or (run.to_end and run.longest_before == 0)
    return long and (run.longest_before == 0 or run.length > 2 * run.longest_before + 1)


def _runs(column: Column) -> Iterator[_Run]:
    start, length, longest, finite, dense = 0, 0, 0, 0, False
    for row, value in enumerate(column):
        if value is None:
            continue
        if not math.isfinite(value):
            start, length, finite = (row if length == 0 else start), length + 1, 0
            continue
        if length:
            yield _Run(start, length, longest, dense, to_end=False)
        longest, length, finite = max(longest, length), 0, finite + 1
        dense = dense or finite >= 2
    if length:
        yield _Run(start, length, longest, dense, to_end=True)
