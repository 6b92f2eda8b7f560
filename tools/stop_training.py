"""stop_training: end a run's whole tree of processes."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel

from ..server.acts.desk import Desk, in_thread
from ..server.acts.poll import next_step
from ..server.acts.report import reports
from ..server.acts.start import stop as stopping
from ..server.acts.toolbox import Tool
from ..server.acts.watch import look
from ..server.runtime.run_directory import RunStatus
from ..server.storage.record import Run
from ..server.vocabulary.errors import InvalidArgument, StorageFailed
from ..server.vocabulary.runs import Phase, Role, RunState


class Stopped(BaseModel):
    """How a stop went."""

    run: str
    state: str
    reason: str
    left_processes: list[str] | None = None
    report: str | None = None
    next: str


async def stop_training(
    desk: Desk,
    run: str,
    reason: Annotated[str, "why, for the record"],
) -> Stopped:
    """End a run and every process it started: TERM, a grace time, KILL. Says what is left, if anything is.

    The reason is kept. A trainer's stop of a full run opens a report to the director. Safe to repeat.
    """
    if not reason.strip():
        raise InvalidArgument("A stop needs a reason.", "Say why in `reason`; it is kept in the record.")
    return await in_thread(_stop, desk, run, reason)


def _stop(desk: Desk, run_id: str, reason: str) -> Stopped:
    done = stopping.stop(desk, look.find_run(desk, run_id), reason)
    run = look.find_run(desk, run_id)
    report = _report(desk, run, done.status) if done.status.state is RunState.STOPPED else None
    standing = next_step.standing(desk, run, done.status.state, done.status.elapsed_s)
    return Stopped(
        run=run.id,
        state=done.status.state,
        reason=done.status.reason or ("" if done.status.state is RunState.STOPPED else "it had ended by itself before"),
        left_processes=list(done.left) or None,
        report=report,
        next=next_step.next_call(desk, standing, ""),
    )


def _report(desk: Desk, run: Run, status: RunStatus) -> str | None:
    """Tell the director when a trainer ended a full run: hours of work are given up.

    Decided from the recorded stop, so that a server which died after it does not lose the report.
    """
    stop = run.stop
    if stop is None or not stop.who.startswith(Role.TRAINER) or run.phase is not Phase.FULL:
        return None
    if any(next_step.asks_for_a_start(one) for one in desk.ledger.reports(run=run.id)):
        return None  # the director knows: the answer asked for another attempt
    words = reports.Words(f"The trainer stopped the run: {stop.reason}")
    finding = reports.failure_to_report(desk, run.id)
    try:
        report, _ = reports.open_report(desk, model=run.model, run=run, status=status, finding=finding, words=words)
    except StorageFailed:
        return None  # the stop is done; made again once there is room, it opens the report
    return report.id


TOOL = Tool(stop_training, "stop", Stopped, frozenset({Role.TRAINER, Role.DIRECTOR}), idempotent=True, destructive=True)
