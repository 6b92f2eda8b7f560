"""Rows that a network was evaluated on and that do not stand in the results, between others that do. Pure.

The rows keep their order where some are dropped, so each told output is looked for near its place, on a straight line
that two outputs near the ends fix; of logarithms too.
"""

from __future__ import annotations

import itertools
import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from ..artefacts.facts import ColumnFacts, TableFacts
from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..results.left_out import leave_all, scattered
from ..results.predicted import grain_of
from ..results.truths import is_predicted
from ..witness import Prediction
from ..witness.seen import Seen, place

_LEAST_KEPT = 0.8
"""Of fewer of the rows a table is a part: the test among all, what is shown."""
_LEAST_FOUND, _LEAST_TOLD = 0.6, 20
_TRIED = 10
"""So many rows may be dropped before the second told output, and behind the last but one."""
_FINE = 1e-3
_MOST_BLOCKS = 20
_ASIDE, _MOST_BY_CHANCE = 3.7, 0.2
"""So far aside, in what rounding hides, is looked whether as much stands there by chance: tables may be dense."""
_SAID = re.compile(r"exclu|drop(?!out)|missing|filter|flag|complete cases|outlier|remov|quality|omit", re.IGNORECASE)


def left_out_of_outputs(evidence: Evidence, seen: Seen, table: TableFacts) -> Iterator[Suspicion]:
    """Yield that a column has what a network returned, without some rows in between, and the design says no word."""
    if _SAID.search(evidence.design.prose):
        return
    columns = [one for one in table.columns if len(one.values) == table.rows and is_predicted(one.name)]
    for one, column in itertools.product(reversed(seen.forwards[-_MOST_BLOCKS:]), columns):
        size = one.values.size
        told = len(one.values.at) == len(one.values.places) >= _LEAST_TOLD and all(map(math.isfinite, one.values.at))
        if not told or one.values.shape[1:] not in ((), (1,)) or not table.rows < size <= table.rows / _LEAST_KEPT:
            continue
        if any(other.values.size == table.rows and other.line.where == one.line.where for other in seen.forwards):
            continue  # the same place evaluated just these rows too
        kept = _kept(column, one)
        if kept and scattered(kept):
            what = f"{one.name} returned {size} values at {place(one.line)}, column {column.name} of the results has"
            what = f"{what} {table.rows} of them: {size - table.rows} rows were left out here and there"
            yield Suspicion(what, Word.INVESTIGATE, "rows_left_out", leave_all(size))
            return


def _kept(column: ColumnFacts, one: Prediction) -> list[bool]:
    """Return which told outputs stand near their places in a column; empty where it is not made of them."""
    grain = grain_of(column.values)
    scales = [([*column.values], grain)]
    if min(column.values) > 0:
        scales.append(([math.log(each) for each in column.values], grain / min(column.values)))
    for values, near in scales:
        slack = near + 1e-6 * max(map(abs, values))
        if slack < _FINE * (max(values) - min(values)):
            known = sorted((each, row) for row, each in enumerate(values))
            lines = (_on_a_line(values, known, one, *ends, slack) for ends in itertools.product(*_anchors(values, one)))
            if kept := next((each for each in lines if each), None):
                return kept
    return []


def _anchors(values: Sequence[float], one: Prediction) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return which told output may stand in which row of the table, near both of its ends.

    The very first and the very last rows stand there if they were kept; else the told ones beside them, moved by as
    many rows as were dropped before or behind.
    """
    rows, size = one.values.places, len(values)
    dropped, last = one.values.size - size, len(rows) - 1
    moved = range(min(dropped, _TRIED) + 1)
    begin = [(0, 0), *((1, rows[1] - by) for by in moved if rows[1] >= by)]
    behind = one.values.size - 1 - rows[last - 1]
    end = [(last, size - 1), *((last - 1, size - 1 - behind + by) for by in moved if by <= behind)]
    return begin, end


def _on_a_line(
    values: Sequence[float],
    known: Sequence[tuple[float, int]],
    one: Prediction,
    begin: tuple[int, int],
    end: tuple[int, int],
    slack: float,
) -> list[bool]:
    """Return which told outputs stand near their places on the line through two of them; empty where too few do.

    :param known: values with their rows, in the order of the values.
    """
    told = one.values.at
    run = told[end[0]] - told[begin[0]]
    if not run:
        return []
    slope = (values[end[1]] - values[begin[1]]) / run
    level = values[begin[1]] - slope * told[begin[0]]
    near = slack * (2 + 2 * max(abs(each - told[begin[0]]) for each in told) / abs(run))
    targets = [level + slope * each for each in told]
    kept = _found(known, targets, one, near, _LEAST_FOUND)
    aside = (_found(known, [each + by for each in targets], one, near, 0.0) for by in (_ASIDE * near, -_ASIDE * near))
    return kept if kept and all(sum(each) <= _MOST_BY_CHANCE * len(told) for each in aside) else []


def _found(
    known: Sequence[tuple[float, int]], targets: Sequence[float], one: Prediction, near: float, least: float
) -> list[bool]:
    """Return which numbers stand near their places; empty as soon as it is known that fewer than a share do."""
    found, missed, dropped = list[bool](), 0, one.values.size - len(known)
    for row, target in zip(one.values.places, targets, strict=True):
        first, last = bisect_left(known, (target - near, -1)), bisect_right(known, (target + near, row))
        found.append(any(row - dropped <= at <= row for _, at in itertools.islice(known, first, last)))
        missed += not found[-1]
        if missed > (1 - least) * len(targets):
            return []
    return found
