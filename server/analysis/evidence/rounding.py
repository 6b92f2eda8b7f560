"""By how much a number may differ from what it was rounded from. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from ..artefacts.facts import ColumnFacts

_MOST_DIGITS = 8


def grain_of(values: Sequence[float]) -> float:
    """Return by how much a column may differ from what it was rounded from: half a unit of its last digit."""
    return _grain(tuple(values[:200]))


@lru_cache(maxsize=256)  # a column is held against hundreds of predictions
def _grain(values: tuple[float, ...]) -> float:
    digits = max((_digits(one) for one in values), default=0)
    return 0.501 * 10.0**-digits if digits < _MOST_DIGITS else 1e-9


def _digits(value: float) -> int:
    text = repr(value)
    return _MOST_DIGITS if "e" in text else len(text.partition(".")[2].rstrip("0"))


def rounded(value: float, column: ColumnFacts) -> float:
    """Return by how much a figure of a summary may be off, which may round each of them to digits of its own."""
    return 2 * max(grain_of(column.values), grain_of((value,)))
