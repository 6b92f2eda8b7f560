"""Does a table that names parameters of a trace say of each what the trace says: means, deviations, intervals? Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ..artefacts.facts import ColumnFacts, TableFacts, TraceFacts
from ..artefacts.parameter_facts import QUANTILES, ParameterFigures
from ..design.quantities import plain
from ..evidence.rounding import rounded
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from .told_intervals import has_an_end, told_intervals

MEAN = re.compile(r"(?:posterior[_ ])?(?:mean|estimate)|coef(?:ficient)?", re.IGNORECASE)
SD = re.compile(r"(?:posterior[_ ])?(?:sd|std|stdev|standard[_ ]deviation)", re.IGNORECASE)
_CALLED_MEAN = re.compile(r"(?:posterior[_ ])?mean", re.IGNORECASE)
_MEAN_OFF, _SD_OFF = 0.006, 0.1
"""By which share a summary's figures may be off; a deviation of every tenth draw is off by some per cent of itself."""
_THINNED = 0.1
"""Share of a parameter's deviation by which the mean of every tenth draw may lie beside the mean of all."""
CLEARLY = 0.3
"""From this share on another deviation is another one, and a mean lies elsewhere than that of any part of the draws."""
_MEDIAN = QUANTILES.index(50)
_MOSTLY_NAMED = 0.8
_NEAR_THE_MEAN = 0.3
"""Share of a parameter's deviation by which a median of skewed draws may lie beside their mean."""
_LEAST_EXCHANGED = 4
"""So many rows it takes to know a column of another name as the means of a variable."""
_SAY_HOW = "Say how these figures follow from the trace; what is in another unit has a name of its own."
SETTLE = "Let the table hold what the trace says under the name that the trace has for it, or say how it was made."


def by_label(labels: Sequence[str], trace: TraceFacts) -> dict[str, ParameterFigures]:
    """Return which parameter a row's text names: by its coordinates where the trace has them, else by its place.

    Coordinates may be whole numbers too: a variable's labels are then taken for coordinates where all of them are some.
    """
    called = {_plain(one.called): one for one in trace.figures if one.called}
    placed = {_plain(one.name): one for one in trace.figures}
    found: dict[str, ParameterFigures] = {}
    for variable in dict.fromkeys(map(_variable, labels)):
        mine = [one for one in labels if _variable(one) == variable]
        by_name = {one: called[_plain(one)] for one in mine if _plain(one) in called}
        by_place = {one: placed[_plain(one)] for one in mine if _plain(one) in placed}
        found |= by_name if len(by_name) >= len(by_place) else by_place
    return found


def _plain(label: str) -> str:
    return label.replace(", ", ",").strip()


def _variable(label: str) -> str:
    return label.partition("[")[0]


def against_trace(table: TableFacts, trace: TraceFacts) -> Iterator[Suspicion]:
    """Yield where a summary table says other than the trace of the parameters that it names.

    A deviation that is another beside a mean that is the trace's contradicts it, and so does another mean beside ends
    of intervals that are the trace's. Otherwise a parameter may have been put back into its own unit, or had taken from
    it what was added to it again, under its old name, which has to be said.
    """
    named = by_label(table.labels, trace)
    yield from _exchanged(table, trace)
    means, sds = column_of(table, MEAN), column_of(table, SD)
    told = [
        _off(means, named, _is_mean, {label: one.mean for label, one in named.items()}),
        _off(sds, named, _is_sd, {label: one.sd for label, one in named.items()}),
    ]
    for label in [one for one in table.labels if any(off.get(one) for off in told)]:
        both = [off[label] for off in told if label in off]
        what = f"the results say {next(one for one in both if one)}"
        if len(both) == len(told) and not all(both) and _contradicts(table, means, sds, label, named[label]):
            yield Suspicion(what, Word.LIKELY_FABRICATION, "results_not_of_trace", SETTLE)
        else:
            yield Suspicion(what, Word.INVESTIGATE, "results_not_of_trace", _SAY_HOW)
    yield from told_intervals(table, named, {label for label, text in told[0].items() if not text})


class Said(NamedTuple):
    """The column of a table that tells means, or deviations, and its values by label."""

    column: ColumnFacts
    values: Mapping[str, float]


def column_of(table: TableFacts, words: re.Pattern[str]) -> Said | None:
    """Return the column that is called so, with its values by label."""
    column = next((one for one in table.columns if words.fullmatch(one.name) and one.values), None)
    if column is None or len(column.values) != len(table.labels):
        return None
    return Said(column, dict(zip(table.labels, column.values, strict=True)))


def _off(
    said: Said | None,
    named: Mapping[str, ParameterFigures],
    same: Callable[[Said, float, ParameterFigures], bool],
    figures: Mapping[str, float],
) -> dict[str, str]:
    """Return by label what is said of a figure and is another in the trace; empty texts where both are the same."""
    if said is None:
        return {}
    found: dict[str, str] = {}
    for label, value in said.values.items():
        if label in named:
            text = f"{plain(value)} for the {said.column.name} of {label}, the trace {figures[label]:.5g}"
            found[label] = "" if same(said, value, named[label]) else text
    return found


