"""Were predictions calibrated by the very outcomes that they are scored on? Pure.

The fit that puts them right was given what another model returned, and the outcomes of the rows of the results.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ..artefacts.facts import ColumnFacts, TableFacts
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..results.predicted import grain_of, matches
from ..results.transformed import follows
from ..witness import Fingerprint, Fit, Prediction
from ..witness.seen import Seen, place

_LEAST_ROWS = 20
_LEAST_OF_A_CLASS = 3
"""So many told rows of the rarer class, or other values, tell one column of outcomes from others."""


def calibrated_on_scored(seen: Seen, table: TableFacts) -> Iterator[Suspicion]:
    """Yield that a fit to a column of the results took predictions of the same rows, and a further column is its."""
    for match in matches(table, seen.predictions):
        fit = seen.fit_of(match.prediction)
        if fit is None or fit.is_search or not fit.x.sha or fit.x.sha != match.prediction.x.sha:
            continue
        truth = next((one for one in table.columns if one.name != match.column and _is_target(one, fit.y)), None)
        source = _source(seen, fit)
        if truth is not None and source is not None and fit.y.size == table.rows:
            what = (
                f"{fit.name} was fitted at {place(fit.line)} to what {source.name} returned for the {table.rows} rows"
            )
            what = f"{what} of the results and to their {truth.name}; column {match.column} is what it then returned"
            action = "Calibrate on rows that are not scored, or call these figures those of fitted rows."
            yield Suspicion(what, Word.INVESTIGATE, "calibrated_on_scored", action)
            return


def _is_target(column: ColumnFacts, told: Fingerprint) -> bool:
    """Whether a column is what a fit was to explain, at all places that are told of it; classes too."""
    if len(column.values) != told.size or len(told.at) != len(told.places) or len(told.at) < _LEAST_ROWS:
        return False
    rarest = Counter(told.at).most_common()[1:]
    if sum(count for _, count in rarest) < _LEAST_OF_A_CLASS:
        return False
    near = grain_of(column.values)
    return all(abs(column.values[at] - one) <= near + 1e-9 * abs(one)
               for at, one in zip(told.places, told.at, strict=True))  # fmt: skip


def _source(seen: Seen, fit: Fit) -> Prediction | None:
    """Return which prediction of another model a fit was given, as it was returned or as it rises with it.

    What another model predicted of the same single column, or afterwards, may rise with it too. Networks tell what
    they returned when all is over.
    """
    for one in (*seen.forwards, *seen.predictions):
        if one.of == fit.id and one.line.file == fit.line.file and one.of is not None:
            continue
        if one.x.sha == fit.x.sha or (one.line.kind == "predict" and one.line.at > fit.line.at):
            continue
        same = one.values.sha == fit.x.sha and one.values.sha
        rises = one.values.size == fit.x.size and follows(fit.x.at, one.values.at)
        if same or rises:
            return one
    return None
