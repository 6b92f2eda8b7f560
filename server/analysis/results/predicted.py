"""Whose numbers are the results? Their columns against what estimators predicted and against the trace. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from ..artefacts.facts import ColumnFacts, TableFacts, TraceFacts
from ..counted.drawn import correlation
from ..evidence.checks import Check, passed, unknown
from ..evidence.evidence import Evidence
from ..evidence.match import Asked, Match
from ..evidence.rounding import grain_of
from ..evidence.rules import Rules
from ..evidence.suspicion import Suspicion, first_of
from ..evidence.words import Word
from ..witness import Prediction, fingerprint
from ..witness.seen import Seen, names, place
from ..witness.values import part, text
from .baselines import by_method
from .blended import (
    are_labels,
    are_renamed,
    are_the_same,
    by_class,
    from_earlier,
    in_another_order,
    is_class_of,
    parts_of,
    scales,
)
from .observed import drawn
from .of_samplings import against_samplings
from .pooled import averages, quantiles
from .summaries import against_trace, summarises, tells_each
from .transformed import OUTCOME, back_in_another_order, follows, has_figures, is_error, joined, melted, same_classes
from .unnamed_rows import unnamed_rows
from .untold import typed

_NEAR = 0.98
"""Correlation from which on a column counts as made from a prediction: scaled back, averaged, clipped."""
_LEAST_ROWS = 20
_MOST_CHANGES = 6
_LEAST_DRAWS = 5
_FINER = 4
"""So many times the rounding a parameter's draws must vary: whole numbers near them prove nothing."""
_MOST_LOOKED_AT = 20
_FIRST = 5
_MOST_HELD = 1000
_FORECASTERS = frozenset({"statsmodels", "prophet"})
"""Libraries whose forecasts are not witnessed."""
_SAMPLES_FORECASTS = "prophet"
"""The one of them that samples itself: what it forecasts is of its draws."""
_REDESIGN = "Redesign by @modeler with an approved method, re-implementation by @code_translator, then train again."
_SETTLE = (
    "Leave what shows it: the predictive draws (sample_posterior_predictive, or a Deterministic) in the trace, or a"
    " column as `predict` returned it; else a person must say how these numbers are made."
)


def results(evidence: Evidence, rules: Rules, seen: Seen) -> Check | None:
    """Do the numbers of the results come from the method? None where there is no table to look at."""
    table = next((one.inside for one in evidence.artefacts if one.role == "results"), None)
    if not isinstance(table, TableFacts) or not any(one.values for one in table.columns):
        return None
    found = matches(table, seen.predictions)
    if suspicion := first_of(_suspicions(evidence, rules, seen, table, found)):
        return suspicion.check("results", "recomputed against witnessed")
    if found:
        return passed("results", f"{_words(found, rules)} (recomputed against witnessed)")
    if evidence.trace is not None and (_explained(table, evidence.trace) or any(drawn(evidence))):
        told = "; ".join([*drawn(evidence)][:3]) or "their numbers are those of the trace"
        return passed("results", f"{told} (recomputed)")
    return unknown("results", "by what these numbers were made was not witnessed")


def matches(table: TableFacts, predictions: Sequence[Prediction]) -> list[Match]:
    """Return which columns are what an estimator predicted, exactly before nearly; of very many the latest are held."""
    return [*_matches(Asked(table, predictions))]


@lru_cache(maxsize=1)
def _matches(asked: Asked) -> tuple[Match, ...]:
    table, predictions = asked.table, asked.predictions
    alike = [one for one in predictions if one.values.size == table.rows]
    every = [*((one, 1) for one in alike[-_MOST_HELD:]), *averages(alike)]
    sized = alike[-_MOST_HELD:]
    classes = [one for one in predictions if len(one.values.shape) == 2 and one.values.shape[0] == table.rows]
    classes = classes[-_MOST_HELD:]
    found: list[Match] = []
    for column in (one for one in table.columns if one.values):
        exact = next((one for one in every if _equal(column, one[0])), None) or _of_classes(column, classes)
        if exact is None and _is_outcome(column):
            continue
        near = (
            exact or next((one for one in every if _close(column, one[0])), None) or _of_changes(column, table, sized)
        )
        if exact is None and (parts := parts_of(values_at(column, sized[0]), sized) if sized else []):
            found.append(Match(column.name, parts[-1], exact=False, parts=tuple(parts)))
        elif near is not None:
            found.append(Match(column.name, near[0], exact is not None, near[1]))
    found = found or [*_transformed(table, predictions, sized, classes)]
    return (*found, *_of_names(table, sized))


