"""Is a column of scores the metric that it is called? By the calls of metrics that returned its values. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from ..artefacts.facts import ColumnFacts, TableFacts
from ..evidence.rounding import grain_of
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Line
from ..witness.seen import Seen, place
from ..witness.values import number, text

_CALLED = (
    (r"balanced_?acc(?:uracy)?", ("balanced_accuracy_score",)),
    (r"acc(?:uracy)?", ("accuracy_score",)),
    (r"f1", ("f1_score",)),
    (r"precision", ("precision_score",)),
    (r"recall|sensitivity", ("recall_score", "balanced_accuracy_score")),
    (r"mcc|matthews(?:_corrcoef)?", ("matthews_corrcoef",)),
    (r"(?:cohens?_)?kappa", ("cohen_kappa_score",)),
    (r"(?:roc_?)?auc(?:_?roc)?", ("roc_auc_score", "average_precision_score")),
    (r"average_precision|pr_?auc|auc_?pr|auprc", ("average_precision_score",)),
    (r"log_?loss", ("log_loss",)),
    (r"brier(?:_score)?(?:_loss)?", ("brier_score_loss", "mean_squared_error")),
    (r"rmse", ("root_mean_squared_error", "mean_squared_error")),
    (r"mse", ("mean_squared_error",)),
    (r"mae", ("mean_absolute_error",)),
    (r"mape", ("mean_absolute_percentage_error",)),
    (r"r2|r_?squared", ("r2_score", "explained_variance_score")),
)
"""What columns are called, and by which calls their values may be computed."""
_SAME = (
    ("accuracy_score", ("recall_score",), "weighted"),
    ("accuracy_score", ("recall_score", "precision_score", "f1_score"), "micro"),
    ("balanced_accuracy_score", ("recall_score",), "macro"),
)
"""What is the same figure by another call, of these averages: each may be computed by the other."""
_AROUND = re.compile(r"(?:^|_)(?:test|val|valid|valid(?:ation)?|train|cv|oof|mean|score|held_?out)(?=_|$)")
_AVERAGE = re.compile(r"(?:^|_)(macro|micro|weighted)(?=_|$)")
_LEAST_ROWS, _LEAST_DIGITS = 2, 1e-3


def score_names(seen: Seen, table: TableFacts) -> Iterator[Suspicion]:
    """Yield that all values of a column are what another metric returned than the one that it is called, and none its.

    Not asked where more calls were made than were told.
    """
    lines = seen.witnessed.of("metric")
    if not lines or any(text(one.facts, "of") == "metric" for one in seen.witnessed.of("more")):
        return
    for column in table.columns:
        calls, average = _called(column.name)
        if not calls or not _is_fine(column, table.rows):
            continue
        own = [one for one in lines if _may_be(one, calls, average)]
        other = [one for one in lines if one not in own]
        if not any(_returned(value, own, column) for value in column.values) and all(
            _returned(value, other, column) for value in column.values
        ):
            line = next(one for one in other if _returned(column.values[0], [one], column))
            how = f" (average {text(line.facts, 'average')})" if text(line.facts, "average") else ""
            what = f"column {column.name} of the results has what {text(line.facts, 'call')}{how} returned at"
            what = f"{what} {place(line)}, in each of its {table.rows} rows, and nothing that its own metric did"
            action = "Call the column by the metric that was computed, or compute the one that it is called."
            yield Suspicion(what, Word.INVESTIGATE, "score_of_another_name", action)
            return


def _called(name: str) -> tuple[tuple[str, ...], str]:
    """Return the calls that a column's name stands for, and how classes are averaged; none for other names."""
    words = re.sub(r"[\W_]+", "_", name.lower()).strip("_")
    average = found[1] if (found := _AVERAGE.search(words)) else ""
    bare = _AVERAGE.sub("", _AROUND.sub("", words)).strip("_")
    return next((calls for pattern, calls in _CALLED if re.fullmatch(pattern, bare)), ()), average


def _is_fine(column: ColumnFacts, rows: int) -> bool:
    """Whether its values are told apart from others: several, and rounded to three digits at most."""
    several = len(column.values) == rows >= _LEAST_ROWS and len(set(column.values)) >= _LEAST_ROWS
    return several and grain_of(column.values) < _LEAST_DIGITS


def _may_be(line: Line, calls: Sequence[str], average: str) -> bool:
    told, call = text(line.facts, "average"), text(line.facts, "call")
    for same, others, which in _SAME:
        if (same in calls and call in others and told == which) or (
            call == same and average == which and set(calls) & set(others)
        ):
            return True
    return call in calls and (not average or not told or average == told)


def _returned(value: float, lines: Sequence[Line], column: ColumnFacts) -> bool:
    """Whether one of the calls returned a value, its root, or the same in per cent."""
    near = grain_of(column.values) + 1e-9 * abs(value)
    told = (one for line in lines if (one := number(line.facts, "value")) is not None)
    return any(abs(value - each) <= near for one in told for each in (one, 100 * one, math.sqrt(abs(one))))
