"""Rows of a design about the data that were trained on: columns, rows of the training, rows that were held out. Pure.

A number of the design is held against what was witnessed: kept where anything had it, in doubt where all that was
trained had another one. What nobody saw stays "not inspected".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from ..witness import Fit, Line, fingerprint
from ..witness.seen import Seen, place
from ..witness.values import part, parts, whole, wholes
from .answer import Answer
from .declared import prepares
from .design import Requirement

_SET = r"(?: ?set)?"
TRAINING_ROWS = re.compile(
    rf"(?:number of )?(?:training|train|fitting|fit){_SET} (?:rows?|observations?|records|data ?points|instances|size)"
)
HELD_OUT_ROWS = re.compile(
    rf"(?:number of )?(?:test|testing|hold ?out|held out|unseen|evaluation|predicted|forecast(?:ed)?|scored){_SET}"
    r" (?:rows?|observations?|records|data ?points|instances|size|steps)"
    r"(?: (?:in|of) (?:the )?(?:results?|predictions?))?"
    r"|rows? (?:in|of) (?:the )?(?:results?|predictions?)"
)
_IN_THE_RESULTS = re.compile(r"(?:in|of) (?:the )?results?$")
_FEW_VALUES = 0.6
Counted = tuple[int, str]
"""A number and where it was seen."""


def columns(one: Requirement, seen: Seen, of_results: Sequence[Fit]) -> Answer:
    """How many columns there were, of what the results come from, else of all that learned something.

    A table that was prepared or split may have had the designed columns before some were chosen, or more were made of
    them. A constant of statsmodels counts or not; where values come again and again there may be one column a category.
    """
    fitted = [*_widths(of_results or [each for each in seen.fits if not prepares(each.name)])]
    others = [*_widths(seen.fits), *_other_widths(seen)]
    if kept := next((each for each in (*fitted, *others) if _is_kept(each[0], one)), None):
        return Answer(seen=f"{kept[0]} columns at {kept[1]} (witnessed)")
    if not fitted or one.floor is None:
        return Answer()
    most, least = max(fitted), min(fitted)
    if max([most, *others])[0] < one.floor:
        told = f"at most {most[0]} columns were fitted, at {most[1]} (witnessed)"
        return Answer(doubt=told) if seen.whole and not seen.more_fits else Answer()
    above = one.maximum is not None and least[0] > one.maximum
    if not above or _may_be_categories(least[0] - (one.maximum or 0), seen, of_results):
        return Answer()
    return Answer(doubt=f"{least[0]} columns were fitted, at {least[1]} (witnessed)")


def training_rows(one: Requirement, seen: Seen) -> Answer | None:
    """How many rows were trained on, where that is as many as the design has, or more; None where it is neither."""
    trained = [*_trained_rows(seen)]
    if kept := next((each for each in trained if _is_kept(each[0], one)), None):
        return Answer(seen=f"{kept[0]} rows at {kept[1]} (witnessed)")
    if one.maximum is None or not trained or min(trained)[0] <= one.maximum:
        return None
    before = [size for line in seen.witnessed.of("split") for size in _part_rows(line)]
    if any(_is_kept(size, one) for size in before):  # rows were added to the part that a split left
        return Answer()
    count, where = min(trained)
    return Answer(doubt=f"all that trained took {count} rows or more, at {where} (witnessed)")


def held_out_rows(words: str, one: Requirement, seen: Seen, result_rows: int | None) -> Answer:
    """How many rows were predicted, split off, loaded to be evaluated, or stand in the results.

    :param result_rows: of the table of results; None where there is none, or not all of it was counted.
    """
    in_results = [] if result_rows is None else [(result_rows, "the results")]
    found = in_results if _IN_THE_RESULTS.search(words) else [*in_results, *_held_out(seen)]
    kept = next((each for each in found if _is_kept(each[0], one) or _are_several(each[0], one)), None)
    if kept is not None:
        how = "recomputed" if kept in in_results else "witnessed"
        return Answer(seen=f"{kept[0]} rows in {kept[1]} ({how})")
    if one.floor is None or result_rows is None or not found or max(found)[0] >= one.floor:
        return Answer()
    return Answer(doubt=f"the results have {result_rows} rows, and no more were seen to be predicted (recomputed)")


def _is_kept(number: float, one: Requirement) -> bool:
    """Whether a number is what is specified, or lies in what is acceptable."""
    if one.value is not None and number == one.value:
        return True
    return one.floor is not None and one.floor <= number <= (one.floor if one.maximum is None else one.maximum)


def _are_several(number: int, one: Requirement) -> bool:
    """Whether a table has each row several times: one for each model, horizon or quantile."""
    return bool(one.value) and number > 0 and number % (one.value or 1) == 0


def _widths(fits: Iterable[Fit]) -> Iterator[Counted]:
    for one in fits:
        if len(one.x.shape) == 2:
            yield one.x.shape[1], place(one.line)
            if one.library == "statsmodels":  # the constant
                yield one.x.shape[1] - 1, place(one.line)


def _other_widths(seen: Seen) -> Iterator[Counted]:
    """Yield the widths of all other tables, of vectors that were sampled and of weights."""
    for line in seen.witnessed.of("predict", "split"):
        tables = [fingerprint(part(line.facts, "x")), *map(fingerprint, parts(line.facts, "parts"))]
        yield from ((each.shape[1], place(line)) for each in tables if len(each.shape) == 2)
    for sampling in seen.samplings:
        shapes = [each.shape for each in sampling.observed.values() if len(each.shape) == 2]
        shapes += [each[0].shape for each in sampling.variables.values() if each and len(each[0].shape) == 2]
        yield from ((shape[1], place(sampling.line)) for shape in shapes)
    for steps in seen.steps:
        yield from ((side, f"weights of {place(steps.line)}") for side in wholes(steps.line.facts, "dims"))


def _may_be_categories(more: float, seen: Seen, of_results: Sequence[Fit]) -> bool:
    """Whether so many columns more may be one for each category: then their values come again and again."""
    tables = [one.x for one in of_results or seen.fits if len(one.x.shape) == 2]
    for x in tables:
        counts = Counter(x.at)
        again = sum(count for count in counts.values() if count > 1)
        if not x.at or again >= _FEW_VALUES * len(x.at) * (more + 1) / x.shape[1]:
            return True
    return not tables


def _trained_rows(seen: Seen) -> Iterator[Counted]:
    for one in seen.fits:
        if one.x.shape and not prepares(one.name):
            yield one.x.shape[0], place(one.line)
    for line in seen.witnessed.of("batches"):
        if line.facts.get("trains") is not False and (rows := whole(line.facts, "dataset")):
            yield rows, place(line)
    for sampling in seen.samplings:
        yield from ((each.shape[0], place(sampling.line)) for each in sampling.observed.values() if each.shape)


def _part_rows(line: Line) -> list[int]:
    return [each.shape[0] for each in map(fingerprint, parts(line.facts, "parts")) if each.shape]


def _held_out(seen: Seen) -> Iterator[Counted]:
    for line in seen.witnessed.of("predict"):
        for key in ("x", "values"):
            if shape := fingerprint(part(line.facts, key)).shape:
                yield shape[0], place(line)
    for line in seen.witnessed.of("split"):
        yield from ((rows, place(line)) for rows in _part_rows(line)[1:])
    for line in seen.witnessed.of("batches"):
        if line.facts.get("trains") is False and (rows := whole(line.facts, "dataset")):
            yield rows, place(line)
