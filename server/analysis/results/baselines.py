"""Which columns of the results are a forbidden fit's, and which only had a linear model's help? Pure.

A linear model may be a baseline, wrap another one, or put the predictions of others together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..artefacts.facts import ColumnFacts, TableFacts
from ..evidence.match import Match
from ..witness import Prediction
from ..witness.seen import Seen
from ..witness.values import text
from .pooled import averages

_BASELINE = re.compile(
    r"base|ridge|lasso|linear|\bols|ols\b|elastic|reference|naive|trend|season|simple|poly", re.IGNORECASE
)
_OUTCOME = re.compile(r"actual|observ|truth|true|target|label|outcome|y|y_(?:test|true)|row|id|index", re.IGNORECASE)
_WRAPPERS = frozenset({"TransformedTargetRegressor"})
_LEAST_MET = 5
_MOSTLY = 0.8


def by_method(
    table: TableFacts, found: Sequence[Match], seen: Seen, forbidden: frozenset[str]
) -> tuple[list[Match], list[Match]]:
    """Return the columns that are exactly a forbidden fit's and do not say so, and those of other methods."""
    names = {id(one): _names(one, seen, forbidden) for one in found}
    others = [one for one in found if not names[id(one)] <= forbidden]
    theirs = [one for one in found if one.exact and names[id(one)] <= forbidden]
    if theirs and all(_BASELINE.search(one.column) for one in theirs) and has_another(table, found):
        theirs = []
    return theirs, others


def calls_itself_baseline(column: str) -> bool:
    """Whether a column's name says that its numbers are those of a baseline."""
    return _BASELINE.search(column) is not None


def _names(match: Match, seen: Seen, forbidden: frozenset[str]) -> set[str]:
    """Return whose predictions a column is: of what a wrapper holds, and of what a combining model was given."""
    named: set[str] = set()
    for one in match.of:
        name = _inner(one, seen) if one.name in _WRAPPERS else one.name
        named.add(name)
        if name in forbidden:
            named |= {each.name for each in _combined(one, seen, forbidden)}
    return named


def _inner(one: Prediction, seen: Seen) -> str:
    """Return the class that a wrapper holds."""
    fits = (each for each in seen.fits if each.line.file == one.line.file and each.id == one.of)
    fit = next(fits, None) if one.of is not None else None
    return one.name if fit is None else text(fit.done, "of") or text(fit.params, "regressor") or one.name


def _combined(one: Prediction, seen: Seen, forbidden: frozenset[str]) -> list[Prediction]:
    """Return the predictions of other methods that a model was given as its columns: a stack.

    Known by the values at the rows that are told of both.
    """
    if len(one.x.shape) != 2 or one.x.shape[0] != one.values.size or not one.x.at:
        return []
    columns = one.x.shape[1]
    given: dict[int, list[float]] = {}
    for place, value in zip(one.x.places, one.x.at, strict=False):
        given.setdefault(place // columns, []).append(value)
    used = [each for each in _others(one, seen, forbidden) if _stands_in(each, given)]
    met = {row for each in used for row in _rows_met(each, given)}
    asked = {row for each in used for row in each.values.places if row in given}
    return used if len(met) >= _LEAST_MET and len(met) >= _MOSTLY * len(asked) else []


def _others(one: Prediction, seen: Seen, forbidden: frozenset[str]) -> Iterator[Prediction]:
    sized = [each for each in seen.predictions if each.values.size == one.values.size and each.name not in forbidden]
    yield from sized
    yield from (mean for mean, _ in averages(sized))


def _stands_in(one: Prediction, given: dict[int, list[float]]) -> bool:
    return bool(_rows_met(one, given))


def _rows_met(one: Prediction, given: dict[int, list[float]]) -> list[int]:
    pairs = [(row, value) for row, value in zip(one.values.places, one.values.at, strict=False) if row in given]
    return [row for row, value in pairs if any(abs(value - each) <= 1e-9 * (1 + abs(value)) for each in given[row])]


def has_another(table: TableFacts, found: Sequence[Match]) -> bool:
    """Whether a further column has numbers of its own that may be the method's: no outcome, no number of a row."""
    known = {one.column for one in found}
    return any(_is_figure(one) for one in table.columns if one.name not in known)


def _is_figure(column: ColumnFacts) -> bool:
    named = _OUTCOME.fullmatch(column.name) or _BASELINE.search(column.name)
    return not named and len(set(column.values)) > 1 and not all(float(one).is_integer() for one in column.values)
