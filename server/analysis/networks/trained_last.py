"""Were the rows of the results among those that their network was trained on last, before it predicted them? Pure.

Of folds each holds out what others train on, so what counts is the training before a prediction: the last fit of the
same object (Keras), the loader that gave the last batch before (torch).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..artefacts.facts import TableFacts
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..results.edited import TRUTH
from ..results.predicted import matches
from ..witness import Fit, Line, Prediction
from ..witness.seen import Seen, place, tells_rows
from ..witness.values import number, text, texts, whole

_LEAST_KEYS, _MOST_HELD = 3, 20
_ACTION = "Train without the rows that are predicted, also in the last stage, or call these figures those of trained"


def trained_on_last(
    seen: Seen, table: TableFacts, returned: Sequence[tuple[str, Prediction]] = ()
) -> Iterator[Suspicion]:
    """Yield that the rows of a column are a part of those that were trained on last, beside their outcomes.

    :param returned: columns that are what a network of torch returned. All rows that were trained on are fitted values.
    """
    if any(TRUTH.fullmatch(one.name) for one in table.columns):
        found = (*_of_loaders(seen, returned), *_of_keras(seen, table))
        for column, one, where, known, size in found:
            if _are_part(one, known, size):
                what = f"the {one.x.distinct_rows} rows that column {column} was predicted of are among the {size} that"
                what = f"{what} {one.name or 'the network'} was trained on last before, at {where}, and the results"
                yield Suspicion(
                    f"{what} have their outcomes beside", Word.INVESTIGATE, "trained_rows_predicted", f"{_ACTION} rows."
                )
                return


_Source = tuple[str, Prediction, str, Sequence[str], int]
"""A column, what predicted it, where that was trained last, the names of rows of that training, their number."""


def _of_loaders(seen: Seen, returned: Sequence[tuple[str, Prediction]]) -> Iterator[_Source]:
    loaders = [one for one in seen.witnessed.of("batches") if one.facts.get("trains") is True]
    for column, one in returned:
        steps = whole(one.line.facts, "steps") or 0
        own = [line for line in loaders if line.file == one.line.file and 0 < _last(line) <= steps]
        if own and (line := max(own, key=_last)):
            yield column, one, place(line), texts(line.facts, "row_keys"), whole(line.facts, "distinct") or 0


def _of_keras(seen: Seen, table: TableFacts) -> Iterator[_Source]:
    told = [one for one in seen.predictions if text(one.line.facts, "library") == "keras"]
    for one in told[-_MOST_HELD:]:
        fit = seen.fit_of(one)
        found = matches(table, (one,)) if fit is not None and fit.x.row_keys else []
        if fit is not None and found and (one.x.distinct_rows or 0) > _held_out(fit):
            yield found[0].column, one, place(fit.line), fit.x.row_keys, fit.x.distinct_rows or 0


def _held_out(fit: Fit) -> float:
    """Return how many of its rows a fit of Keras kept for validation itself: they are among its own, untrained."""
    return (number(fit.params, "validation_split") or 0.0) * (fit.x.distinct_rows or 0)


def _last(line: Line) -> int:
    return whole(line.facts, "last_step") or 0


def _are_part(one: Prediction, keys: Sequence[str], size: int) -> bool:
    known = set(keys)
    asked = [key for key in one.x.row_keys if known and key <= max(known)]
    fewer = 0 < (one.x.distinct_rows or 0) < size
    return tells_rows(one.x) and fewer and len(asked) >= _LEAST_KEYS and known.issuperset(asked)
