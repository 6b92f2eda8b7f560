"""In which column of a table do values stand, as they are or in a usual form? With the standard library only."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from statistics import correlation, fmean, pstdev, stdev

from .formats import Look
from .search_beside import beside, rows_left, stride
from .search_facts import Found, SearchFacts, Wanted, best
from .tables import LARGEST, Table

_ASIDE = 3.7
_CLOSE = 1e-6
"""Share of a column's spread within which a value counts as found: what single precision leaves of it."""
_LEAST_IN_ORDER = 12
_IN_ORDER = 0.9
_SHARES = (1.0, 0.9, 0.85, 0.8, 0.75, 0.7, 0.6, 0.5)
_SHIFTED, _WIDER = 0.15, 1.15
"""By how many deviations means may differ, and by which factor deviations, where two columns are alike in both."""
Inverse = Callable[[float], float]
_WAYS: tuple[Callable[[float, float], float], ...] = (
    lambda one, other: one - other,
    lambda one, other: one + other,
    lambda one, other: other - one,
    lambda one, other: one * other,
    lambda one, other: one / other if other else math.inf,
    lambda one, other: other / one if one else math.inf,
)
"""How a value is made of two columns: sales less refunds, claims by exposure."""


def search(look: Look, wanted: Sequence[Wanted], cells: Callable[[Look], tuple[Table, bool]]) -> SearchFacts:
    """Return in which column most of the values stand.

    :param cells: reads this format: what was looked at, and whether that is all.
    :raises CannotInspectError: if it is no table.
    """
    table, complete = cells(look)
    found: dict[str, list[Found]] = defaultdict(list)
    alike: dict[str, str] = {}
    cells_found = {one.name: _Cells(one) for one in wanted if one.anywhere}
    for column in table.columns:
        if not column.series or column.numbers < 2:
            continue
        values = sorted(column.series)
        if max(-values[0], values[-1]) > LARGEST:
            continue
        close = _CLOSE * max(values[-1] - values[0], 1e-12)
        alike |= {
            one.name: column.name
            for one in wanted
            if complete and _is_alike(one, values) and not _follows(one.values, column.series)
        }
        for cells_of in cells_found.values():
            cells_of.look(values, close)
        for form, inverse in _forms(values).items():
            for one in (each for each in wanted if not each.anywhere):
                told = _found(one, column.name, form, [*map(inverse, one.values)], values, close)
                in_rows = len(column.series) == one.size == table.rows
                found[one.name].append(_by_row(told, one, inverse, column.series, close) if in_rows else told)
    notes = () if complete else (f"Only the first {table.rows} rows were looked through.",)
    for name, cells_of in cells_found.items():
        found[name].append(cells_of.found())
    told = (_by_rows(_with_column(one, wanted, table), wanted, table, complete) for one in best(found))
    return SearchFacts(found=tuple(replace(one, alike=alike.get(one.name, "")) for one in told), notes=notes)


def _by_rows(one: Found, wanted: Sequence[Wanted], table: Table, complete: bool) -> Found:
    """Return what was found with what goes with it row by row, and with how many of the column's rows are left out."""
    asked = next((each for each in wanted if each.name == one.name and each.rows and not each.anywhere), None)
    column = next((each for each in table.columns if each.name == one.source), None)
    if asked is None or not complete:
        return one
    whole = column is not None and one.form == "as it is" and one.hits == one.asked
    if whole and column is not None:
        one = replace(one, rows_left=rows_left(asked, column, table), stride=stride(asked, column, table))
    return replace(one, beside=beside(asked, table))


def _with_column(one: Found, wanted: Sequence[Wanted], table: Table) -> Found:
    """Return what was found with the column that, in the rows where it differs, leads from the one to the other."""
    asked = next((each for each in wanted if each.name == one.name and not each.anywhere), None)
    if asked is None or not one.instead or one.form != "as it is":
        return one
    rows = dict(zip(asked.values, asked.rows, strict=False))
    close = _CLOSE * max(abs(value) for value, _ in one.instead) + asked.grain
    for column in table.columns:
        series = column.series
        if series is None or column.name == one.source or len(series) != table.rows:
            continue
        for way in _WAYS:
            if all(abs(way(there, series[rows[value]]) - value) <= close for value, there in one.instead):
                return replace(one, with_column=column.name)
    return one


