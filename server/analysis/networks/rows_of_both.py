"""Were rows that a network is tested on trained on too, as where rows were copied before a split? Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from ..artefacts.facts import ColumnFacts, TableFacts
from ..design.quantities import plain
from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..results.edited import TRUTH
from ..results.truths import is_predicted
from ..witness import Line, Prediction
from ..witness.seen import Seen, place
from ..witness.values import text, texts, whole

_LEAST_SHARE, _LEAST_OF_REPEATED = 0.2, 0.1
"""So many of the rows, and where some are repeated among themselves: single ones were measured twice."""
_REPEATED = 0.97
_LEAST_KEYS, _LEAST_SHARED = 5, 3
_LEAST_DISTINCT = 0.5
"""Share of distinct rows among those that are predicted: of a few categories the same are everywhere."""
_FEW = 0.4
"""Share of the rows of a design: a test and a validation part may take half of them."""
_ROWS = re.compile(r"(?:(?:training|data|total|input)_)*(?:rows?|observations?|records|instances)")
_LEAST_WIDTH = 3
"""Rows of fewer numbers are settings that are measured again and again."""


def rows_of_both(seen: Seen, table: TableFacts) -> Iterator[Suspicion]:
    """Yield that a part of the rows of the results stood in all that the network was trained on.

    All rows are predicted by honest hands too: nothing is asked where no fewer rows are predicted than trained on.
    """
    if not any(_may_be_outcomes(one) for one in table.columns):
        return
    latest = max((whole(one.line.facts, "steps") or 0 for one in seen.forwards), default=0)
    for one in reversed(seen.forwards):
        if one.x.shape[:1] != (table.rows,) or (whole(one.line.facts, "steps") or 0) < latest:
            continue
        sources = _sources(seen, one)
        shares = [_shared(one, line) for line in sources]
        repeated = (one.x.distinct_rows or 0) < _REPEATED * table.rows
        if not sources or min(shares) < (_LEAST_OF_REPEATED if repeated else _LEAST_SHARE):
            continue
        what = f"of the {table.rows} rows of the results, which {one.name} predicted at {place(one.line)}, about"
        what = (
            f"{what} {min(shares):.0%} are among those that it was trained on at {place(sources[0])}, number by number"
        )
        action = "Split first, and copy or draw rows within the training part only; repeated measurements of one"
        yield Suspicion(what, Word.INVESTIGATE, "test_rows_trained", f"{action} thing belong into one part.")
        return


def few_rows_by_hand(evidence: Evidence, seen: Seen, table: TableFacts) -> Iterator[Suspicion]:
    """Yield that a loop without a loader trained on far fewer rows than the design has, and on fewer than it predicted.

    Rows of a design may be measurements, and those of a network windows of many: both are held against each other.
    """
    told = seen.witnessed.of("trained_rows")
    rows = evidence.design.requirements.items()
    asked = [(name, one.floor) for name, one in rows if _ROWS.fullmatch(name) and one.floor]
    known = told and all(one.facts.get("whole") is True for one in told) and not seen.witnessed.of("batches")
    evaluated = any(one.x.shape[:1] == (table.rows,) for one in seen.forwards)
    if not known or not asked or not evaluated or len({text(one.facts, "class") for one in told}) > 1:
        return
    most = max(told, key=lambda one: whole(one.facts, "distinct") or 0)
    (name, floor), count = asked[0], whole(most.facts, "distinct") or 0
    if count < min(_FEW * floor, table.rows):
        what = f"all that {text(most.facts, 'class')} was trained on at {place(most)} were {count} different rows;"
        what = f"{what} {evidence.design.source(name)} asks for {plain(floor)}, and {table.rows} were predicted"
        action = "Train on all rows of the training part in each epoch, or say in the design why it is so few."
        yield Suspicion(what, Word.INVESTIGATE, "part_of_the_rows", action)


def _may_be_outcomes(column: ColumnFacts) -> bool:
    """Whether a column may hold what was to be predicted: it is no prediction, varies, and counts no rows."""
    steps = {b >= a for a, b in pairwise(column.values) if a != b}
    return TRUTH.fullmatch(column.name) is not None or (not is_predicted(column.name) and len(steps) > 1)


def _sources(seen: Seen, one: Prediction) -> Sequence[Line]:
    """Return what tells of the rows that the network behind a prediction was trained on; none where not all is told.

    A copy of a network is trained as one of its class: then all of that class have to hold the rows.
    """
    loaders = [line for line in seen.witnessed.of("batches") if line.facts.get("trains") is True]
    told = [line for line in seen.witnessed.of("trained_rows") if text(line.facts, "class") == one.name]
    number = whole(one.line.facts, "trained")
    own = [line for line in told if number is not None and whole(line.facts, "id") == number]
    found = [*loaders, *(own or told)]
    return found if all(texts(line.facts, "row_keys") for line in found) else []


def _shared(one: Prediction, line: Line) -> float:
    """Return which share of the rows of a prediction is among those trained on, by the names that could be there."""
    known, distinct = set(texts(line.facts, "row_keys")), whole(line.facts, "distinct") or 0
    rows = one.x.distinct_rows or 0
    width = whole(line.facts, "width")
    if rows < _LEAST_DISTINCT * one.x.shape[0] or rows >= distinct or (width is not None and width < _LEAST_WIDTH):
        return 0.0
    asked = [key for key in one.x.row_keys if key <= max(known)]
    shared = sum(key in known for key in asked)
    return shared / len(asked) if len(asked) >= _LEAST_KEYS and shared >= _LEAST_SHARED else 0.0
