"""Were a network's predictions drawn towards the outcomes: all by a share, some rows, or into a band around them? Pure.

Each way leaves an equation: the column is a sum of an output and the outcomes, or it is a straight line of an output in
most rows and in the others stands by the outcomes in one fixed way. Without an equation, a column that goes with an
output and misses the outcomes by far less than any line of any output could asks too.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, pstdev
from typing import NamedTuple

from ..artefacts.facts import ColumnFacts, TableFacts
from ..counted.drawn import correlation
from ..design.quantities import plain
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..results.lines_through import Straight, best_line, straight
from ..results.predicted import grain_of, values_at
from ..results.row_sums import weights_of
from ..results.truths import is_predicted, may_be_truth_of, truth_of
from ..witness import Prediction
from ..witness.seen import Seen, place

_LEAST_TOLD = 20
_LEAST_MOVED = 3
"""So many rows that were set by one rule are no chance."""
_SAME = 0.02
_LEAST_SHARE = 0.02
"""By so large a part must the outcomes go into a column."""
_LEAST_ALIKE = 0.3
"""So far must an output go with the outcomes to be a prediction of them, and no change, factor or scale."""
_NEAR = 0.9
_LEAST_ON_ONE = 4
"""So many rows on one line were put back to a scale of their group."""
_NEARER = 0.6
"""Share of the smallest error of any output; a mean of many is better by a tenth or two."""
_NEARER_BESIDE = 0.75
"""The same on another scale than the outcomes' own: an output of logarithms may be straight on that one alone."""
_MOST_MEMBERS = 6
_MOST_OUTPUTS = 100
_LARGEST = 50.0
_FINE = 1e-3
"""So small a share of a column's spread may rounding be, and may a figure be off."""
_SCALES: tuple[tuple[str, Callable[[float], float]], ...] = (("", float), (" in logarithms", math.log))
_ACTION = "Write what the network returned; the outcomes of the rows that are predicted may not go into it."

