"""Do held-out rows have twins among those that were fitted: copies made before the rows were divided by hand? Pure.

A copy is exact, or its columns were jittered and its outcome stands there as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..artefacts.facts import ColumnFacts, TableFacts
from ..evidence.rounding import grain_of
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..results.edited import TRUTH
from ..witness import Fingerprint, Fit, Prediction, value_key
from ..witness.seen import Seen, place

_LEAST_COMPARED = 5
_LEAST_SHARED = 0.3
_MOST_HELD_OUT = 0.6
"""Share of the fitted rows: a table of more is all rows, or those that a bootstrap left out."""
_LEAST_COLUMNS, _LEAST_FRACTIONS = 3, 0.5
"""Rows of fewer columns, or of whole numbers, are alike by nature."""
_LEAST_DIFFERENT = 0.8
"""Share of the outcomes that differ: where one stands in many rows, it stands on both sides."""
_MOST_BY_CHANCE = 0.1
Pair = tuple[Prediction, Fit]
"""A prediction and the fit before it."""
_WIDTHS = 3.5
"""In so many deviations lie about as many values as if they lay there evenly."""


def twins(seen: Seen, table: TableFacts) -> Iterator[Suspicion]:
    """Yield that rows of the results, which were held out, stand among those that their model was fitted to."""
    truths = [one for one in table.columns if TRUTH.fullmatch(one.name) and one.values]
    told: list[tuple[Pair, str]] = []
    for each in _of_results(seen, table.rows):
        pairs = [(one, fit) for one in each if (fit := seen.fit_of(one)) is not None]
        if pairs and all(_rows(one.x) <= _MOST_HELD_OUT * _rows(fit.x) for one, fit in pairs):
            told.append((pairs[0], _copies(pairs, truths)))
    if told and all(of for _, of in told):  # a last fit to all rows may predict these once more
        (one, fit), of = told[0]
        yield _suspicion(one, fit, of)


def _copies(pairs: Sequence[Pair], truths: Sequence[ColumnFacts]) -> str:
    """Return how many of the predicted rows, or outcomes beside them, the fits had seen; empty where they had not."""
    every = [_shared(one.x.row_keys, fit.x.row_keys) for one, fit in pairs if _are_measured(one.x)] if truths else []
    shared = sum(count for count, _ in every), sum(compared for _, compared in every)
    if _are_many(shared):
        return f"{shared[0]} of {shared[1]} rows that could be compared"
    for column in truths if len(pairs) == 1 else ():
        count, compared = _of_outcomes(column, pairs[0][1])
        if _are_many((count, compared)):
            return f"{count} of {compared} outcomes of column {column.name} that could be compared, digit by digit"
    return ""


def _of_results(seen: Seen, rows: int) -> Iterator[list[Prediction]]:
    """Yield what was predicted of the rows of the results: of all of them, or in parts at one place, as of folds."""
    places: dict[tuple[str, str], list[Prediction]] = {}
    for one in seen.predictions:
        places.setdefault((one.name, one.line.where), []).append(one)
    for each in places.values():
        whole = [one for one in each if _rows(one.x) == rows]
        yield from ([one] for one in whole)
        if not whole and rows and sum(_rows(one.x) for one in each) % rows == 0:
            yield each


def _suspicion(one: Prediction, fit: Fit, of: str) -> Suspicion:
    what = f"{of}, of what {one.name} predicted at {place(one.line)}, stand among the rows that it was fitted to"
    what = f"{what} at {place(fit.line)} ({_rows(one.x)} and {_rows(fit.x)} rows): copies on both sides"
    action = "Divide first; copy, resample or augment rows of the training part only."
    return Suspicion(what, Word.INVESTIGATE, "copied_rows_held_out", action)


def _shared(asked: Sequence[str], known: Sequence[str]) -> tuple[int, int]:
    """Return how many small hashes of one table are those of another, and how many could be."""
    most = max(known, default="")
    could = [one for one in asked if one <= most]
    return len(set(could) & set(known)), len(could)


def _of_outcomes(column: ColumnFacts, fit: Fit) -> tuple[int, int]:
    """Return the same of a column's values and of a fit's targets; nothing where these are alike by chance."""
    values, rows = column.values, _rows(fit.x)
    spread = _WIDTHS * (fit.y.sd or 0.0)
    by_chance = rows * 2 * grain_of(values) / spread if spread else 1.0
    if by_chance > _MOST_BY_CHANCE or len(set(values)) < _LEAST_DIFFERENT * len(values):
        return 0, 0
    return _shared([value_key(one) for one in set(values)], fit.y.row_keys)


def _are_many(shared: tuple[int, int]) -> bool:
    count, compared = shared
    return compared >= _LEAST_COMPARED and count >= max(_LEAST_COMPARED, _LEAST_SHARED * compared)


def _are_measured(table: Fingerprint) -> bool:
    told = [one for one in table.at if one == one]  # noqa: PLR0124 (NaN is none)
    fractions = sum(not one.is_integer() for one in told)
    return len(table.shape) == 2 and table.shape[1] >= _LEAST_COLUMNS and fractions >= _LEAST_FRACTIONS * len(told) > 0


def _rows(table: Fingerprint) -> int:
    return table.shape[0] if table.shape else 0
