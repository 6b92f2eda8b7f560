"""Which column goes with values row by row though none is its own, and how many rows of it were left out. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import correlation

from .search_facts import Beside, Wanted
from .tables import Column, Table

_LEAST_ASKED = 12
_HIGH = 0.95
_LINE = 1 - 1e-9
_MOST_EQUAL = 0.1
_MOST_TIMES = 100
_MOST_SHIFTED = 14
_LEAST_KEPT, _LEAST_LEFT = 0.8, 3
_MOST_CLASSES = 20
_TELLS = 0.8
"""Share of the rows that are missing which lie beyond, or in one class of, another column: that one chose them."""


def beside(one: Wanted, table: Table) -> Beside | None:
    """Return the column whose rows, or whose rows several times, go with the values most."""
    found: list[Beside] = []
    for column in table.columns if len(one.values) == len(one.rows) >= _LEAST_ASKED else ():
        series = column.series or ()
        times, rest = divmod(one.size, table.rows) if table.rows else (0, 1)
        if len(series) != table.rows or rest or not 1 <= times <= _MOST_TIMES:
            continue
        ways = [[row % table.rows for row in one.rows], [row // times for row in one.rows]]
        for rows in ways[: 1 if times == 1 else 2]:
            there = [series[row] for row in rows]
            equal = sum(math.isclose(a, b, rel_tol=1e-6) for a, b in zip(one.values, there, strict=True))
            if equal <= _MOST_EQUAL * len(there) and (high := _correlation(one.values, there)) >= _HIGH:
                known = _is_known(one.values, rows, column, table)
                found.append(Beside(column.name, table.rows, times, high, known, one.values[0], there[0]))
    return max(found, key=lambda each: each.correlation, default=None)


def _correlation(one: Sequence[float], other: Sequence[float]) -> float:
    return correlation(one, other) if len(set(one)) > 1 < len(set(other)) else 0.0


def _is_known(values: Sequence[float], rows: Sequence[int], column: Column, table: Table) -> bool:
    """Whether values follow from a column: along a curve, a few rows later, or by another column."""
    series = column.series or ()
    there = [series[row] for row in rows]
    told = [value for _, value in sorted(zip(there, values, strict=True))]
    if told in (sorted(told), sorted(told, reverse=True)) or _is_shifted(values, rows, series):
        return True
    others = (one.series for one in table.columns if one is not column and one.series and len(one.series) == table.rows)
    return any(
        _correlation(values, way) >= _LINE for other in others for way in _ways(there, [other[row] for row in rows])
    )


def _is_shifted(values: Sequence[float], rows: Sequence[int], series: Sequence[float]) -> bool:
    for shift in range(-_MOST_SHIFTED, _MOST_SHIFTED + 1):
        pairs = [
            (a, series[row + shift]) for a, row in zip(values, rows, strict=True) if 0 <= row + shift < len(series)
        ]
        if all(math.isclose(a, b, rel_tol=1e-6) for a, b in pairs):
            return True
    return False


def _ways(one: Sequence[float], other: Sequence[float]) -> Iterator[list[float]]:
    pairs = [*zip(one, other, strict=True)]
    yield from ([a - b for a, b in pairs], [a + b for a, b in pairs], [a * b for a, b in pairs])
    if all(b for _, b in pairs):
        yield [a / b for a, b in pairs]


def rows_left(one: Wanted, column: Column, table: Table) -> int:
    """Return how many more rows a column has that holds all of the values, where nothing tells which are left out."""
    series, left = column.series or (), table.rows - one.size
    if len(series) != table.rows or left < _LEAST_LEFT or one.size < _LEAST_KEPT * table.rows:
        return 0
    if any(each.missing for each in table.columns):
        return 0
    known = _located(one, series)
    if len(known) < _LEAST_ASKED or len({there - here for here, there in known}) == 1:
        return 0
    kept = [there for _, there in known]
    others = (each for each in table.columns if each is not column and each.series and len(each.series) == table.rows)
    return 0 if any(_chooses(each.series or (), kept, left) for each in others) else left


def stride(one: Wanted, column: Column, table: Table) -> int:
    """Return how many rows of a column lie between one of the values and the next, where that is always the same."""
    series = column.series or ()
    known = _located(one, series) if len(series) == table.rows else []
    if len(known) < _LEAST_ASKED or one.size >= table.rows:
        return 1
    (first, begin), (last, end) = known[0], known[-1]
    step, rest = divmod(end - begin, last - first)
    even = not rest and all(there - begin == step * (here - first) for here, there in known)
    return step if even and step > 1 else 1


def _located(one: Wanted, series: Sequence[float]) -> list[tuple[int, int]]:
    """Return for values that occur once in a column their row among the values, and their row there."""
    once = Counter(series)
    places = {value: row for row, value in enumerate(series) if once[value] == 1}
    return [(row, places[value]) for value, row in zip(one.values, one.rows, strict=False) if value in places]


def _chooses(series: Sequence[float], kept: Sequence[int], left: int) -> bool:
    """Whether most of what is missing lies beyond the rows that are kept, or in a class of which none is."""
    there = [series[row] for row in kept]
    beyond = max(sum(one > max(there) for one in series), sum(one < min(there) for one in series))
    classes = Counter(series)
    absent = (
        sum(count for value, count in classes.items() if value not in there) if len(classes) <= _MOST_CLASSES else 0
    )
    return max(beyond, absent) >= _TELLS * left