def _is_mean(said: Said, value: float, one: ParameterFigures) -> bool:
    """Whether it is the mean, also of every tenth draw; what is called an estimate may be the median."""
    middles = [one.mean]
    if len(one.quantiles) > _MEDIAN and not _CALLED_MEAN.fullmatch(said.column.name):
        middles.append(one.quantiles[_MEDIAN])
    off = rounded(value, said.column) + _THINNED * one.sd
    return any(abs(value - middle) <= off + _MEAN_OFF * abs(middle) for middle in middles)


def _is_sd(said: Said, value: float, one: ParameterFigures) -> bool:
    return abs(value - one.sd) <= rounded(value, said.column) + _SD_OFF * one.sd


def _contradicts(table: TableFacts, means: Said | None, sds: Said | None, label: str, one: ParameterFigures) -> bool:
    """Whether neither another unit nor a shift explains that of mean and deviation one is the trace's alone."""
    if means is None or sds is None:
        return False
    mean, sd = means.values[label], sds.values[label]
    if _is_mean(means, mean, one):
        scaled = sd / one.sd * one.mean if one.sd else math.inf
        in_unit = abs(mean - scaled) <= rounded(mean, means.column) + _MEAN_OFF * abs(scaled)
        return abs(sd - one.sd) > CLEARLY * one.sd and not in_unit
    far = abs(mean - one.mean) > CLEARLY * one.sd
    return far and bool(_CALLED_MEAN.fullmatch(means.column.name)) and has_an_end(table, label, one)


def _exchanged(table: TableFacts, trace: TraceFacts) -> Iterator[Suspicion]:
    """Yield that rows have the means that the trace has under other names of the same variable, each of them once."""
    for variable, named in _of_one_variable(table.labels, trace).items():
        for column in (one for one in table.columns if len(one.values) == len(table.labels)):
            least = 2 if MEAN.fullmatch(column.name) else _LEAST_EXCHANGED
            said = {label: value for label, value in zip(table.labels, column.values, strict=True) if label in named}
            whose = _whose(said, named, column)
            other = [label for label in said if whose.get(label, label) != label]
            if len(said) >= least and len(whose) == len(said) == len({*whose.values()}) and len(other) >= 2:
                label = other[0]
                what = f"row {label!r} of the results has, as its {column.name}, {plain(said[label])}, in the trace"
                what = f"{what} the mean of {named[whose[label]].called}; that of {named[label].called} is"
                what = f"{what} {named[label].mean:.5g}: {len(other)} of {len(said)} rows of {variable} have another's"
                yield Suspicion(what, Word.INVESTIGATE, "results_of_other_names", SETTLE)
                return


def _of_one_variable(labels: Sequence[str], trace: TraceFacts) -> dict[str, dict[str, ParameterFigures]]:
    """Return by variable which rows name its parts: in full, or by the coordinate alone."""
    found: dict[str, dict[str, ParameterFigures]] = {}
    for one in trace.figures:
        variable, _, inside = one.called.partition("[")
        for label in {one.called, inside.removesuffix("]")} & set(labels) if one.called else ():
            found.setdefault(variable, {})[label] = one
    return {variable: named for variable, named in found.items() if len(named) > 1}


def _whose(said: Mapping[str, float], named: Mapping[str, ParameterFigures], column: ColumnFacts) -> dict[str, str]:
    """Return by row whose mean it has: its own wherever it may be, else that of the nearest row which it fits.

    Nothing where a row has nobody's.
    """
    found: dict[str, str] = {}
    for label, value in said.items():
        near = rounded(value, column)
        fits = {other: abs(value - one.mean) for other, one in named.items() if abs(value - one.mean) <= near}
        own = abs(value - named[label].mean) <= near + _MEAN_OFF * abs(named[label].mean)
        if not own and not fits:
            return {}  # one row of something else: a column of no means
        found[label] = label if own else min(fits, key=lambda one: fits[one])
    return found


def summarises(table: TableFacts, trace: TraceFacts) -> bool:
    """Whether nearly all rows of a table name parameters of a trace, and a column has their means."""
    named = by_label(table.labels, trace)
    if not named or len(named) < _MOSTLY_NAMED * len(set(table.labels)):
        return False
    return any(MEAN.fullmatch(one.name) and one.values for one in table.columns)


def tells_each(table: TableFacts, trace: TraceFacts) -> bool:
    """Whether nearly all rows name parameters of a trace, and a column says of each where its draws lie.

    A median, a mode or a mean of thinned draws is near the mean of all: by a part of the deviation.
    """
    figures = by_label(table.labels, trace)
    known = [(row, figures[label]) for row, label in enumerate(table.labels) if label in figures]
    if not known or len(known) < _MOSTLY_NAMED * len(table.labels):
        return False
    whole = [one.values for one in table.columns if len(one.values) == len(table.labels)]
    return any(all(abs(values[row] - one.mean) <= _NEAR_THE_MEAN * one.sd for row, one in known) for values in whole)
