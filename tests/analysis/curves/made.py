"""Histories for the tests, of any length and scale."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from watchkeeper.server.analysis.curves.flags import Flag
from watchkeeper.server.analysis.curves.series import History

LENGTHS = [8, 30, 60, 300, 12_000]


def falling(rows: int, start: float, end: float, noise: float, seed: int, speed: float = 6) -> list[float]:
    """A curve that learns: from `start` towards `end`, with noise of that standard deviation."""
    source = random.Random(seed)
    return [end + (start - end) * math.exp(-speed * row / rows) + source.gauss(0, noise) for row in range(rows)]


def history(
    train: Sequence[float | None],
    val: Sequence[float | None] = (),
    grad: Sequence[float | None] = (),
    layer: Sequence[float | None] = (),
) -> History:
    return History(
        epochs=[float(row) for row in range(len(train))],
        train_loss=list(train),
        val_loss=list(val),
        grad_norm=list(grad),
        grad_layer_mean=list(layer),
    )


def names(found: list[Flag]) -> list[str]:
    return [flag.flag for flag in found]
