"""Are the labels in the results the best of many that were scored by the outcomes of the same rows? Pure.

So a threshold is chosen on the test: each one is scored, and the labels by the best are handed in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..artefacts.facts import TableFacts
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Fingerprint, Line, fingerprint
from ..witness.seen import Seen, place
from ..witness.values import number, part, text
from .blended import bag_of

_MOST_SCORED = 10
_LESS_IS_BETTER = re.compile(r"error|loss|brier|deviance|hamming", re.IGNORECASE)
_MOST_KINDS = 32


def best_of_scores(seen: Seen, table: TableFacts) -> Iterator[Suspicion]:
    """Yield that a column of labels is the one with the best of many scores at one place, by the same outcomes."""
    places: dict[tuple[str, str, str], list[tuple[Line, Fingerprint, float]]] = {}
    for line in seen.witnessed.of("metric"):
        truth, value = fingerprint(part(line.facts, "true")), number(line.facts, "value")
        if truth.sha and truth.size == table.rows and value is not None:
            key = (text(line.facts, "call"), line.where, truth.sha)
            places.setdefault(key, []).append((line, fingerprint(part(line.facts, "predicted")), value))
    labels = [one for one in table.columns if one.counts and 1 < len(one.counts) <= _MOST_KINDS and one.values]
    for (call, where, _), scored in places.items():
        if len({told.bag for _, told, _ in scored}) < _MOST_SCORED:
            continue
        best = (min if _LESS_IS_BETTER.search(call) else max)(scored, key=lambda one: one[2])
        column = next(
            (one for one in labels if bag_of(one.values) == best[1].bag and len(one.values) == table.rows), None
        )
        if column is not None and best[1].bag != scored[-1][1].bag:  # the last of many looks is no choice
            what = f"{call} was computed {len(scored)} times at {where} by the outcomes of the {table.rows} rows of the"
            what = f"{what} results, of other labels each time; column {column.name} has those of the best,"
            what = f"{what} {best[2]:.4g} at {place(best[0])}"
            action = "Choose the threshold by rows that are not scored with it, or by the design, and say which."
            yield Suspicion(what, Word.INVESTIGATE, "chosen_by_its_score", action)
            return
