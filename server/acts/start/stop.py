"""Ending a run: recorded first, then asked of the keeper; what of its processes is left is said.

No log is read here: a stop works whatever the log holds, and the next look tells what stands in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...documents.error_report import Action
from ...runtime.keeper import records
from ...runtime.run_directory import RunStatus
from ...storage.record import Run
from ...storage.record.records import RunStopped
from ...vocabulary.errors import HeldElsewhere, StorageFailed
from ...vocabulary.sanitize import one_line
from ..desk import Desk
from ..report.answers import applied, terminated
from ..watch.look import status_of

KEEPER_WITHIN_S = 8.0
"""How long beyond the grace time a keeper may take; then the tree is ended without it."""
_LOOK_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class Stop:
    """How a stop went: the state afterwards and the processes that are left (pid and command)."""

    status: RunStatus
    left: tuple[str, ...]


def stop(desk: Desk, run: Run, reason: str) -> Stop:
    """Stop the whole tree of a run and wait until it is gone or the patience (grace and some) is over.

    Safe to repeat: the first stop stays on record, a later one only hastens it or ends what was left over.
    """
    status = status_of(desk, run.id)
    run_dir = desk.workspace.run_dir(run.id)
    if not status.state.final:
        try:
            request_stop(desk, run, reason)
        except HeldElsewhere:
            raise
        except StorageFailed:  # the disk is full: the stop itself needs no room
            _hand_over(desk, run, RunStopped(reason=reason, who=desk.who, at=desk.clock()), None)
        status = _waited(lambda: _hastened(desk, run.id, run_dir), desk.policy.keeper.grace_s + KEEPER_WITHIN_S)
    if not status.state.final:  # its training keeps the keeper from its work, or holds what it cannot reach
        desk.engine.end_all(run_dir, desk.policy.keeper.grace_s)
        status = _waited(lambda: _hastened(desk, run.id, run_dir), KEEPER_WITHIN_S)
    if status.state.final:
        left = desk.engine.end_strays(run_dir, desk.policy.keeper.grace_s)
    else:
        left = desk.engine.living(run_dir)
    return Stop(status, tuple(f"{one.pid} {one_line(one.command, 60)}" for one in left))


def _hastened(desk: Desk, run: str, run_dir: Path) -> RunStatus:
    desk.engine.hasten(run_dir)
    return status_of(desk, run)


def request_stop(desk: Desk, run: Run, reason: str) -> None:
    """Record a stop and ask the keeper for it; does not wait."""
    with desk.ledger.transaction() as transaction:
        known = transaction.run(run.id)
        recorded, act = known.stop if known else None, None
        if recorded is None:
            recorded = RunStopped(reason=reason, who=desk.who, at=desk.clock())
            act = transaction.add(run, recorded).seq
    hasten(desk, run, recorded, act)


def hasten(desk: Desk, run: Run, stop: RunStopped, act: int | None = None) -> None:
    """Hand a recorded stop to the keeper; does nothing that was done before.

    :param act: number of the event, where it is known.
    """
    _hand_over(desk, run, stop, act)


def _hand_over(desk: Desk, run: Run, stop: RunStopped, act: int | None) -> None:
    """Tell the keeper of a stop: by its file, or where the disk has no room for that by a signal, which says no why."""
    run_dir = desk.workspace.run_dir(run.id)
    content = {"version": 1, "act": act, "reason": stop.reason, "who": stop.who, "at": stop.at}
    try:
        records.create(run_dir / records.STOP, content)
    except OSError:
        desk.engine.interrupt(run_dir)
    desk.engine.hasten(run_dir)


def carry_out(desk: Desk, run: Run) -> None:
    """Carry out a director's TERMINATE on a run that still lives, and repeat a stop that was not applied."""
    if run.status == "ended":
        return
    if run.stop:
        hasten(desk, run, run.stop)
        return
    ended = terminated(desk, run.model, run.phase)
    if ended is not None and ended.run != run.id:  # this attempt began before the answer about an earlier one came
        request_stop(desk, run, f"director's answer to {ended.id}: TERMINATE")
    for report in desk.ledger.reports(run=run.id):
        if report.about_start or report.model != run.model:  # what it says is about a start, not about this run
            continue
        if report.status == "answered" and report.answer and report.answer.action is Action.TERMINATE:
            if status_of(desk, run.id).state.final:  # what it left behind lives
                desk.engine.end_strays(desk.workspace.run_dir(run.id), desk.policy.keeper.grace_s)
            else:
                request_stop(desk, run, f"director's answer to {report.id}: TERMINATE")
            applied(desk, report, "stop requested")


def _waited(look: Callable[[], RunStatus], patience_s: float) -> RunStatus:
    deadline = time.monotonic() + patience_s
    status = look()
    while not (status.state.final and status.settled) and time.monotonic() < deadline:
        time.sleep(_LOOK_EVERY_S)
        status = look()
    return status
