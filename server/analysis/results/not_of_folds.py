"""Does a column of predictions hold nothing of what the folds predicted that together are all of its rows? Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from statistics import fmean, pstdev

from ..artefacts.facts import ColumnFacts, TableFacts
from ..evidence.match import Match
from ..evidence.rounding import grain_of
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Prediction
from ..witness.seen import Seen, place
from .baselines import calls_itself_baseline
from .edited import PREDICTED, TRUTH

_LEAST_FOLDS, _LEAST_TOLD = 3, 40
_LEAST_DISTINCT = 0.8
_MOST_THERE = 0.1
"""Share of the told values that may stand in a column by chance."""
_DENSE = 0.05
"""So near to each other may rounded values lie, as a share of the room that each has: else any number is found."""
_SPREADS = (0.15, 1.5)


def not_of_folds(seen: Seen, table: TableFacts, found: Sequence[Match]) -> Iterator[Suspicion]:
    """Yield that nothing of what the folds of one model predicted stands in a column of predictions of all rows.

    Only where they predicted on the scale of the outcomes, once each row, and nothing else predicted in folds, which a
    mean of several would be made of; not beside networks and samplers.
    """
    folds = [*_of_folds(seen, table.rows)]
    if (
        len(folds) != 1
        or seen.steps
        or seen.samplings
        or any(one.values.size == table.rows for one in seen.predictions)
    ):
        return
    told, known = [value for one in folds[0] for value in one.values.at], {one.column for one in found}
    truths = [one for one in table.columns if TRUTH.fullmatch(one.name) and len(one.values) == table.rows]
    for column in (one for one in table.columns if _is_asked(one, table.rows) and one.name not in known):
        if any(_on_one_scale(told, one) for one in truths) and _there(told, column) <= _MOST_THERE * len(told):
            first = folds[0][0]
            what = (
                f"column {column.name} of the results holds {_there(told, column)} of the {len(told)} values that are"
            )
            what = (
                f"{what} told of what the {len(folds[0])} folds of {first.name} predicted at {place(first.line)}, which"
            )
            what = f"{what} are all {table.rows} rows: its numbers are made of something else"
            action = "Write what each fold predicted of the rows that it held out, or say how the column is made."
            yield Suspicion(what, Word.INVESTIGATE, "not_what_folds_predicted", action)
            return


def _of_folds(seen: Seen, rows: int) -> Iterator[list[Prediction]]:
    """Yield the predictions of one class at one place that are of other rows each as far as known, and of so many."""
    groups: dict[tuple[str, str], list[Prediction]] = {}
    for one in seen.predictions:
        groups.setdefault((one.name, one.line.where), []).append(one)
    for each in groups.values():
        known = [one.x.sha for one in each if one.x.sha]  # of the last ones there was no time for a digest
        different = len(set(known)) == len(known) and len({one.values.at for one in each}) == len(each)
        if different and len(each) >= _LEAST_FOLDS and sum(one.values.size for one in each) == rows:
            yield each


def _is_asked(column: ColumnFacts, rows: int) -> bool:
    if not PREDICTED.fullmatch(column.name) or TRUTH.fullmatch(column.name) or calls_itself_baseline(column.name):
        return False
    told = column.values
    fine = len(told) == rows and len(set(told)) >= _LEAST_DISTINCT * rows
    return fine and 2 * grain_of(told) * rows <= _DENSE * (max(told) - min(told)) * 2


def _on_one_scale(told: Sequence[float], truth: ColumnFacts) -> bool:
    spread = pstdev(truth.values)
    if len(told) < _LEAST_TOLD or not spread or abs(fmean(told) - fmean(truth.values)) > 0.5 * spread:
        return False
    return _SPREADS[0] <= pstdev(told) / spread <= _SPREADS[1]


def _there(told: Sequence[float], column: ColumnFacts) -> int:
    """Return how many values stand in a column, as far as it is rounded."""
    ranked, grain = sorted(column.values), grain_of(column.values)
    slack = [grain + 1e-6 * abs(value) for value in told]
    places = [bisect_left(ranked, value - by) for value, by in zip(told, slack, strict=True)]
    return sum(at < len(ranked) and ranked[at] <= value + by
               for at, value, by in zip(places, told, slack, strict=True))  # fmt: skip
