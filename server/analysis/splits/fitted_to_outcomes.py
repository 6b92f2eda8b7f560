"""Was a column that follows a prediction fitted to the outcomes beside it? Pure.

A monotone function of a prediction is honest; one whose steps are the means of the outcomes of the same rows is what an
isotonic regression on these outcomes gives.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from statistics import fmean

from ..artefacts.facts import ColumnFacts, TableFacts
from ..evidence.match import Match
from ..evidence.rounding import grain_of
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..results.edited import TRUTH
from ..witness.seen import place

_LEAST_STEPS, _LEAST_ROWS = 3, 20
_MOST_STEPS = 0.5
"""Share of the rows: with more steps than that most of them are of one row."""
_FINE = 50.0
"""So many times what rounding hides must a column span: whole numbers lie near the means of any good prediction."""
_SINGLE = 1e-6
_OF_BINS = re.compile(r"observ|actual|empiric|(?:^|[_ ])(?:bin|bucket|decile)(?:s|ned)?(?:[_ ]|$)", re.IGNORECASE)
"""A column that says that it is what was observed in bins of the prediction is a table of its calibration."""


def fitted_to_outcomes(table: TableFacts, found: Sequence[Match]) -> Iterator[Suspicion]:
    """Yield that each step of a column, which a prediction explains but for its steps, is the mean of the outcomes."""
    truths = [one for one in table.columns if TRUTH.fullmatch(one.name) and len(one.values) == table.rows]
    columns = {one.name: one for one in table.columns if len(one.values) == table.rows >= _LEAST_ROWS}
    for match in (one for one in found if not one.exact and one.column in columns and not _OF_BINS.search(one.column)):
        column = columns[match.column]
        truth = next((one for one in truths if one is not column and _has_means(column, one)), None)
        if truth is not None:
            what = f"column {column.name} follows what {match.prediction.name} predicted at"
            what = (
                f"{what} {place(match.prediction.line)}, in {len(set(column.values))} steps, each of which is the mean"
            )
            what = f"{what} of {truth.name} in its rows"
            action = (
                "Fit what adjusts predictions to rows that are not scored, or call the figures those of fitted rows."
            )
            yield Suspicion(what, Word.INVESTIGATE, "fitted_to_outcomes", action)
            return


def _has_means(column: ColumnFacts, truth: ColumnFacts) -> bool:
    steps: dict[float, list[float]] = {}
    for value, outcome in zip(column.values, truth.values, strict=True):
        steps.setdefault(value, []).append(outcome)
    if not _LEAST_STEPS <= len(steps) <= _MOST_STEPS * len(column.values):
        return False
    counted = all(map(float.is_integer, truth.values))  # classes and counts are as they are, and not rounded
    near = 2 * grain_of(column.values) + (0.0 if counted else grain_of(truth.values))
    near += _SINGLE * max(map(abs, column.values))
    if max(column.values) - min(column.values) < _FINE * near:
        return False
    return all(abs(fmean(outcomes) - value) <= near for value, outcomes in steps.items())
