"""The status line that the requirement document has a trainer send every half hour, as one line of a poll's answer."""

from __future__ import annotations

import os

from ...documents.error_report import clock_time
from ...runtime.run_directory import RunStatus
from ...storage.record import Run
from ...vocabulary.errors import PathRefused
from ...vocabulary.runs import Phase, Role
from ...vocabulary.sanitize import one_line, outgoing
from ..desk import Desk
from ..watch import log_files

_TAIL_BYTES = 4096


def due(desk: Desk, run: Run, status: RunStatus) -> bool:
    """Whether this run's trainer got no status line for as long as the policy says."""
    every_s = desk.policy.watch.status_minutes * 60
    if desk.role is not Role.TRAINER or not status.state.running or status.elapsed_s < every_s:
        return False
    return desk.clock() - float(desk.ledger.note(_key(run)) or 0) >= every_s


def told(desk: Desk, run: Run) -> None:
    """Note that the line was sent."""
    desk.ledger.take_note(_key(run), repr(desk.clock()))


def line(desk: Desk, run: Run, status: RunStatus) -> str:
    """Return model, PID, elapsed of expected time, log file and state in one line."""
    quick = run.phase is Phase.QUICK
    expected_s = desk.policy.quick.max_minutes * 60 if quick else desk.policy.full.max_hours * 3600
    share = status.elapsed_s / expected_s
    took = f"{clock_time(status.elapsed_s)} of {clock_time(expected_s)} ({share:.0%})"
    over = "; above the maximum: continue, investigate or terminate" if share > 1 and not quick else ""
    return f"model {run.model}, PID {status.pid}, {took}, {run.log}, {status.state}{over}"


def last_line(desk: Desk, run: Run) -> str:
    """Return the log's last line, cleaned; empty when there is none."""
    try:
        log = desk.workspace.open_beneath(log_files.where(desk, run) or run.log, os.O_RDONLY)
    except PathRefused:
        return ""
    try:
        size = os.fstat(log).st_size
        tail = os.pread(log, _TAIL_BYTES, max(0, size - _TAIL_BYTES))
    finally:
        os.close(log)
    lines = [text for text in tail.decode("utf-8", "replace").split("\n") if text.strip()]
    return one_line(outgoing(lines[-1], 2_000), 160) if lines else ""


def _key(run: Run) -> str:
    return f"status:{run.id}"