class _Cells:
    """Which of the values stand in any column, as they are or under a logarithm."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._hits, self._by_chance = set[int](), set[int]()

    def look(self, values: Sequence[float], close: float) -> None:
        """Look through one more column, which is in order."""
        near = max(close, self._wanted.grain)
        for number, one in enumerate(self._wanted.values):
            if any(_there(values, each, near) for each in (one, _exp(one), _exp(one) - 1)):
                self._hits.add(number)
            if any(_there(values, one + aside * near, near) for aside in (_ASIDE, -_ASIDE)):
                self._by_chance.add(number)

    def found(self) -> Found:
        """Return what was found in all columns together, of the values beside which nothing stands by chance."""
        hits = len(self._hits - self._by_chance)
        missing = [one for number, one in enumerate(self._wanted.values) if number not in self._hits]
        return Found(
            name=self._wanted.name,
            source="",
            hits=hits,
            by_chance=0,
            asked=len(self._wanted.values) - len(self._by_chance),
            nowhere=tuple(missing),
        )


def _is_alike(one: Wanted, values: Sequence[float]) -> bool:
    spread = pstdev(values) if one.sd > 0 else 0.0
    if not spread or not 1 / _WIDER <= spread / one.sd <= _WIDER:
        return False
    return abs(fmean(values) - one.mean) <= _SHIFTED * one.sd


def _follows(told: Sequence[float], series: Sequence[float]) -> bool:
    """Whether values go with a column in its order: of a smooth series the means of windows lie beside it.

    They may be of its beginning, or of its end, as the rows that were trained on.
    """
    count = len(told)
    if count < _LEAST_IN_ORDER or len(series) < count or len(set(told)) < count // 2:
        return False
    for share in _SHARES:
        size = max(count, round(share * len(series)))
        for begin in {0, len(series) - size}:
            beside = [series[begin + round(place * (size - 1) / (count - 1))] for place in range(count)]
            if len(set(beside)) > 1 and correlation(told, beside) >= _IN_ORDER:
                return True
    return False


def _forms(values: Sequence[float]) -> Mapping[str, Inverse]:
    """Return the usual forms of a column, each with the way back."""
    mean, spread, sample = fmean(values), pstdev(values), stdev(values)
    least, width = values[0], values[-1] - values[0]
    forms: dict[str, Inverse] = {"as it is": lambda one: one, "centred": lambda one: one + mean}
    if spread > 0:
        forms["standardised"] = lambda one: one * spread + mean
        forms["standardised (n - 1)"] = lambda one: one * sample + mean
        forms["scaled to 0 to 1"] = lambda one: one * width + least
    if values[0] > 0:
        forms["log"] = _exp
        logs = [math.log(one) for one in values]
        middle, wide = fmean(logs), pstdev(logs)
        forms["standardised log"] = lambda one: _exp(one * wide + middle)
    if values[0] > -1:
        forms["log1p"] = lambda one: _exp(one) - 1
    return forms


def _exp(value: float) -> float:
    return math.exp(value) if value < 700 else math.inf


def _found(one: Wanted, column: str, form: str, asked: Sequence[float], values: Sequence[float], close: float) -> Found:
    close = max(close, one.grain)
    return Found(
        name=one.name,
        source=column,
        form=form,
        hits=_hits(values, asked, close, 0.0),
        by_chance=max(_hits(values, asked, close, aside * close) for aside in (_ASIDE, -_ASIDE)),
        asked=len(asked),
        size=len(values),
    )


def _by_row(told: Found, one: Wanted, inverse: Inverse, series: Sequence[float], close: float) -> Found:
    """Return what was found with how many of the values stand in the rows that they have, and what stands there."""
    close = max(close, one.grain)
    pairs = [(value, series[row]) for value, row in zip(one.values, one.rows, strict=False)]
    other = [(value, there) for value, there in pairs if abs(inverse(value) - there) > close]
    return replace(told, in_row=len(pairs) - len(other), instead=tuple(other))


def _hits(values: Sequence[float], asked: Sequence[float], close: float, aside: float) -> int:
    return sum(_there(values, each + aside, close) for each in asked)


def _there(values: Sequence[float], asked: float, close: float) -> bool:
    return bisect_left(values, asked - close) < bisect_right(values, asked + close)
