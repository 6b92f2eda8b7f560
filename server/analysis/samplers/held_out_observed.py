"""Did a sampler observe the outcomes of the rows that the results call held out? Pure.

What a library is told that a model observes is used whole. What a likelihood written by hand has at its hand may be cut
by a mask, by numbers of rows or by a bound beside it: where one of these is there, nothing is asked.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from ..artefacts.facts import ColumnFacts, TableFacts
from ..counted.drawn import correlation
from ..design.design import Design
from ..evidence.rounding import grain_of
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..results.edited import PREDICTED, TRUTH
from ..witness import Fingerprint, Sampling
from ..witness.seen import Seen, place

_CALLED = re.compile(
    r".*(?:test|forecast|hold_?out|held_?out|unseen|out_of_sample|\boos\b|_oos|oos_|backtest|future).*", re.IGNORECASE
)
_LEAST_ROWS = 12
_LEAST_TOLD = 8
"""So many values in their order, of `_LEAST_DISTINCT` different ones, are no chance."""
_LEAST_DISTINCT = 5
_LEAST_HITS = 3
_MOSTLY = 0.6
"""Of the told values that fall among the held-out rows where all of these were observed; the told places are few."""
_LEAST_DIGITS = 2
_LARGEST = 1e15
"""A larger number has no digits behind the point."""
_ONE_LINE = 1 - 1e-9
_WHOLE_INPUT = ("numpyro", "cmdstan")
_FORMS: tuple[Callable[[float], float], ...] = (lambda one: one, math.log, math.log1p, math.sqrt)


def held_out_observed(design: Design, seen: Seen, table: TableFacts) -> Iterator[Suspicion]:
    """Yield that every sampling observed the outcomes of all rows in the results, which are called held out.

    Of several samplings one without these rows is the one that they are predicted by; another one may be fitted to all.
    """
    samplings = [one for one in seen.samplings if any(each.size >= _LEAST_ROWS for each in _data(one).values())]
    for truth in _outcomes_held_out(design, table) if samplings else ():
        if all(_with(one, truth) for one in samplings):  # nearly always the first one answers
            yield _observed(design, samplings[-1], _with(samplings[-1], truth), truth)
            return


def _observed(design: Design, one: Sampling, name: str, truth: ColumnFacts) -> Suspicion:
    data, rows = _data(one)[name], len(truth.values)
    why = f"{design.path}:{design.model.held_out.line} says {design.model.held_out.words!r}"
    how = "observed" if name in one.observed else "has at its hand, and nothing beside them cuts any off,"
    what = (
        f"what {one.call} sampled at {place(one.line)} {how} {data.size} values of {name}, among them the outcomes of"
    )
    what = f"{what} the {rows} rows in the results (column {truth.name})"
    said = f"; {why}" if design.model.held_out else ", which are called so as if they had been held out"
    action = "Leave the outcomes of held-out rows out of the likelihood, or call these figures fitted ones."
    return Suspicion(f"{what}{said}", Word.INVESTIGATE, "held_out_rows_observed", action)


def _outcomes_held_out(design: Design, table: TableFacts) -> Sequence[ColumnFacts]:
    """Return what may be the column of the outcomes where rows are called held out: by the design or by their columns.

    One that is called so, else each that is no count of rows, no calendar and no end of an interval.
    """
    whole = [one for one in table.columns if len(one.values) == table.rows >= _LEAST_ROWS]
    told = [one for one in whole if len(set(one.values)) >= _LEAST_DISTINCT]
    truth = next((one for one in told if TRUTH.fullmatch(one.name)), None)
    predicted = any(PREDICTED.fullmatch(one.name) for one in table.columns)
    called = any(_CALLED.fullmatch(one.name) for one in table.columns)
    if truth is not None and predicted and (design.model.held_out or called):
        return (truth,)
    irregular = [one for one in told if _is_irregular(one.values)]
    return irregular if truth is None and design.model.held_out and len(irregular) > 1 else ()


def _is_irregular(values: Sequence[float]) -> bool:
    """Whether a column is neither evenly spaced nor of a few values that come again, as days of a calendar are."""
    steps = [b - a for a, b in itertools.pairwise(values)]
    even = max(steps) - min(steps) <= 4 * grain_of(values) + 1e-9 * max(map(abs, values))
    return not even and len(set(values)) >= _MOSTLY * len(values)


def _data(one: Sampling) -> Mapping[str, Fingerprint]:
    return {**one.held, **one.observed}


def _with(one: Sampling, truth: ColumnFacts) -> str:
    """Return the name of the data that hold the outcomes; empty where none do, or a part of them may be cut off."""
    for name, data in _data(one).items():
        if data.size <= len(truth.values) or not (_ends_with(data, truth.values) or _has_among(data, truth.values)):
            continue
        if (whole := _is_used_whole(one, name, data)) or (whole is None and not _may_be_cut(one, data, truth.values)):
            return name
    return ""


def _is_used_whole(one: Sampling, name: str, data: Fingerprint) -> bool | None:
    """Whether all of the data are observed, by what a library is told; None where nobody knows."""
    if one.library not in _WHOLE_INPUT:
        return True if name in one.observed else None
    by_hand = any("Unit(" in each for each in one.likelihoods.values())
    if by_hand or not one.likelihoods:
        return None
    return any(math.prod(shape) == data.size for shape in one.sites.values())


def _ends_with(data: Fingerprint, outcomes: Sequence[float]) -> bool:
    """Whether the outcomes are the last values, as they are, centred or scaled, or as logarithms or roots."""
    count = min(len(data.last), len(outcomes))
    ours, theirs = outcomes[len(outcomes) - count :], data.last[len(data.last) - count :]
    pairs = [(a, b) for a, b in zip(ours, theirs, strict=True) if math.isfinite(b)]
    if len(pairs) < max(_LEAST_TOLD, count) or len({b for _, b in pairs}) < _LEAST_DISTINCT:
        return False
    grain = grain_of([a for a, _ in pairs])
    if all(abs(a - b) <= grain + 1e-9 * abs(b) for a, b in pairs):
        return True
    if len({b for _, b in pairs}) < _LEAST_TOLD:
        return False
    return any(_on_one_line(pairs, form) for form in _FORMS)


def _on_one_line(pairs: Sequence[tuple[float, float]], form: Callable[[float], float]) -> bool:
    try:
        changed = [form(a) for a, _ in pairs]
    except ValueError:
        return False
    return correlation(changed, [b for _, b in pairs]) >= _ONE_LINE


def _has_among(data: Fingerprint, outcomes: Sequence[float]) -> bool:
    """Whether as many of the values that are told stand among the outcomes as would if all of these were observed."""
    grain = grain_of(outcomes)
    if grain >= 0.5 * 10.0**-_LEAST_DIGITS or len(set(outcomes)) < _MOSTLY * len(outcomes):
        return False
    if max(map(abs, outcomes)) > _LARGEST:
        return False
    step = max(2 * grain, 1e-9)
    known = {round(one / step) + shift for one in outcomes for shift in (-1, 0, 1)}
    told = [one for one in data.at if abs(one) <= _LARGEST]
    hits = sum(round(one / step) in known for one in told)
    expected = len(told) * len(outcomes) / data.size
    spread = max(outcomes) - min(outcomes)
    chance = len(told) * min(1.0, 3 * step * len(outcomes) / spread) if spread > 0 else math.inf
    return hits >= max(_LEAST_HITS, _MOSTLY * expected, 4 * chance)


def _may_be_cut(one: Sampling, data: Fingerprint, outcomes: Sequence[float]) -> bool:
    """Whether something beside the data may leave the held-out rows out: a bound, numbers of rows, marks."""
    held_out, size = len(outcomes), data.size
    left = size - held_out
    if {left, -held_out, held_out} & set(one.bounds):
        return True
    others = [each for each in _data(one).values() if each is not data]
    parts = (each.size == left or _are_numbers_of_rows(each, size) for each in others)
    return any(parts) or any(_is_a_mark(each, data, outcomes) for each in others)


def _are_numbers_of_rows(each: Fingerprint, size: int) -> bool:
    whole = each.dtype.startswith(("int", "uint"))
    return whole and each.size < size and (each.least or 0) >= 0 and (each.most or 0) >= each.size


def _is_a_mark(each: Fingerprint, data: Fingerprint, outcomes: Sequence[float]) -> bool:
    """Whether it is of two values, one of them 0, for each row, and of one and the same where rows are held out."""
    if each.size != data.size or each.least != 0 or len({*each.at, *each.last}) > 2:
        return False
    if _ends_with(data, outcomes):
        return len({*each.last[-len(outcomes) :]}) <= 1
    known = {*outcomes}
    there = {mark for mark, value in zip(each.at, data.at, strict=False) if value in known}
    return len(there) <= 1
