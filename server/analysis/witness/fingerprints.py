"""What the witness says of an array instead of the array itself (docs/witness.md, "A fingerprint of numbers"). Pure."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from .values import number, numbers, part, text, texts, whole, wholes

MOST_VALUES = 32
"""An array up to this size is told whole in `at`."""
_GOLDEN, _WORD = 0x9E3779B97F4A7C15, (1 << 64) - 1
LARGEST = 1e150
"""No square of a larger number is one: nothing can be computed with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """Where the rows of a table lie in its index."""

    least: float = 0.0
    most: float = 0.0
    is_time: bool = False
    runs: int = 1
    """In how many runs of numbers that follow one another."""
    gaps: int = 0
    """How many different distances there are between a row and the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """One array, as it was at that moment."""

    shape: tuple[int, ...] = ()
    dtype: str = ""
    """NumPy's name, or `text`, `table`, `sparse`."""
    sha: str = ""
    """Of the numbers as little-endian float64 in C order; empty where it was left out."""
    bag: str = ""
    """The same for the same numbers in any order."""
    mean: float | None = None
    sd: float | None = None
    least: float | None = None
    most: float | None = None
    nonfinite: int = 0
    at: tuple[float, ...] = ()
    """The values at `places`; those that are not finite are NaN."""
    last: tuple[float, ...] = ()
    """The last values of one row of many, only of what a model observes."""
    repeats: int = 1
    """Each of its values occurs so many times, or a multiple of it; only of what a model observes."""
    distinct_rows: int | None = None
    row_keys: tuple[str, ...] = ()
    """The smallest hashes of its rows: tables that share rows share them."""
    columns: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    index: Index | None = None
    """Of a table of pandas whose index is numbers or times."""
    times: Mapping[str, tuple[float, ...]] = field(default_factory=dict[str, tuple[float, ...]])
    """Least and most of its columns that are called times."""
    sampled: bool = False
    """Whether `sha` and `bag` are of blocks of the array only."""
    skipped: str = ""
    """Why there are no digests: `budget` or `error`."""

    @property
    def size(self) -> int:
        """How many values it has."""
        return math.prod(self.shape)

    @property
    def places(self) -> tuple[int, ...]:
        """The flat places of the values in `at`."""
        return places(self.size)


NOTHING = Fingerprint()
"""Where no array was told."""


def places(size: int) -> tuple[int, ...]:
    """Return the flat places whose values are told of an array of this size."""
    if size <= MOST_VALUES:
        return tuple(range(size))
    return tuple(index * (size - 1) // (MOST_VALUES - 1) for index in range(MOST_VALUES))


def fingerprint(record: Mapping[str, object] | None) -> Fingerprint:
    """Return a fingerprint from its JSON; an empty one for what is none."""
    record = record or {}
    return Fingerprint(
        shape=wholes(record, "shape"),
        dtype=text(record, "dtype"),
        sha=text(record, "sha"),
        bag=text(record, "bag"),
        mean=_figure(record, "mean"),
        sd=_figure(record, "sd"),
        least=_figure(record, "min"),
        most=_figure(record, "max"),
        nonfinite=whole(record, "nonfinite") or 0,
        at=_values(record, "at"),
        last=_values(record, "last"),
        repeats=whole(record, "repeats") or 1,
        distinct_rows=whole(record, "rows"),
        row_keys=texts(record, "row_keys"),
        columns=texts(record, "columns"),
        parts=texts(record, "parts"),
        index=_index(part(record, "index")),
        times={name: numbers(part(record, "times"), name) for name in part(record, "times") or {}},
        sampled=record.get("sampled") is True,
        skipped=text(record, "skipped"),
    )


def value_key(value: float) -> str:
    """Return the hash of a number as the recorder names the rows of a table of one column (`row_keys`)."""
    word = struct.unpack("<Q", struct.pack("<d", value))[0]
    mixed = (word ^ (word >> 29)) * _GOLDEN & _WORD
    key = (mixed ^ (mixed >> 32)) * _GOLDEN & _WORD
    key = (key ^ (key >> 29)) * _GOLDEN & _WORD
    return f"{key ^ (key >> 32):016x}"


def _index(told: Mapping[str, object] | None) -> Index | None:
    if told is None:
        return None
    ends = number(told, "least") or 0.0, number(told, "most") or 0.0
    is_time, runs, gaps = text(told, "kind") == "time", whole(told, "runs") or 1, whole(told, "gaps") or 0
    return Index(least=ends[0], most=ends[1], is_time=is_time, runs=runs, gaps=gaps)


def fingerprints(record: Mapping[str, object] | None, key: str) -> tuple[Fingerprint, ...]:
    """Return the list of fingerprints that stands under a key."""
    value = (record or {}).get(key)
    listed: list[object] = value if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType] # JSON
    return tuple(fingerprint(part({"": each}, "")) for each in listed)


def _values(record: Mapping[str, object], key: str) -> tuple[float, ...]:
    listed = record.get(key)
    values: list[object] = listed if isinstance(listed, list) else []  # pyright: ignore[reportUnknownVariableType] # JSON
    return tuple(_value(each) for each in values if not isinstance(each, str))


def _value(value: object) -> float:
    found = _figure({"": value}, "")
    return math.nan if found is None else found


def _figure(record: Mapping[str, object], key: str) -> float | None:
    """Return a number that can be squared and added up; none for larger ones."""
    found = number(record, key)
    return found if found is not None and abs(found) <= LARGEST else None
