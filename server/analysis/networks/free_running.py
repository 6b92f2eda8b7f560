"""Was a network given the outcomes that it predicts, or a forecast that runs freely those of the steps before? Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from ..artefacts.facts import ColumnFacts, TableFacts
from ..evidence.evidence import Evidence
from ..evidence.rounding import grain_of
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..results.edited import TRUTH
from ..results.row_sums import weights_of
from ..results.truths import is_a_place, likely_truth_of
from ..witness import Prediction
from ..witness.fingerprints import places
from ..witness.seen import Seen, place
from ..witness.values import numbers, part

LEAST_ROWS = 20
_MOST_STEPS = 200
_STEPS = (*range(1, 25), 48, 168)


def fed_with_outcomes(evidence: Evidence, seen: Seen, table: TableFacts) -> Iterator[Suspicion]:
    """Yield that the rows of a prediction held their own outcome, or those of a free forecast that of an earlier row.

    A forecast that begins anew at several origins holds them in its first steps only. What is to give its input back
    holds its outcome by its nature.
    """
    design = evidence.design
    tried = (0, *_STEPS) if design.networks.free_running else (0,)
    tried = tried[1:] if design.networks.given_back else tried
    named = [one for one in table.columns if TRUTH.fullmatch(one.name) and not is_a_place(one, table)]
    truths = named or likely_truth_of(table)
    for truth in (one for one in truths[:2] if len(one.values) == table.rows):
        for one in reversed(seen.forwards):
            found = _fed(one, truth, tried) if one.x.shape[:1] == (table.rows,) else None
            if found is not None:
                yield _suspicion(design.path, one, truth, found)
                return
        if design.networks.free_running and (fed := _fed_step_by_step(seen, truth)):
            yield _of_steps(design.path, fed, truth)
            return


def _of_steps(path: str, fed: Sequence[Prediction], truth: ColumnFacts) -> Suspicion:
    what = (
        f"{len(fed)} of the last steps of {fed[-1].name} at {place(fed[-1].line)} were each given {truth.name} of one"
    )
    what = f"{what} step, of all {fed[-1].x.shape[0]} forecasts; {path} lets these run freely"
    action = "Feed each forecast back as the next one's input, or say in the design that it is one step ahead."
    return Suspicion(what, Word.INVESTIGATE, "forecast_fed_with_outcomes", action)


def _suspicion(path: str, one: Prediction, truth: ColumnFacts, by: int) -> Suspicion:
    what = f"what {one.name} was given at {place(one.line)} holds, in each told row, {truth.name} of"
    if not by:
        action = "Take the outcome out of the inputs, or say in the design why it is one."
        return Suspicion(f"{what} the same row", Word.INVESTIGATE, "outcome_among_the_inputs", action)
    what = f"{what} {f'{by} rows' if by > 1 else 'the row'} before; {path} lets the forecast run freely"
    action = "Feed each forecast back as the next one's input, or say in the design that it is one step ahead."
    return Suspicion(what, Word.INVESTIGATE, "forecast_fed_with_outcomes", action)


def _fed(one: Prediction, truth: ColumnFacts, tried: Sequence[int]) -> int | None:
    """Return how many rows before the outcomes stand in what was given, scaled as may be; None where they do not."""
    rows, found = places(one.x.shape[0]), list[int]()
    for told in columns_given(one):
        found += [by for by in tried if _is_earlier(told, rows, truth, by)][:1]
    return min(found, default=None)


def _fed_step_by_step(seen: Seen, truth: ColumnFacts) -> list[Prediction]:
    """Return the calls, each of one step of all forecasts, that were given the outcomes of a step in the table.

    The table has the steps of each forecast one below the other, or the forecasts of each step.
    """
    found: dict[int, Prediction] = {}
    for one in seen.forwards:
        count = one.x.shape[0] if one.x.shape else 0
        steps = len(truth.values) // count if count >= LEAST_ROWS and len(truth.values) % count == 0 else 0
        if not 1 < steps <= _MOST_STEPS or one.line.n in found:
            continue
        rows = places(count)
        outcomes = [[truth.values[row * steps + step] for row in rows] for step in range(steps)]
        outcomes += [[truth.values[step * count + row] for row in rows] for step in range(steps)]
        if any(are_those(told, each, truth) for told in columns_given(one) for each in outcomes):
            found[one.line.n] = one
    fed = {one.x.row_keys: one for one in found.values()}
    return [*fed.values()] if len(fed) > 1 else []


def columns_given(one: Prediction) -> Iterator[tuple[float, ...]]:
    """Yield what stood in each told column of the inputs, in the rows that are told."""
    given = part(part(one.line.facts, "x"), "given") or {}
    rows = places(one.x.shape[0])
    for name in given:
        told = numbers(given, name)
        if len(told) == len(rows) and len(set(told)) >= LEAST_ROWS:
            yield told


def are_those(told: Sequence[float], ours: Sequence[float], truth: ColumnFacts) -> bool:
    """Whether numbers are the outcomes, scaled as may be."""
    slack = grain_of(truth.values) + 1e-5 * max(map(abs, ours))
    return all(map(math.isfinite, (*told, *ours))) and weights_of([told], ours, slack) is not None


def _is_earlier(told: Sequence[float], rows: Sequence[int], truth: ColumnFacts, by: int) -> bool:
    pairs = [(value, truth.values[row - by]) for row, value in zip(rows, told, strict=True) if row >= by]
    if len(pairs) < LEAST_ROWS or not all(math.isfinite(one) for pair in pairs for one in pair):
        return False
    return are_those([one for one, _ in pairs], [one for _, one in pairs], truth)
