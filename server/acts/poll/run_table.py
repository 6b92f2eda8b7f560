"""The table of runs for people."""

from __future__ import annotations

from typing import Any

from ...documents.error_report import clock_time
from ...storage.record import Run
from ...vocabulary.errors import StorageFailed
from ...vocabulary.runs import Level
from ...vocabulary.sanitize import one_line
from ..desk import Desk
from ..watch import look

MOST_RUNS = 50
_COLUMNS = ("run", "state", "elapsed", "cpu", "failures", "report", "verdict", "note")


def rows(desk: Desk) -> list[dict[str, Any]]:
    """Return one row a run, newest last; active ones are looked at first."""
    return [_row(desk, one) for one in desk.ledger.runs(newest=MOST_RUNS)]


def _row(desk: Desk, run: Run) -> dict[str, Any]:
    try:
        try:
            status = look.look_at(desk, run.id).status
        except StorageFailed:  # it cannot be recorded; it can be read all the same
            status = look.Watcher(desk, run).glance().status
    except Exception as error:  # one run that cannot be read must not hide the others
        return {**dict.fromkeys(_COLUMNS, ""), "run": run.id, "state": "unreadable", "note": one_line(str(error), 60)}
    findings = desk.ledger.findings(run=run.id)
    reports = desk.ledger.reports(run=run.id)
    verdicts = desk.ledger.verdicts(run=run.id)
    return {
        "run": run.id,
        "state": str(status.state),
        "elapsed": clock_time(status.elapsed_s),
        "cpu": clock_time(status.cpu_s) if status.cpu_s is not None else "",
        "failures": sum(1 for one in findings if one.level is Level.FAILURE),
        "report": f"{reports[-1].id} {reports[-1].status}" if reports else "",
        "verdict": verdicts[-1].word if verdicts else "",
        "note": one_line(status.reason, 60),
    }


def table(found: list[dict[str, Any]]) -> str:
    """Return rows as aligned text."""
    if not found:
        return "No run yet. Start one: watchkeeper start MODEL quick"
    cells = [_COLUMNS, *(tuple(str(row[name]) for name in _COLUMNS) for row in found)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(_COLUMNS))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join(lines)