def _is_outcome(column: ColumnFacts) -> bool:
    """Whether a column is called what the outcomes are: that it lies near a good prediction says nothing."""
    return column.name.lower() != "y" and OUTCOME.fullmatch(column.name) is not None


def _transformed(
    table: TableFacts, predictions: Sequence[Prediction], sized: Sequence[Prediction], classes: Sequence[Prediction]
) -> Iterator[Match]:
    """Yield columns that follow from a prediction in a way that is not looked for where others are found at once."""
    whole = [one for one in table.columns if one.values]
    pieces = [*_in_pieces(predictions, table.rows)]
    figures = [*((one, one.values) for one in (*sized, *pieces))]
    figures += [(one, each) for one in classes for each in (*one.each, one.largest)]
    # Of a thousand bootstraps their bands are looked at, and a few; what is handed in may stand before importances.
    latest = [*sized[:_FIRST], *sized[_FIRST:][-_MOST_LOOKED_AT:]]
    bands = [*((one, 1) for one in latest), *averages(sized), *quantiles(sized)]
    for column in table.columns:
        ours, grain = column.values, grain_of(column.values)
        if ours and (same := [one for one, told in figures if has_figures(column, told, table.rows, grain)]):
            yield Match(column.name, same[0], exact=True)
            continue
        others = [one for one in whole if one is not column]
        for one, count in itertools.islice(_ways(column, others, latest, bands), 1):
            yield Match(column.name, one, exact=False, averaged=count)


def _ways(
    column: ColumnFacts,
    others: Sequence[ColumnFacts],
    latest: Sequence[Prediction],
    bands: Sequence[tuple[Prediction, int]],
) -> Iterator[tuple[Prediction, int]]:
    """Yield the predictions that a column follows from, with how many they are of; outcomes go with any good one."""
    grain = grain_of(column.values)
    if column.values and OUTCOME.fullmatch(column.name) is None:
        yield from ((one, count) for one, count in bands if _equal(column, one))
        yield from ((one, count) for one, count in bands if follows(values_at(column, one), one.values.at))
        yield from ((one, count) for one, count in bands if back_in_another_order(column, one, grain))
        yield from ((one, 1) for one in latest if melted(column, one, grain))
        for one in latest:
            whole = (values_at(other, one) for other in others)
            if is_error(values_at(column, one), whole, one.values.at, grain):
                yield one, 1
    yield from ((one, 1) for one in latest if same_classes(column, one.counts, values_at(column, one), one.values.at))


def _in_pieces(predictions: Sequence[Prediction], rows: int) -> Iterator[Prediction]:
    """Yield what one class predicted at one place in parts that make up a table together: folds, chunks, origins."""
    groups: dict[tuple[str, str], list[Prediction]] = {}
    for one in predictions:
        groups.setdefault((one.name, one.line.where), []).append(one)
    for group in groups.values():
        if len(group) > 1 and sum(one.values.size for one in group) == rows:
            yield replace(group[-1], values=joined([one.values for one in group]))


def _of_names(table: TableFacts, predictions: Sequence[Prediction]) -> Iterator[Match]:
    """Yield which prediction of classes stands in the table's words."""
    for one in predictions if len(table.labels) == table.rows else ():
        if are_renamed([table.labels[place] for place in one.values.places], one.values.at):
            yield Match("of words", one, exact=False)
            return


