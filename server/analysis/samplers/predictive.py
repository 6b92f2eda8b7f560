"""Are predictions and intervals in the results what the predictive draws say? By their figures of each row. Pure.

A column may come from other draws, or be computed by hand: what asks is that it is nearer to the outcomes than the
draws, or that its intervals are narrower than theirs, on the same scale and for as many rows.
"""

from __future__ import annotations

import bisect
import math
import statistics
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..artefacts.facts import ColumnFacts, TableFacts
from ..design.design import Design
from ..evidence.rounding import grain_of
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..results.edited import PREDICTED, TRUTH
from ..results.intervals import HIGH, LOW, level_of
from ..witness import Fingerprint, Line, fingerprint
from ..witness.seen import Seen, place
from ..witness.values import numbers, part

_LEAST_ROWS = 20
_NEARER = 0.75
"""Share of the error of the draws' own mean: another summary of the same draws is better by a few hundredths."""
_NARROWER = 0.85
_NEARLY_ALL = 0.9
_SAME_SCALE = 0.5
"""Share of the spread of the outcomes by which means may differ on one scale."""
_EQUAL = 0.05
_LARGEST = 1e100


class _Drawn(NamedTuple):
    """Predictive draws of as many rows as the results have."""

    name: str
    line: Line
    mean: Fingerprint
    quantiles: dict[str, tuple[float, ...]]


def against_predictive(design: Design, seen: Seen, table: TableFacts) -> Iterator[Suspicion]:
    """Yield that predictions are nearer to the outcomes, or intervals narrower, than predictive draws of the run."""
    drawn = [one for one in _drawn(seen) if one.mean.size == table.rows >= _LEAST_ROWS]
    whole = [one for one in table.columns if len(one.values) == table.rows and len(set(one.values)) > 1]
    if not drawn or seen.fits or seen.steps:  # another model may be the one that predicts
        return
    yield from _nearer(drawn, whole)
    yield from _narrower(design, drawn, whole)


def _drawn(seen: Seen) -> Iterator[_Drawn]:
    for line in seen.witnessed.of("sampling"):
        over = part(line.facts, "over") or {}
        for name in over:
            about = part(over, name) or {}
            ends = part(about, "quantiles") or {}
            mean = fingerprint(part(about, "mean"))
            if mean.at:
                yield _Drawn(name, line, mean, {each: numbers(ends, each) for each in ends})


def _nearer(drawn: Sequence[_Drawn], whole: Sequence[ColumnFacts]) -> Iterator[Suspicion]:
    truth = next((one for one in whole if TRUTH.fullmatch(one.name)), None)
    columns = [one for one in whole if one is not truth and PREDICTED.fullmatch(one.name) and not _is_an_end(one)]
    if truth is None or not columns:
        return
    column, actual = columns[0], _at(truth, drawn[0])
    spread = statistics.pstdev(actual)
    sized = [
        one
        for one in drawn
        if 0 < spread < _LARGEST and abs(statistics.fmean(one.mean.at) - statistics.fmean(actual)) <= spread
    ]
    if not sized or any(_equal(column, one, spread) or _in_another_order(column, one) for one in drawn):
        return
    least = min(_error(one.mean.at, actual) for one in sized)
    error = _error(_at(column, sized[0]), actual)
    if least <= spread and error <= _NEARER * least:
        one = sized[-1]
        what = f"column {column.name} of the results misses {truth.name} by {error:.3g} in the told rows, the mean"
        what = (
            f"{what} of what was drawn for {one.name} at {place(one.line)} by {least:.3g}: were outcomes used for it?"
        )
        action = "Hand in what the draws say (their mean or median), or say in the design how the predictions are made."
        yield Suspicion(what, Word.INVESTIGATE, "nearer_than_predictive_draws", action)


def _narrower(design: Design, drawn: Sequence[_Drawn], whole: Sequence[ColumnFacts]) -> Iterator[Suspicion]:
    """The design takes intervals from predictive draws, and all of them are narrower than any draws' of their level."""
    low, high = (next((one for one in whole if ends.fullmatch(one.name)), None) for ends in (LOW, HIGH))
    said = design.model.predictive_intervals
    levels = level_of(low.name, high.name) if low is not None and high is not None else None
    if not said or low is None or high is None or levels is None:
        return
    ratios: list[float] = []
    for one in drawn:
        lower, upper = (one.quantiles.get(str(each), ()) for each in levels)
        ours = [b - a for a, b in zip(_at(low, one), _at(high, one), strict=True)]
        theirs = [b - a for a, b in zip(lower, upper, strict=True)]
        if len(ours) != len(theirs) or not all(each > 0 for each in theirs):
            return
        every = sorted(a / b for a, b in zip(ours, theirs, strict=True))
        ratios.append(every[int(_NEARLY_ALL * (len(every) - 1))])
    if ratios and max(ratios) <= _NARROWER:
        one = drawn[-1]
        what = f"intervals from {low.name} to {high.name} of the results are {1 - max(ratios):.0%} or more narrower, in"
        what = f"{what} nine of ten rows, than those of what was drawn for {one.name} at {place(one.line)};"
        what = f"{what} {design.path}:{said.line} says {said.words!r}"
        action = "Write the quantiles of the predictive draws, or call the intervals those of the mean."
        yield Suspicion(what, Word.INVESTIGATE, "narrower_than_predictive_draws", action)


def _is_an_end(column: ColumnFacts) -> bool:
    return any(ends.fullmatch(column.name) for ends in (LOW, HIGH))


def _at(column: ColumnFacts, one: _Drawn) -> list[float]:
    return [column.values[each] for each in one.mean.places]


def _equal(column: ColumnFacts, one: _Drawn, spread: float) -> bool:
    """Whether a column is the mean or the median of the draws, but for rounding and the noise of fewer draws."""
    ours, off = _at(column, one), grain_of(column.values) + _EQUAL * spread
    figures = (one.mean.at, one.quantiles.get("0.5", ()))
    return any(
        len(each) == len(ours) and all(abs(a - b) <= off for a, b in zip(ours, each, strict=True)) for each in figures
    )


def _in_another_order(column: ColumnFacts, one: _Drawn) -> bool:
    """Whether nearly all of the draws' means or medians stand in the column, at any rows: a table may be sorted."""
    values, off = sorted(column.values), grain_of(column.values) + 1e-6 * max(map(abs, column.values))

    def is_there(told: float) -> bool:
        at = bisect.bisect_left(values, told - off)
        return at < len(values) and values[at] <= told + off

    figures = (one.mean.at, one.quantiles.get("0.5", ()))
    return any(each and sum(map(is_there, each)) >= _NEARLY_ALL * len(each) for each in figures)


def _error(one: Sequence[float], actual: Sequence[float]) -> float:
    return math.dist(one, actual) / math.sqrt(len(actual))
