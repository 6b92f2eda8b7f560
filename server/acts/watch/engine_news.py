"""What is to be told of a run that another machine has: it is not heard of, it waits in vain, its end is announced."""

from __future__ import annotations

from ...runtime.remote_silence import UNHEARD_S
from ...runtime.run_directory import RunStatus
from ...storage.record import Run
from ...storage.record.records import FindingOver, FindingSeen
from ...vocabulary.runs import ErrorType, Finding, Level, RunState
from ..desk import Desk


def update(desk: Desk, run: Run, status: RunStatus) -> None:
    """Record what is new of it, and that it does not hold any more."""
    if status.heard_s_ago is not None:
        _hold(desk, run, "unheard", _unheard(status), "it is heard of again")
    if status.stuck or status.state in (RunState.STARTING, RunState.RUNNING):
        _hold(desk, run, "stuck-in-queue", _stuck(status), "it waits no more in vain")
    if status.warned is not None:
        _hold(desk, run, "ends-soon", _ends_soon(status), "")


def _hold(desk: Desk, run: Run, key: str, wanted: Finding | None, over: str) -> None:
    """Make what is on record under a key what it should be."""
    known = desk.ledger.finding(f"{run.id}:{key}")
    level = known.level if known is not None else Level.NOTICED
    if level is (wanted.level if wanted is not None else Level.NOTICED):
        return
    now = desk.clock()
    event = (
        FindingOver(level=Level.NOTICED, message=over, updated_at=now)
        if wanted is None
        else FindingSeen.of(wanted, log=run.log, updated_at=now)
    )
    with desk.ledger.transaction() as transaction:
        again = transaction.finding(f"{run.id}:{key}")
        if (again.level if again is not None else Level.NOTICED) is level:
            transaction.append(event, f"{run.id}:{key}", run=run.id, model=run.model)


def _unheard(status: RunStatus) -> Finding | None:
    if status.state is not RunState.RUNNING_UNATTENDED:
        return None
    level = Level.FAILURE if (status.heard_s_ago or 0.0) > UNHEARD_S else Level.FLAG
    return Finding(kind="unheard", level=level, type=ErrorType.INFRASTRUCTURE, message=status.reason)


def _stuck(status: RunStatus) -> Finding | None:
    if not status.stuck:
        return None
    return Finding(kind="queue", level=Level.FAILURE, type=ErrorType.INFRASTRUCTURE, message=status.reason)


def _ends_soon(status: RunStatus) -> Finding:
    heard = status.warned is not None and status.warned.get("heard") is True
    how = "by SIGUSR2 too" if heard else "by the file alone: it has no handler for SIGUSR2"
    message = f"the engine will end its job soon; the training was asked to write a checkpoint, {how}"
    return Finding(kind="ends_soon", level=Level.FLAG, type=ErrorType.INFRASTRUCTURE, message=message)
