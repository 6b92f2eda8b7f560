"""Rows in words of their own that have a parameter's mean to the last digit: is the rest of the row its, too? Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ..artefacts.facts import TableFacts, TraceFacts
from ..artefacts.parameter_facts import ParameterFigures
from ..design.quantities import plain
from ..evidence.rounding import rounded
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from .summaries import CLEARLY, MEAN, SD, SETTLE, by_label, column_of
from .told_intervals import told_intervals

_FINE = 0.02
"""A mean that is rounded to more than this share of its deviation may be any other's."""
_BY_CHANCE = 0.02


def unnamed_rows(table: TableFacts, trace: TraceFacts) -> Iterator[Suspicion]:
    """Yield that such a row has another deviation, or another interval, than the parameter whose mean it has."""
    named = by_mean(table, trace)
    sds = column_of(table, SD)
    for label, one in named.items():
        value = sds.values[label] if sds is not None else one.sd
        if sds is not None and abs(value - one.sd) > rounded(value, sds.column) + CLEARLY * one.sd:
            what = f"row {label!r} of the results has the mean of {one.called or one.name} of the trace, and"
            what = f"{what} {plain(value)} as its {sds.column.name}; that of the trace is {one.sd:.5g}"
            yield Suspicion(what, Word.INVESTIGATE, "results_not_of_trace", SETTLE)
            return
    yield from told_intervals(table, named, named)


def by_mean(table: TableFacts, trace: TraceFacts) -> dict[str, ParameterFigures]:
    """Return whose mean rows have that name no parameter: of one alone, and told finely enough to be known by it."""
    means = column_of(table, MEAN)
    if means is None or len(set(table.labels)) < len(table.labels):
        return {}
    known = by_label(table.labels, trace)
    every = [one.mean for one in trace.figures]
    spread = max(every, default=0.0) - min(every, default=0.0)
    found: dict[str, ParameterFigures] = {}
    for label, value in means.values.items():
        near = rounded(value, means.column)
        whose = [one for one in trace.figures if abs(value - one.mean) <= near]
        by_chance = 2 * near * len(every) > _BY_CHANCE * spread and len(every) > 1
        if label not in known and len(whose) == 1 and 0 < near <= _FINE * whose[0].sd and not by_chance:
            found[label] = whose[0]
    return found
