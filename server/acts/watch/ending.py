"""The end of a run: the event that the record keeps, the failure that lies in it, the timing file."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from ...analysis.logs import crash
from ...documents.timing import Timing, timing
from ...runtime.run_directory import RunStatus
from ...storage.record import Finding as Recorded
from ...storage.record import Run
from ...storage.record.records import RunEnded
from ...vocabulary.errors import WatchkeeperError
from ...vocabulary.runs import ErrorType, Finding, Level, RunState
from ..desk import Desk
from . import log_files


def finding(status: RunStatus, *, goes_on: bool = False) -> Finding | None:
    """Return the failure that lies in how a run ended, where the log cannot tell it; None when there is none.

    :param goes_on: the policy lets another attempt go on from its checkpoint without the director.
    """
    types = {
        RunState.NEVER_STARTED: ErrorType.INFRASTRUCTURE,
        RunState.LOST: ErrorType.INFRASTRUCTURE,
        RunState.INTERRUPTED: ErrorType.INFRASTRUCTURE,
        RunState.TIMED_OUT: ErrorType.INFRASTRUCTURE,
        RunState.OUT_OF_MEMORY: ErrorType.RESOURCE,
    }
    stopped_at_once = status.state is RunState.NEVER_STARTED and status.stop is not None
    if status.state not in types or stopped_at_once:
        return None
    kind = "limit" if status.state is RunState.TIMED_OUT else "exit"
    return Finding(
        kind=kind,
        level=Level.FLAG if goes_on else Level.FAILURE,
        type=types[status.state],
        message=status.reason,
        fingerprint=str(status.state),
    )


def as_part(found: Finding, run: str, known: Iterable[Recorded], cuts: int) -> Finding:
    """Return the failure of an end as a part of the crash that the log tells; what was reported before stays apart.

    :param known: all findings of the run.
    :param cuts: how often its log was cut; what stood at a line before is not what stands there now.
    """
    prefix = f"{run}:{log_files.counted('', cuts)}"
    own = (one for one in known if one.status == "open" and one.id.startswith(prefix))
    still_open = {one.id.removeprefix(prefix): one for one in own}
    return replace(found, belongs_to=crash.confirmed(found, still_open))


def event(status: RunStatus) -> RunEnded:
    """Return the end as the record keeps it."""
    return RunEnded(
        state=status.state,
        reason=status.reason,
        exit_code=status.exit_code,
        signal=status.signal,
        started_at=status.started_at,
        ended_at=status.ended_at,
        wall_s=status.elapsed_s,
        cpu_s=status.cpu_s,
        cpu_is_lower_bound=status.cpu_is_lower_bound,
        max_rss_bytes=status.max_rss_bytes,
        log_begin=status.log_begin,
        log_end=status.log_end,
        guard=status.guard,
        seal=status.seal,
        seal_failed=status.seal_failed,
    )


def keep_time(desk: Desk, run: Run, status: RunStatus) -> None:
    """Write the timing file of the phase, where the policy wants one; it must not stand in a watch's way."""
    label = desk.labels[run.phase]
    path = desk.workspace.timing(run.model, label)
    if path and status.state is not RunState.NEVER_STARTED:
        told = Timing(
            phase=label, model=run.model, run=run.id, state=status.state.value, started_at=status.started_at,
            ended_at=status.ended_at, wall_s=status.elapsed_s, cpu_s=status.cpu_s, exit_code=status.exit_code,
            log=run.log,
        )  # fmt: skip
        with suppress(WatchkeeperError):
            desk.workspace.write_text_atomically(path, timing(told))
