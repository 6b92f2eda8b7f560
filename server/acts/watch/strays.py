"""What a run left alive when its main process ended: a script may launch the real training detached and exit with 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...runtime.engines import Process
from ...runtime.run_directory import RunStatus
from ...storage.record import Run
from ...vocabulary.errors import PathRefused
from ...vocabulary.runs import ErrorType, Finding, Level, RunState
from ...vocabulary.sanitize import one_line, outgoing
from ..desk import Desk

_MOST_NAMED = 2


def going_on(desk: Desk, run: Run, status: RunStatus) -> RunStatus:
    """Return where a run stands when what it left behind is counted in.

    One that ended with exit status 0 and whose processes live is running: what they print is read, nothing is started
    beside it, and its end is recorded when the last of them is gone. Of any other the reason names them.
    """
    if not status.state.final or not status.settled or not status.strays:
        return status
    if status.host:
        return replace(status, reason=f"{status.reason} What it left on {status.host} cannot be seen here.".strip())
    left = desk.engine.living(desk.workspace.run_dir(run.id))
    if run.ended or status.state is not RunState.COMPLETED:
        return replace(status, reason=f"{status.reason} Still alive: {named(left)}.".strip()) if left else status
    if not left:
        return replace(status, log_end=_end_of_log(desk, run, status))
    began = status.started_at if status.started_at is not None else desk.clock()
    return replace(
        status,
        state=RunState.RUNNING,
        reason=f"Its main process ended with exit status 0, what it left goes on: {named(left)}. "
        f"If that is no part of it: stop_training(run={run.id!r}, reason=…).",
        exit_code=None,
        ended_at=None,
        elapsed_s=max(status.elapsed_s, desk.clock() - began),
        log_end=None,
    )


def past_limit(run: Run, status: RunStatus) -> Finding | None:
    """Return the failure of a run whose main process ended and whose rest went on past the run's limit."""
    if run.limit_s is None or status.state is not RunState.RUNNING or not status.strays:
        return None
    if status.elapsed_s <= run.limit_s:
        return None
    return Finding(
        kind="limit",
        level=Level.FAILURE,
        type=ErrorType.INFRASTRUCTURE,
        message=f"what its main process left was ended at the limit of {run.limit_s / 60:g} min; it holds for that too",
        fingerprint="limit of what was left",
    )


def named(left: Sequence[Process]) -> str:
    """Return the first of some processes by pid and program, and how many more there are."""
    names = [f"{one.pid} ({_program(one.command)})" for one in left[:_MOST_NAMED]]
    more = [f"{len(left) - _MOST_NAMED} more"] if len(left) > _MOST_NAMED else []
    return ", ".join([*names, *more])


def _program(command: str) -> str:
    """Return the name of a program: a poll has no room for its arguments."""
    first = command.split(" ", 1)[0].rpartition("/")[2]
    return one_line(outgoing(first, 200), 20) or "?"


def _end_of_log(desk: Desk, run: Run, status: RunStatus) -> int | None:
    """Return where the run's part of its log ends: behind what was printed after its main process had ended."""
    try:
        about = desk.workspace.about(run.log)
    except PathRefused:
        about = None
    size = about.size_bytes if about is not None else 0
    return status.log_end if status.log_end is None else max(status.log_end, size)
