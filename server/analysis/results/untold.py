"""Numbers that nothing was seen to compute: epochs told when all was over, results that stand in the script. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from ..artefacts.facts import ColumnFacts, TableFacts
from ..counted.counts import Counts
from ..design.quantities import plain
from ..evidence.checks import Check, failed, span
from ..evidence.evidence import Evidence
from ..evidence.words import Word
from ..scripts.program import Program
from ..witness import Line
from ..witness.seen import place
from ..witness.values import text

_AT_THE_END = 0.8
"""From this share of a run on its history was written when all was over."""
_LEAST_VALUES = 3


def epochs(evidence: Evidence, counts: Counts) -> Check | None:
    """Did anything tell of the epochs while they went on? None where a library was seen to train, or something did."""
    seen, told = evidence.seen, counts.get("epochs")
    if seen is None or not seen.whole or seen.kinds or told is None or told.source != "history":
        return None
    if evidence.started_at is None or not evidence.handover.history:
        return None
    first = min((one for one in seen.witnessed.of("write") if _is_history(one, evidence)), key=_at, default=None)
    if first is None or first.at - evidence.started_at < _AT_THE_END * evidence.wall_s:
        return None
    after = span(first.at - evidence.started_at)
    what = f"{plain(told.value)} epochs stand in {evidence.handover.history}, which was written first at {place(first)}"
    what = f"{what}, {after} after the start: until then nothing told of them, and no library was seen to train"
    action = "Let the script tell each epoch when it is done: print it, or add its row to the history then."
    return failed("epochs", f"{what} (witnessed)", Word.INVESTIGATE, "epochs_after_the_fact", action)


def _is_history(line: Line, evidence: Evidence) -> bool:
    return text(line.facts, "path") == evidence.handover.history and text(line.facts, "by") != "remove"


def _at(line: Line) -> float:
    return line.at


def typed(table: TableFacts, program: Program | None) -> str:
    """Return the column whose numbers all stand in the script, where that is so of every column; else nothing.

    Whole numbers that count the rows are left out; a column of whole numbers alone proves nothing.
    """
    columns = [one for one in table.columns if one.values and not _counts_rows(one)]
    if program is None or not columns or any(len(one.values) < _LEAST_VALUES for one in columns):
        return ""
    known = _literals(program)
    if not all(value in known for one in columns for value in one.values):
        return ""
    broken = (one.name for one in columns if any(value != int(value) for value in one.values))
    return next(broken, "")


def _counts_rows(column: ColumnFacts) -> bool:
    begin = column.values[0]
    return all(value == begin + number for number, value in enumerate(column.values))


def _literals(program: Program) -> frozenset[float]:
    trees = (unit.tree for unit in program.units if unit.tree is not None)
    return frozenset(_numbers(node for tree in trees for node in ast.walk(tree)))


def _numbers(nodes: Iterable[ast.AST]) -> Iterable[float]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and abs(node.value) < 1e300:
            yield float(node.value)
            yield -float(node.value)
