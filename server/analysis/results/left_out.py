"""Rows that were predicted and do not stand in the results, here and there among those that do. Pure.

A table of a part is honest: the rows of a split, those that were fitted, the last year, those whose outcome is known.
What has no such shape is asked about, unless what was left out is known to be no worse than what was kept.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import replace

from ..artefacts.facts import ColumnFacts, TableFacts
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Fingerprint, Prediction, fingerprint
from ..witness.seen import Seen, place
from ..witness.values import parts
from .blended import by_class, ordered
from .pooled import averages
from .predicted import grain_of
from .transformed import BACK

_LEAST_TOLD = 12
"""So many different values it takes to tell a prediction by them."""
_LEAST_KEPT = 0.5
"""A table of fewer of the predicted rows shows a part: the largest, some examples."""
_MOST_BY_CHANCE = 0.2
_ASIDE = 3.7
"""By so many grains values are moved aside to see how many are found by chance."""
_MOST_PUT_BACK = 20
_WORSE = 0.75
"""Share of pairs, one left out and one kept, in which the error of the former must be the larger."""


def left_out(seen: Seen, table: TableFacts) -> Iterator[Suspicion]:
    """Yield that a column of the results has the values of a prediction, some of them left out in between."""
    every = (*seen.predictions, *(mean for mean, _ in averages(seen.predictions)))
    larger = [one for one in every if table.rows < _rows(one) <= table.rows / _LEAST_KEPT]
    whole = told_whole(table)
    halves = divided(seen) if larger else set[tuple[int, int]]()
    parts_of_it = [one for one in larger if not _is_a_part(seen, one, table.rows, halves)]
    back = ((one, way) for one in parts_of_it[-_MOST_PUT_BACK:] for way in put_back(one))
    for one, written in (*((one, one) for one in parts_of_it), *back):
        for column in whole:
            kept = kept_in(column, written.values)
            if kept and scattered(kept) and (how := said_of(_errors(seen, one, written), kept)) is not None:
                yield _suspicion(one, column, table.rows, how)
                return


def told_whole(table: TableFacts) -> list[ColumnFacts]:
    """Return the columns that are told whole and have values enough to be known by."""
    return [one for one in table.columns if len(one.values) == table.rows and len({*one.values}) >= _LEAST_TOLD]


def put_back(one: Prediction) -> Iterator[Prediction]:
    """Yield a prediction as it is written once it is out of logarithms, roots or odds, and each class of several."""
    shape, told = one.values.shape, one.values.at
    if shape[1:] not in ((), (1,)):
        pairs = ([value for _, value in each] for each in by_class(one))
    else:
        pairs = filter(None, (_through(way, told) for way in BACK))
    yield from (replace(one, values=Fingerprint(shape=shape[:1], at=tuple(each))) for each in pairs)


def _through(way: Callable[[float], float], told: Sequence[float]) -> list[float]:
    """Return what comes out of numbers by one way; nothing where one is too large for it."""
    try:
        return list(map(way, told))
    except OverflowError:
        return []


def _rows(one: Prediction) -> int:
    return one.values.shape[0] if one.values.shape else 0


def _suspicion(one: Prediction, column: ColumnFacts, rows: int, how: str) -> Suspicion:
    size = _rows(one)
    what = f"{one.name}.{one.call or 'predict'} returned {size} values at {place(one.line)}, column {column.name} of"
    what = f"{what} the results has {rows} of them: {size - rows} rows were left out here and there{how}"
    return Suspicion(what, Word.INVESTIGATE, "rows_left_out", leave_all(size))


def leave_all(size: int) -> str:
    """Say what settles it."""
    return f"Leave all {size} rows in the table, with a column that says which ones do not count, and why."


def divided(seen: Seen) -> set[tuple[int, int]]:
    """Return of each split how many rows it had and how many of them one part has."""
    told = ([fingerprint(each) for each in parts(line.facts, "parts")[:2]] for line in seen.witnessed.of("split"))
    sizes = ([each.shape[0] for each in pair if each.shape] for pair in told)
    return {(sum(pair), one) for pair in sizes for one in pair}


def _is_a_part(seen: Seen, one: Prediction, rows: int, halves: Container[tuple[int, int]]) -> bool:
    """Whether so many rows are those that the model was fitted to, the others, or a part of a split of all of them."""
    size = _rows(one)
    same = (each for each in seen.fits if each.id == one.of and each.line.file == one.line.file)
    fitted = {each.x.shape[0] for each in same if each.x.shape}
    return not fitted.isdisjoint((rows, size - rows)) or (size, rows) in halves


def kept_in(column: ColumnFacts, values: Fingerprint) -> list[bool]:
    """Return which of the values that are told of a prediction stand in a column; empty where it is not its.

    Probabilities of several classes are no column, and classes prove nothing.
    """
    told = {round(one, 12) for one in values.at if math.isfinite(one)}
    if len(told) < _LEAST_TOLD or values.shape[1:] not in ((), (1,)):
        return []
    grain = grain_of(column.values)
    known, _ = ordered(column.values, grain)
    if len({round(one / grain) for one in told}) < _LEAST_TOLD:  # nearly one number, of which some column has one
        return []
    found = [_stands(known, one, grain) for one in values.at]
    aside = _ASIDE * max(grain, 1e-6 * max(abs(known[0]), abs(known[-1])))
    by_chance = max(sum(_stands(known, one + each, grain) for one in values.at) for each in (aside, -aside))
    return found if sum(found) >= _LEAST_KEPT * len(found) and by_chance <= _MOST_BY_CHANCE * len(found) else []


def _stands(known: Sequence[float], value: float, grain: float) -> bool:
    near = grain + 1e-6 * abs(value)
    index = bisect_left(known, value - near)
    return index < len(known) and known[index] <= value + near


def scattered(kept: Sequence[bool]) -> bool:
    """Whether rows are missing between others; the first or the last ones alone are a lag, a horizon, a holdout."""
    if all(kept):  # the first and the last are always told: what is missing lies between
        return True
    first, last = kept.index(True), len(kept) - kept[::-1].index(True)
    return not all(kept[first:last])


def _errors(seen: Seen, one: Prediction, written: Prediction) -> list[float]:
    """Return the errors at the places that are told of a prediction; empty where nobody knows its rows' target.

    The target may be in logarithms, as what was predicted, or as the table has both.
    """
    fitted = [each.y for each in seen.fits if each.x.sha and each.x.sha == one.x.sha]
    every = [each for each in (*fitted, *targets(seen).get(one.x.sha, ())) if each.shape == one.values.shape]
    target = next((each for each in every if len(each.at) == len(one.values.at)), None)
    return min((off(each, target) for each in (one, written)), key=sum) if target is not None else []


def off(one: Prediction, target: Fingerprint) -> list[float]:
    """Return by how much a prediction misses a target at the places that are told of both; empty where they differ."""
    same = len(one.values.at) == len(target.at)
    return [abs(a - b) for a, b in zip(one.values.at, target.at, strict=True)] if same else []


def targets(seen: Seen) -> dict[str, list[Fingerprint]]:
    """Return by the digest of a part of a split what the split returned beside it."""
    found: dict[str, list[Fingerprint]] = {}
    for line in seen.witnessed.of("split"):
        told = [fingerprint(each) for each in parts(line.facts, "parts")]
        for half in (told[::2], told[1::2]):
            if half and half[0].sha:
                found.setdefault(half[0].sha, []).extend(half[1:])
    return found


def said_of(errors: Sequence[float], kept: Sequence[bool]) -> str | None:
    """Say of what is left out that it is the worst, nothing where nobody knows; None where it is an honest part."""
    out = [error for error, there in zip(errors, kept, strict=False) if not there]
    if not out:
        return ""
    known = [one for one in out if math.isfinite(one)]
    if not known:  # those without an outcome
        return None
    others = [one for one, there in zip(errors, kept, strict=True) if there and math.isfinite(one)]
    larger = sum(one > other for one in known for other in others)
    return ", those with the largest errors" if larger >= _WORSE * len(known) * len(others) else None
