"""Was a column of predictions changed in some rows, or is it nearer to the outcomes than all that predicted? Pure."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import fmean, pstdev

from ..artefacts.facts import ColumnFacts, TableFacts
from ..design.quantities import plain
from ..evidence.match import Match
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Prediction
from ..witness.seen import Seen, place
from ..witness.values import text
from .predicted import grain_of, predicts_unseen, values_at
from .transformed import follows

TRUTH = re.compile(
    r"(?:.*[_ ])?(?:actuals?|observ(?:ed|ation)s?|truth|true|outcomes?|y_?(?:test|true|obs)|targets?)(?:[_ ].*)?|y",
    re.IGNORECASE,
)
"""What a column is called that holds what was to be predicted."""
PREDICTED = re.compile(r".*pred.*|.*forecast.*|.*estimat.*|y_?hat|.*fitted.*|yhat.*", re.IGNORECASE)
_LEAST_ROWS = 20
_LEAST_SORTED = 2
_MOST_HELD_AGAINST = 1000
_NEARER = 0.6
"""Share of the smallest error of anything that predicted; a mean of many is better by a tenth or two."""


def edited(seen: Seen, table: TableFacts, found: Sequence[Match]) -> Iterator[Suspicion]:
    """Yield what speaks for a change of the predictions by hand."""
    yield from _in_some_rows(table, found)
    yield from _nearer_to_outcomes(seen, table, found)


def _in_some_rows(table: TableFacts, found: Sequence[Match]) -> Iterator[Suspicion]:
    """Every value that is told of a prediction stands in the column, and yet their means differ: others were changed.

    Values that are cut off at a bound are honest.
    """
    sorted_rows = _sorted_across(table, found)
    for one in (each for each in found if each.exact and each.averaged == 1 and not each.parts):
        if one.column in sorted_rows:
            continue
        column = next((each for each in table.columns if each.name == one.column), None)
        told = one.prediction.values
        if column is None or len(column.values) != told.size or told.mean is None or told.nonfinite or told.sampled:
            continue
        if len(told.at) != len(told.places):  # joined from folds or chunks: figures only
            continue
        grain = grain_of(column.values)
        same = all(abs(column.values[at] - each) <= grain + 1e-6 * abs(each)
                   for at, each in zip(told.places, told.at, strict=True))  # fmt: skip
        mean, largest = fmean(column.values), max(map(abs, column.values))
        cut = _is_cut(column, told.least, told.most, len(column.values) * (mean - told.mean))
        if same and abs(mean - told.mean) > grain + 1e-6 * largest and not cut:
            what = f"column {one.column} has the {len(told.at)} values that are told of what {one.prediction.name}"
            what = (
                f"{what} predicted at {place(one.prediction.line)}, but another mean: {plain(round(mean, 6))} and not"
            )
            what = f"{what} {plain(round(told.mean, 6))}: some rows were changed"
            action = "Write what was predicted; a correction belongs into a column of its own, with its rule."
            yield Suspicion(what, Word.INVESTIGATE, "predictions_edited", action)
            return


def _sorted_across(table: TableFacts, found: Sequence[Match]) -> frozenset[str]:
    """Return the columns of one prediction each that rise from one to the next in every row, and keep their sum.

    So quantiles that crossed are put in order: what one column lost another one has.
    """
    means = {one.column: one.prediction.values.mean for one in found if one.exact and one.averaged == 1}
    columns = [one for one in table.columns if means.get(one.name) is not None and one.values]
    columns.sort(key=lambda one: fmean(one.values))
    if len(columns) < _LEAST_SORTED or len({len(one.values) for one in columns}) != 1:
        return frozenset()
    rise = all(low <= high for below, above in itertools.pairwise(columns)
               for low, high in zip(below.values, above.values, strict=True))  # fmt: skip
    told, stands = sum(means[one.name] or 0.0 for one in columns), sum(fmean(one.values) for one in columns)
    grain = sum(grain_of(one.values) for one in columns)
    same = abs(told - stands) <= grain + 1e-6 * max(1.0, abs(told))
    return frozenset(one.name for one in columns) if rise and same else frozenset()


def _is_cut(column: ColumnFacts, least: float | None, most: float | None, moved: float) -> bool:
    """Whether values were cut off: a bound within what was predicted stands in several rows, or is a whole number.

    Or one value beyond it was, which explains by how much all together were moved.
    """
    for bound, beyond in ((min(column.values), least), (max(column.values), most)):
        if beyond is None or abs(bound - beyond) <= grain_of(column.values):
            continue
        alone = abs(bound - beyond - moved) <= 1e-6 * max(1.0, abs(moved), len(column.values) * abs(bound))
        if column.values.count(bound) > 1 or float(bound).is_integer() or alone:
            return True
    return False


def _nearer_to_outcomes(seen: Seen, table: TableFacts, found: Sequence[Match]) -> Iterator[Suspicion]:
    """A column that is called a prediction and is none, whose errors are far smaller than of all that predicted.

    Not asked where a network, a sampler, a forecaster or a solution by hand may have predicted it, or something that
    predicts piece by piece; nor where it rises with a prediction, or none lies nearer to the outcomes than their mean
    does: these are in another unit, a logarithm or a change, and were put back.
    """
    if seen.steps or predicts_unseen(seen) or seen.witnessed.of("solve") or _by_pieces(seen, table.rows):
        return
    exact = {one.column for one in found if one.exact or one.parts}
    sized = [one for one in seen.predictions if one.values.size == table.rows and len(one.values.shape) == 1]
    sized = sized[-_MOST_HELD_AGAINST:]
    truths = [one for one in table.columns if one.values and TRUTH.fullmatch(one.name)]
    columns = [one for one in table.columns if one.values and PREDICTED.fullmatch(one.name) and one.name not in exact]
    for column in columns if sized and truths else ():
        truth = truths[0]
        ours = _error(values_at(column, sized[0]), values_at(truth, sized[0]))
        best = min(sized, key=lambda one: _error(one.values.at, values_at(truth, one)))
        theirs = _error(best.values.at, values_at(truth, best))
        if ours < _NEARER * theirs < math.inf and _is_of_them(theirs, values_at(truth, best), column, sized):
            what = (
                f"column {column.name} is off {truth.name} by {ours:.3g} (root of the mean square over the told rows),"
            )
            what = f"{what} what {best.name} predicted at {place(best.line)} by {theirs:.3g}, and nothing that was seen"
            action = "Leave the column as `predict` returned it, or say by what it was made better."
            yield Suspicion(f"{what} to predict by less", Word.INVESTIGATE, "nearer_than_predicted", action)
            return


def _is_of_them(error: float, truth: Sequence[float], column: ColumnFacts, sized: Sequence[Prediction]) -> bool:
    """Whether what predicted is in the unit of the outcomes, and a column is not only put back into it."""
    return error < pstdev(truth) and not any(follows(values_at(column, one), one.values.at) for one in sized)


def _by_pieces(seen: Seen, rows: int) -> bool:
    """Whether something predicted rows one by one, or in parts that make up the table."""
    counted = any(text(one.facts, "of") == "predict" for one in seen.witnessed.of("more"))
    smaller: Counter[tuple[str, str]] = Counter()
    for one in seen.predictions:
        smaller[(one.name, one.line.where)] += one.values.size if one.values.size < rows else 0
    return counted or any(size >= rows for size in smaller.values())


def _error(values: Sequence[float], truth: Sequence[float]) -> float:
    """Return the root of the mean square; infinite where too few are told."""
    pairs = [(a - b) ** 2 for a, b in zip(values, truth, strict=False) if math.isfinite(a) and math.isfinite(b)]
    return math.sqrt(fmean(pairs)) if len(pairs) >= _LEAST_ROWS else math.inf
