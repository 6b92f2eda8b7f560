"""Are the outcomes in the results those that were held out, or were some of them changed? Pure.

Outcomes in another order, rounded, scaled or as classes under other names are honest: then none or all of them differ.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import fmean

from ..artefacts.facts import ColumnFacts, TableFacts
from ..design.quantities import plain
from ..evidence.rounding import grain_of
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Fingerprint, Line, fingerprint
from ..witness.seen import Seen, place
from ..witness.values import part
from .edited import PREDICTED, TRUTH
from .outcomes_left_out import held_outcomes

_MOSTLY = 0.7
_LEAST_ROWS = 20


def outcomes_changed(seen: Seen, table: TableFacts) -> Iterator[Suspicion]:
    """Yield that most outcomes stand in their rows as they were held out, and the mean of all is another one."""
    if table.rows < _LEAST_ROWS:
        return
    for line, held in (*held_outcomes(seen), *_scored(seen)):
        if held.size != table.rows or held.nonfinite or held.sampled or held.mean is None:
            continue
        for column in table.columns:
            if PREDICTED.fullmatch(column.name) or not _is_changed(column, held):
                continue
            ours = fmean(column.values)
            what = f"column {column.name} of the results has most of the {held.size} outcomes of {place(line)} in their"
            what = f"{what} rows, and others in some: their mean is {plain(round(ours, 6))}, not"
            what = f"{what} {plain(round(held.mean, 6))}"
            action = (
                "Leave the outcomes as they were measured; say in a column of its own which ones are doubted, and why."
            )
            yield Suspicion(what, Word.INVESTIGATE, "outcomes_changed", action)
            return


def _scored(seen: Seen) -> Iterator[tuple[Line, Fingerprint]]:
    """Yield the outcomes that scores were computed of, each with its line."""
    yield from ((line, fingerprint(part(line.facts, "true"))) for line in seen.witnessed.of("metric")[:1])


def _is_changed(column: ColumnFacts, held: Fingerprint) -> bool:
    if len(column.values) != held.size or len(held.at) != len(held.places) or not TRUTH.fullmatch(column.name):
        return False
    grain = 1e-9 if all(map(float.is_integer, held.at)) else grain_of(column.values)
    pairs = [(column.values[at], value) for at, value in zip(held.places, held.at, strict=True)]
    same = sum(abs(ours - theirs) <= grain + 1e-9 * abs(theirs) for ours, theirs in pairs if math.isfinite(theirs))
    slack = grain / math.sqrt(held.size) * 3 + 1e-9 * (abs(held.mean or 0.0) + (held.sd or 0.0))
    moved = abs(fmean(column.values) - (held.mean or 0.0)) > slack
    by_chance = max(map(column.values.count, set(column.values))) / held.size
    return moved and same >= max(_MOSTLY, (1 + by_chance) / 2) * len(pairs)
