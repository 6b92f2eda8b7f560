"""A run on another machine of which nothing is heard: a flag at first, a failure after ten minutes."""

from __future__ import annotations

from ...runtime.heartbeats import UNHEARD_S
from ...runtime.run_directory import RunStatus
from ...storage.record import Run
from ...storage.record.records import FindingOver, FindingSeen
from ...vocabulary.runs import ErrorType, Finding, Level, RunState
from ..desk import Desk


def update(desk: Desk, run: Run, status: RunStatus) -> None:
    """Record that a run is not heard of, or that it is again."""
    if status.heard_s_ago is None:
        return
    wanted = _finding(status)
    known = desk.ledger.finding(f"{run.id}:unheard")
    standing = known.level if known is not None else Level.NOTICED
    if standing is (wanted.level if wanted is not None else Level.NOTICED):
        return
    now = desk.clock()
    event = (
        FindingOver(level=Level.NOTICED, message="it is heard of again", updated_at=now)
        if wanted is None
        else FindingSeen.of(wanted, log=run.log, updated_at=now)
    )
    with desk.ledger.transaction() as transaction:
        again = transaction.finding(f"{run.id}:unheard")
        if (again.level if again is not None else Level.NOTICED) is standing:
            transaction.append(event, f"{run.id}:unheard", run=run.id, model=run.model)


def _finding(status: RunStatus) -> Finding | None:
    if status.state is not RunState.RUNNING_UNATTENDED:
        return None
    level = Level.FAILURE if (status.heard_s_ago or 0.0) > UNHEARD_S else Level.FLAG
    return Finding(kind="unheard", level=level, type=ErrorType.INFRASTRUCTURE, message=status.reason)