def _of_changes(
    column: ColumnFacts, table: TableFacts, predictions: Sequence[Prediction]
) -> tuple[Prediction, int] | None:
    """Return the prediction of changes that a column is the sum of, with what an earlier row says."""
    columns, grain = [one.values for one in table.columns if one.values], grain_of(column.values)
    found = (one for one in predictions[-_MOST_CHANGES:] if from_earlier(column.values, columns, one, grain))
    change = next(found, None)
    return None if change is None else (change, 1)


def _of_classes(column: ColumnFacts, predictions: Sequence[Prediction]) -> tuple[Prediction, int] | None:
    """Return the prediction of probabilities of which a column is one class, or the most probable one."""
    values, grain = column.values, grain_of(column.values)
    for one in (each for each in predictions if each.values.shape[0] == len(values)):
        if any(is_class_of(values, told, grain) for told in by_class(one)) or are_labels(values, one):
            return one, 1
    return None


def values_at(column: ColumnFacts, prediction: Prediction) -> list[float]:
    """Return a column's values at the places that are told of a prediction."""
    values, places = column.values, prediction.values.places
    if len(values) == prediction.values.size:
        return [values[one] for one in places]
    return list(values) if len(values) == len(places) else []


def _equal(column: ColumnFacts, prediction: Prediction) -> bool:
    ours, theirs = values_at(column, prediction), prediction.values.at
    grain = grain_of(column.values)
    same = len(ours) == len(theirs) and all(_same(a, b, grain) for a, b in zip(ours, theirs, strict=True))
    if same and len({round(one, 12) for one in theirs}) > 1:
        return True
    whole = len(column.values) == prediction.values.size
    return whole and (are_the_same(column.values, prediction) or in_another_order(column.values, theirs, grain))


def _close(column: ColumnFacts, prediction: Prediction) -> bool:
    ours, theirs = values_at(column, prediction), prediction.values.at
    if len(ours) != len(theirs) or len(ours) < _LEAST_ROWS:
        return False
    return are_renamed(ours, theirs) or any(correlation(one, theirs) > _NEAR for one in scales(ours))


def _same(one: float, other: float, grain: float) -> bool:
    return abs(one - other) <= grain + 1e-6 * abs(other)


def _suspicions(
    evidence: Evidence, rules: Rules, seen: Seen, table: TableFacts, found: Sequence[Match]
) -> Iterator[Suspicion]:
    trace = evidence.trace
    forbidden, others = by_method(table, found, seen, rules.forbidden)
    if forbidden and not others and not (trace is not None and _explained(table, trace)):
        one = forbidden[0]
        what = f"{one} at {place(one.prediction.line)}, and no column of the results is of an approved method"
        yield Suspicion(what, Word.LIKELY_FABRICATION, "forbidden_results", _REDESIGN)
    if not found and (name := typed(table, evidence.program)):
        what = f"the numbers of column {name} of the results, and of every other, stand in the script (read)"
        yield Suspicion(
            what, Word.INVESTIGATE, "results_typed", "Let the script compute them, or say where they are from."
        )
    yield from against_samplings(table, seen) if trace is None else ()
    if trace is not None:
        yield from against_trace(table, trace)
        yield from unnamed_rows(table, trace)
        by_script = written_by_script(evidence) or _sampled_unread(evidence, seen)
        forecast = any(one.library == _SAMPLES_FORECASTS for one in seen.fits)
        explained = _explained(table, trace) or any(drawn(evidence)) or by_script or forecast
        if not found and not seen.predictive and not _predicted(trace) and not explained:
            what = "no column of the results is of means or draws of the trace's parameters, none was predicted from it"
            yield Suspicion(what, Word.INVESTIGATE, "results_unexplained", _SETTLE)
    baseline = found and not others and not seen.steps  # not all that a network returned is told
    if trace is None and (baseline or not found) and table.rows >= _LEAST_ROWS:
        yield from _of_nothing_seen(seen, table, rules.forbidden if baseline else frozenset())


def written_by_script(evidence: Evidence) -> bool:
    """Whether the script, as it is read, writes figures made from the draws: quantities that no trace holds."""
    return evidence.program is not None and any(one.in_a_table for one in evidence.program.samplers)