Way = Callable[[float], float]
_BACK: tuple[tuple[str, Way], ...] = (
    ("", lambda one: one),
    ("exp of ", lambda one: math.exp(min(one, _LARGEST))),
    ("expm1 of ", lambda one: math.expm1(min(one, _LARGEST))),
    ("the logistic function of ", lambda one: 1 / (1 + math.exp(-max(-_LARGEST, min(one, _LARGEST))))),
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A column and the outcomes beside it, at the places that are told of an output."""

    column: ColumnFacts
    truth: ColumnFacts
    ours: list[float]
    outcomes: list[float]
    grain: float


def drawn_to_outcomes(
    seen: Seen, table: TableFacts, known: frozenset[str], exact: frozenset[str]
) -> Iterator[Suspicion]:
    """Yield that a column was drawn towards the outcomes.

    :param known: columns that are made of what a network returned, or an estimator predicted.
    :param exact: those that are just that: what is nearly that may have been drawn by a little.
    """
    told = [one for one in (*seen.predictions, *seen.forwards) if one.values.size == table.rows]
    outputs = [one for one in told if len(one.values.at) == len(one.values.places) >= _LEAST_TOLD][-_MOST_OUTPUTS:]
    named = [*truth_of(table)] if outputs else []
    for column, truth in [*named, *may_be_truth_of(table)] if outputs else ():
        asked = _asked(column, truth, outputs[0])
        if column.name in exact or asked is None:
            continue
        how = _by_an_equation(asked, outputs)
        if not how and column.name not in known and (column, truth) in named:
            how = _nearer(asked, outputs, seen, table)
        if how:
            what = f"column {column.name} of the results {how}"
            yield Suspicion(what, Word.INVESTIGATE, "drawn_to_outcomes", _ACTION)
            return


def _asked(column: ColumnFacts, truth: ColumnFacts, one: Prediction) -> _Asked | None:
    ours, outcomes = values_at(column, one), values_at(truth, one)
    if not all(map(math.isfinite, (*ours, *outcomes))) or len(set(outcomes)) < 2 or len(set(ours)) < _LEAST_TOLD:
        return None
    return _Asked(column, truth, ours, outcomes, grain_of(column.values) + grain_of(truth.values))


def some_rows_edited(seen: Seen, table: TableFacts) -> Iterator[Suspicion]:
    """Yield that a column is a straight line of an output wherever that is told, and yet has not the line's figures.

    Values that are cut off at a bound are honest; in logarithms too.
    """
    outputs = [one for one in seen.forwards if one.values.size == table.rows and _is_told_whole(one)]
    for column in (one for one in table.columns if len(one.values) == table.rows and is_predicted(one.name)):
        scaled = [*_scaled(column)] if outputs else []
        told = [each for one in outputs for each in _figures(scaled, one)]
        if not told or _has_an_end(column) or any(each.same for each in told):
            continue
        one = told[-1]
        what = f"column {column.name} of the results is, in the {len(one.of.values.at)} rows that are told, what"
        what = f"{what} {one.of.name} returned at {place(one.of.line)}, put on one scale, but its mean{one.scale} is"
        what = f"{what} {one.mean:.6g} and not {one.asked:.6g}, or its deviation: some rows were changed"
        action = "Write what was predicted; a correction belongs into a column of its own, with its rule."
        yield Suspicion(what, Word.INVESTIGATE, "predictions_edited", action)
        return


class _Held(NamedTuple):
    """The figures of a column on one scale, and those that a line of an output would have."""

    of: Prediction
    scale: str
    mean: float
    asked: float
    same: bool


class _Scaled(NamedTuple):
    """A column on one scale, its figures, and by how much rounding may move a value: the same for all outputs."""

    name: str
    values: list[float]
    mean: float
    spread: float
    slack: float


def _scaled(column: ColumnFacts) -> Iterator[_Scaled]:
    for name, scale in _SCALES:
        if min(column.values) > (0 if name else -math.inf):
            values = [scale(each) for each in column.values]
            spread, slack = pstdev(values), _slack_of(column, name, values)
            if slack < _FINE * spread:
                yield _Scaled(name, values, fmean(values), spread, slack)


def _figures(scaled: Sequence[_Scaled], one: Prediction) -> Iterator[_Held]:
    """Yield the figures on each scale on which a column is a straight line of an output at all told places."""
    told = one.values
    for name, values, mean, spread, slack in scaled:
        line = straight(told.at, [values[at] for at in told.places], slack)
        if line is None or line.off or told.mean is None or told.sd is None:
            continue
        asked, allowed = line.at(told.mean), slack + _FINE * spread
        same = abs(mean - asked) <= allowed and abs(spread - abs(line.slope) * told.sd) <= 2 * allowed
        yield _Held(one, name, mean, asked, same)


def _is_told_whole(one: Prediction) -> bool:
    told = one.values
    return len(told.at) == len(told.places) >= _LEAST_TOLD and not told.sampled and not told.nonfinite


def _slack_of(column: ColumnFacts, scale: str, values: Sequence[float]) -> float:
    """Return by how much rounding may move a value, on the scale of `values`."""
    grain = grain_of(column.values)
    return (grain / min(column.values) if scale else grain) + 1e-6 * max(map(abs, values))


def _has_an_end(column: ColumnFacts) -> bool:
    """Whether least or most of a column stands in several rows, or is a whole number: values were cut off there."""
    ends = min(column.values), max(column.values)
    return any(column.values.count(one) > 1 or float(one).is_integer() for one in ends)


def _by_an_equation(asked: _Asked, outputs: Sequence[Prediction]) -> str:
    for one in reversed(outputs):
        for name, way in _BACK:
            theirs = [way(value) for value in one.values.at]
            if not _predicts(theirs, asked):
                continue
            whose = f"{name}what {one.name} returned at {place(one.line)}"
            if told := _of_all_rows(asked, [theirs], whose) or _of_some_rows(asked, theirs, whose):
                return told
    latest = list({(one.line.where, whole_of(one)): one.values.at for one in outputs}.values())[-_MOST_MEMBERS:]
    return _of_all_rows(asked, latest, f"the {len(latest)} latest outputs together") if len(latest) > 1 else ""


def whole_of(one: Prediction) -> object:
    """Return after how many steps an output was returned: members of an ensemble are trained one after the other."""
    return one.line.facts.get("steps")


def _predicts(theirs: Sequence[float], asked: _Asked) -> bool:
    """Whether an output is a prediction of the outcomes, and the column is made of it."""
    if not all(map(math.isfinite, theirs)) or len(set(theirs)) < 2:
        return False
    return correlation(theirs, asked.outcomes) > _LEAST_ALIKE and correlation(theirs, asked.ours) > _LEAST_ALIKE


def _of_all_rows(asked: _Asked, outputs: Sequence[Sequence[float]], whose: str) -> str:
    """Return in words that a column is, in all told rows, a sum of outputs and of the outcomes."""
    slack = asked.grain + 1e-5 * max(map(abs, asked.ours))
    if weights_of(outputs, asked.ours, slack) is not None:
        return ""
    weights = weights_of([*outputs, asked.outcomes], asked.ours, slack)
    if weights is None or not _LEAST_SHARE < weights[-1] < 1 - _LEAST_SHARE or sum(weights[:-1]) <= 0:
        return ""
    what = f"is, in each of the {len(asked.ours)} rows that are told, {plain(round(weights[-1], 3))} times"
    return f"{what} {asked.truth.name} of the same row and for the rest {whose}"


def _of_some_rows(asked: _Asked, theirs: Sequence[float], whose: str) -> str:
    """Return in words that a column is a straight line of an output but in some rows, which the outcomes decide."""
    slack = asked.grain + 1e-5 * max(map(abs, asked.ours))
    found = straight(theirs, asked.ours, slack)
    if found is None or len(found.off) < _LEAST_MOVED:
        return ""
    rule = _rule(asked, theirs, found, slack)
    if not rule:
        return ""
    what = f"is, in {len(asked.ours) - len(found.off)} of the {len(asked.ours)} rows that are told, {whose}; in the"
    return f"{what} {len(found.off)} others it was set nearer to {asked.truth.name} of the same row, {rule}"


def _rule(asked: _Asked, theirs: Sequence[float], line: Straight, slack: float) -> str:
    """Return by which rule the rows off the line stand by their outcomes; empty where by none."""
    rows = [(line.at(theirs[row]), asked.ours[row], asked.outcomes[row]) for row in line.off]
    gone = [(ours - before) / (truth - before) for before, ours, truth in rows if abs(truth - before) > 10 * slack]
    left = [abs(ours - truth) for _, ours, truth in rows]
    if len(gone) == len(rows) and _are_one(gone, _SAME) and _LEAST_SHARE < gone[0] < 1 + _SAME:
        return f"by {plain(round(100 * gone[0]))} % of the way"
    nearer = all(abs(ours - truth) < abs(before - truth) for before, ours, truth in rows)
    if nearer and len({round(ours / slack) for _, ours, _ in rows}) > 2 and max(left) - min(left) <= 2 * slack:
        return f"to {plain(round(left[0], 4))} from it"
    shares = [one / abs(truth) for one, (_, _, truth) in zip(left, rows, strict=True) if truth]
    if nearer and len(shares) == len(rows) and shares[0] > _SAME and _are_one(shares, _SAME):
        return f"to {plain(round(100 * shares[0]))} % of it"
    return ""


def _are_one(values: Sequence[float], share: float) -> bool:
    """Whether some numbers are the same, up to a share of them."""
    return max(values) - min(values) <= share * max(map(abs, values))


def _nearer(asked: _Asked, outputs: Sequence[Prediction], seen: Seen, table: TableFacts) -> str:
    """Return in words that a column misses the outcomes by far less than any line of any output would.

    Not where something else predicts too, or the rows are predicted piece by piece.
    """
    predicted = any(one.values.size == table.rows for one in seen.predictions)
    others = predicted or bool(seen.samplings) or bool(seen.witnessed.of("solve"))
    pieces = any(one.values.size and table.rows % one.values.size == 0 and one.values.size < table.rows
                 for one in seen.forwards if len(one.values.shape) < 3 and _is_late(one, outputs))  # fmt: skip
    if others or pieces or len(set(asked.outcomes)) < _LEAST_TOLD or _by_groups(asked, outputs):
        return ""
    every = [*outputs, *_means(outputs)]
    if min((*asked.ours, *asked.outcomes)) > 0 and _best_line(asked, every, math.log, _NEARER_BESIDE) is None:
        return ""
    found = _best_line(asked, every, float, _NEARER)
    if found is None:
        return ""
    error, least, best = found
    what = f"is off {asked.truth.name} by {error:.3g} (root of the mean square over the told rows); the best straight"
    return f"{what} line of what {best.name} returned at {place(best.line)} would be by {least:.3g}"


def _best_line(
    asked: _Asked, outputs: Sequence[Prediction], scale: Way, share: float
) -> tuple[float, float, Prediction] | None:
    """Return errors of a column and of the best line of any output, where the column's is less than a share of it."""
    ours, truth = [scale(one) for one in asked.ours], [scale(one) for one in asked.outcomes]
    error = _root([a - b for a, b in zip(ours, truth, strict=True)])
    least, best = min(((_error_of_line(one.values.at, truth), one) for one in outputs), key=lambda each: each[0])
    nearer = error < share * least < share * pstdev(truth) and correlation(ours, best.values.at) >= _NEAR
    return (error, least, best) if nearer else None


def _by_groups(asked: _Asked, outputs: Sequence[Prediction]) -> bool:
    """Whether some rows are on one line of an output, in another scale: each group has one of its own."""
    slack = grain_of(asked.column.values) + 1e-6 * max(map(abs, asked.ours))
    lines = [best_line(one.values.at, asked.ours, slack) for one in outputs]
    return any(one is not None and len(asked.ours) - len(one.off) >= _LEAST_ON_ONE for one in lines)


def _is_late(one: Prediction, outputs: Sequence[Prediction]) -> bool:
    return (number_of(one)) >= max(map(number_of, outputs))


def number_of(one: Prediction) -> int:
    """Return after how many steps an output was returned."""
    value = one.line.facts.get("steps")
    return value if isinstance(value, int) else 0


def _means(outputs: Sequence[Prediction]) -> Iterator[Prediction]:
    """Yield the mean of what each place returned: the members of an ensemble."""
    for _, group in itertools.groupby(sorted(outputs, key=lambda one: one.line.where), key=lambda one: one.line.where):
        each = [*group]
        if len(each) > 1:
            at = tuple(fmean(row) for row in zip(*(one.values.at for one in each), strict=True))
            yield replace(each[-1], values=replace(each[-1].values, at=at, sha="", bag=""))


def _error_of_line(theirs: Sequence[float], truth: Sequence[float]) -> float:
    """Return by how much the best straight line of an output misses the outcomes; infinite where there is none."""
    if not all(map(math.isfinite, theirs)) or len(set(theirs)) < 2:
        return math.inf
    return pstdev(truth) * math.sqrt(max(0.0, 1 - correlation(theirs, truth) ** 2))


def _root(errors: Sequence[float]) -> float:
    return math.sqrt(fmean(one * one for one in errors))
