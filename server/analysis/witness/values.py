"""Values out of JSON objects that somebody else wrote: the right kind or nothing. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeGuard, cast

Object = Mapping[str, object]
_LARGEST = 1 << 1023
"""A whole number beyond has no float."""
_LARGEST_COUNT = 1 << 100
"""Nothing that is counted, or names an object, is more: with these a verdict computes."""


def number(record: Object | None, key: str) -> float | None:
    """Return a finite number, None when it is absent or something else."""
    value = (record or {}).get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def whole(record: Object | None, key: str) -> int | None:
    """Return a whole number, None when it is absent or something else."""
    value = (record or {}).get(key)
    return value if _is_count(value) else None


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST_COUNT


def text(record: Object | None, key: str) -> str:
    """Return a text, empty when it is absent or something else. It is the run's: untrusted."""
    value = (record or {}).get(key)
    return value if isinstance(value, str) else ""


def part(record: Object | None, key: str) -> dict[str, object] | None:
    """Return an object inside the object, None when it is absent or something else."""
    value = (record or {}).get(key)
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def parts(record: Object | None, key: str) -> tuple[dict[str, object], ...]:
    """Return the objects of a list; what is none is left out."""
    value = (record or {}).get(key)
    listed = cast("list[object]", value) if isinstance(value, list) else []
    return tuple(cast("dict[str, object]", each) for each in listed if isinstance(each, dict))


def texts(record: Object | None, key: str) -> tuple[str, ...]:
    """Return the texts of a list; what is none is left out."""
    value = (record or {}).get(key)
    listed = cast("list[object]", value) if isinstance(value, list) else []
    return tuple(each for each in listed if isinstance(each, str))


def wholes(record: Object | None, key: str) -> tuple[int, ...]:
    """Return the whole numbers of a list; what is none is left out."""
    value = (record or {}).get(key)
    listed = cast("list[object]", value) if isinstance(value, list) else []
    return tuple(each for each in listed if _is_count(each))


def numbers(record: Object | None, key: str) -> tuple[float, ...]:
    """Return the numbers of a list; what is none, or has no float, is left out."""
    value = (record or {}).get(key)
    listed = cast("list[object]", value) if isinstance(value, list) else []
    real = (each for each in listed if isinstance(each, int | float) and not isinstance(each, bool))
    return tuple(float(each) for each in real if isinstance(each, float) or abs(each) <= _LARGEST)