def _sampled_unread(evidence: Evidence, seen: Seen) -> bool:
    """Whether reading knows of no sampler where one ran: BlackJAX' steps, whose draws it cannot follow."""
    unread = evidence.program is not None and not evidence.program.samplers
    return unread and bool(seen.samplings) and all(one.library == "blackjax" for one in seen.samplings)


def _of_nothing_seen(seen: Seen, table: TableFacts, but_of: frozenset[str]) -> Iterator[Suspicion]:
    """Yield that no column is what was predicted.

    :param but_of: classes that are only a baseline here: one of their columns is not the method's.
    """
    sized = [one for one in seen.predictions if one.values.size == table.rows and one.name not in but_of]
    if sized and seen.fits and not predicts_unseen(seen) and not _not_looked_at(seen, table.rows):
        what = f"no column of the results is what {sized[0].name}.predict returned at {place(sized[0].line)}"
        yield Suspicion(f"{what}, nor what another one did", Word.INVESTIGATE, "results_not_predicted", _SETTLE)
        return
    solved = seen.witnessed.of("solve")
    if solved and seen.fits and not seen.predictions:
        call = solved[0].facts.get("call")
        what = f"nothing that was fitted predicted anything, and {call} was called at {names(solved)}"
        yield Suspicion(f"{what}: whose numbers are the results?", Word.INVESTIGATE, "results_of_a_solve", _SETTLE)


def _not_looked_at(seen: Seen, rows: int) -> bool:
    """Whether of some predictions of so many rows no figures were told: the mean of 200 bootstraps is made of these."""
    told = (fingerprint(part(one.facts, "values")) for one in seen.witnessed.of("predict"))
    untold = any(one.skipped and one.shape[:1] == (rows,) for one in told)
    return untold or any(text(one.facts, "of") == "predict" for one in seen.witnessed.of("more"))


def predicts_unseen(seen: Seen) -> bool:
    """Whether something was trained of which not all is seen that it predicts: a network, a sampler, a forecast."""
    stepped = any(one.steps or one.traced for one in seen.steps)
    return stepped or bool(seen.samplings) or any(one.library in _FORECASTERS for one in seen.fits)


def _predicted(trace: TraceFacts) -> bool:
    return any("predict" in one for one in trace.groups)


def _explained(table: TableFacts, trace: TraceFacts) -> bool:
    """Whether a column is made of means or draws of the trace's parameters, or the table is their summary."""
    if summarises(table, trace) or tells_each(table, trace):
        return True
    means = [one.mean for one in trace.figures]
    columns = [one for one in table.columns if one.values]
    return any(_among(one, means) or _are_draws(one, table.rows, trace) for one in columns)


def _are_draws(column: ColumnFacts, rows: int, trace: TraceFacts) -> bool:
    """Whether a column begins with the first draws of one parameter, in their order, as far as these are told."""
    if len(column.values) != rows or len(set(column.values[:_LEAST_DRAWS])) < 2:
        return False
    grain = grain_of(column.values)
    return any(_begins_with(column.values, one.first, grain) for one in trace.figures if one.sd > _FINER * grain)


def _begins_with(values: Sequence[float], draws: Sequence[float], grain: float) -> bool:
    pairs = [*zip(values, draws, strict=False)]
    return len(pairs) >= _LEAST_DRAWS and all(_same(a, b, grain) for a, b in pairs)


def _among(column: ColumnFacts, means: Sequence[float]) -> bool:
    grain = 2 * grain_of(column.values)
    step = max(grain, 1e-9)
    known = {round(one / step) + shift for one in means for shift in (-1, 0, 1)}
    hits = sum(round(one / step) in known for one in column.values)
    return len(set(column.values)) > 1 and hits >= 0.8 * len(column.values)


def _words(found: Sequence[Match], rules: Rules) -> str:
    shown: Mapping[str, Match] = {one.column: one for one in found}
    texts = [
        f"{one}{' (a baseline)' if one.prediction.name in rules.forbidden else ''} at {place(one.prediction.line)}"
        for one in list(shown.values())[:3]
    ]
    return "; ".join(texts)
