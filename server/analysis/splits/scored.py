"""Are scores that are called those of held-out rows of rows that the model was fitted to? Pure.

Told by three facts in one process: a metric that was computed, the prediction that it was computed of, and the fit
before that prediction, whose target is what the metric calls the truth.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..artefacts.facts import TableFacts
from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..results.predicted import grain_of
from ..witness import Line, fingerprint
from ..witness.seen import Seen, place
from ..witness.values import number, part, text

_HELD_OUT = re.compile(r"(?:^|[^a-z])(?:val|valid|validation|test|held|holdout|oos|out_of_sample|cv)(?:[^a-z]|$)")


@dataclass(frozen=True, slots=True)
class _OfFitted:
    """A metric over what was fitted."""

    line: Line
    value: float
    name: str
    rows: int
    fitted: Line


def scored(evidence: Evidence, seen: Seen) -> Iterator[Suspicion]:
    """Yield which held-out score of the results is one of rows that were fitted."""
    found = [*_of_fitted(seen)]
    others = [value for line in seen.witnessed.of("metric") if (value := number(line.facts, "value")) is not None]
    for artefact in (*evidence.artefacts, *evidence.extras) if found else ():
        if artefact.role == "results" and isinstance(artefact.inside, TableFacts):
            for name, value, grain in _scores(artefact.inside):
                one = next((each for each in found if _is(value, each.value, grain)), None)
                if one is None or sum(_is(value, each, grain) for each in others) > _times(one, found):
                    continue
                what = (
                    f"{name} of the results is {text(one.line.facts, 'call')} at {place(one.line)} over the {one.rows}"
                )
                what = f"{what} values that {one.name} was fitted to at {place(one.fitted)}"
                action = "Score rows that were not fitted, or call the score that of the training."
                yield Suspicion(what, Word.INVESTIGATE, "scored_on_fitted_rows", action)
                return


def _times(one: _OfFitted, found: Sequence[_OfFitted]) -> int:
    return sum(each.value == one.value for each in found)


def _of_fitted(seen: Seen) -> Iterator[_OfFitted]:
    fits = {(one.line.file, one.id): one for one in seen.fits if not one.is_search and one.y.sha}
    predicted = {(one.line.file, one.values.sha): fits.get((one.line.file, one.of)) for one in seen.predictions}
    for line in seen.witnessed.of("metric"):
        fit = predicted.get((line.file, fingerprint(part(line.facts, "predicted")).sha))
        value, true = number(line.facts, "value"), fingerprint(part(line.facts, "true"))
        if fit is not None and value is not None and true.sha == fit.y.sha:
            yield _OfFitted(line, value, fit.name, true.size, fit.line)


def _scores(table: TableFacts) -> Iterator[tuple[str, float, float]]:
    """Yield held-out scores: of a row `val_rmse, 0.31`, or of a column `val_rmse` of a few rows."""
    numeric = [one for one in table.columns if one.values]
    if len(table.labels) == table.rows and len(numeric) == 1:
        column = numeric[0]
        for label, value in zip(table.labels, column.values, strict=False):
            if _HELD_OUT.search(label.lower()):
                yield label, value, grain_of([value])
        return
    for column in numeric:
        if _HELD_OUT.search(column.name.lower()):
            yield from ((column.name, value, grain_of([value])) for value in column.values)


def _is(told: float, value: float, grain: float) -> bool:
    """Whether a score is a metric's value, or the root of it."""
    both = (value, math.sqrt(value)) if value > 0 else (value,)
    return any(abs(told - one) <= min(grain, 0.01 * abs(one) + 1e-12) + 1e-9 * abs(one) for one in both)
