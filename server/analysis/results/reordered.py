"""Do predictions stand beside the outcomes that they were made for? Pure.

A table may be sorted, but then whole rows move: what was predicted of a row and its outcome stay together.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from ..artefacts.facts import ColumnFacts, TableFacts
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Fingerprint, Prediction
from ..witness.seen import Seen, place
from .blended import in_another_order
from .left_out import targets
from .predicted import grain_of

_MOST_APART = 0.5
"""Of more rows than this the outcome is another one where columns were sorted each on its own."""


def reordered(seen: Seen, table: TableFacts) -> Iterator[Suspicion]:
    """Yield that a column holds what was predicted and another one the outcomes, but not row by row."""
    whole = [one for one in table.columns if len(one.values) == table.rows]
    sized = [one for one in seen.predictions if one.values.size == table.rows and one.x.sha]
    known = targets(seen) if sized and whole else {}
    for one in sized:
        beside = known.get(one.x.sha, ())
        target = next((each for each in beside if len(each.at) == len(one.values.at)), None)
        for mine, outcome in _pairs(whole, one, target) if target is not None else ():
            apart = _apart(mine, outcome, [*zip(one.values.at, target.at, strict=True)]) if target is not None else 0.0
            if apart > _MOST_APART:
                what = f"column {mine.name} of the results holds what {one.name} predicted at {place(one.line)} and"
                what = f"{what} column {outcome.name} the outcomes of these rows, but of {apart:.0%} not side by side"
                action = "Sort whole rows, or say why the two columns are in an order of their own."
                yield Suspicion(what, Word.INVESTIGATE, "predictions_reordered", action)
                return


def _pairs(
    whole: Sequence[ColumnFacts], one: Prediction, target: Fingerprint
) -> Iterator[tuple[ColumnFacts, ColumnFacts]]:
    """Yield which columns hold all that is told of the prediction, and which all that is told of the outcomes."""
    mine = [each for each in whole if in_another_order(each.values, one.values.at, grain_of(each.values))]
    theirs = [each for each in whole if mine and in_another_order(each.values, target.at, grain_of(each.values))]
    yield from ((each, other) for each in mine for other in theirs if each is not other)


def _apart(mine: ColumnFacts, outcome: ColumnFacts, told: Sequence[tuple[float, float]]) -> float:
    """Return of which share of the rows that are told the outcome does not stand beside the prediction."""
    asked = [(value, truth) for value, truth in told if math.isfinite(value) and math.isfinite(truth)]
    rows = [*zip(mine.values, outcome.values, strict=True)]
    near, by = grain_of(mine.values), grain_of(outcome.values)
    together = sum(any(_is(value, a, near) and _is(truth, b, by) for a, b in rows) for value, truth in asked)
    return 1 - together / len(asked) if asked else 0.0


def _is(told: float, value: float, grain: float) -> bool:
    return abs(told - value) <= grain + 1e-6 * abs(told)
