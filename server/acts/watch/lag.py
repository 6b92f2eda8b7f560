"""What another machine wrote and is not seen here yet: a mount may show an exit record before the log's last lines.

When that was first noticed is noted in the ledger, so that servers, and commands that look once, wait it out together.
"""

from __future__ import annotations

import os

from ...analysis.logs.recognise import Change
from ...runtime.remote_silence import LAG_S
from ...runtime.run_directory import RunStatus
from ...storage.record import Run
from ...vocabulary.errors import PathRefused
from ...vocabulary.runs import ErrorType, Finding, Level
from ..desk import Desk


def waits(desk: Desk, key: str) -> bool:
    """Whether what was noticed under this key may still come: it was noticed less than a minute ago, or just now."""
    noted = desk.ledger.note(f"lag:{key}")
    if not noted:
        desk.ledger.take_note(f"lag:{key}", repr(desk.clock()))
    return not noted or 0 <= desk.clock() - float(noted) < LAG_S


def unseen_bytes(desk: Desk, run: Run, status: RunStatus) -> int:
    """Return how much of an ended run's log its keeper measured and is not to be seen here; 0 where it ran here."""
    if not status.host or not status.state.final or status.log_end is None:
        return 0
    try:
        log = desk.workspace.open_beneath(run.log, os.O_RDONLY)
    except PathRefused:
        return max(0, status.log_end - (status.log_begin or 0))
    try:
        return max(0, status.log_end - os.fstat(log).st_size)
    finally:
        os.close(log)


def missing(run: Run, status: RunStatus, unseen: int) -> Change:
    """Return the failure that stands for lines that never came; what stood in them nobody here has judged."""
    end = status.log_end or 0
    message = (
        f"the last {unseen} bytes of the log (bytes {end - unseen} to {end} of {run.log}) were written on host "
        f"{status.host} and did not come here within {LAG_S:.0f} s: they were not looked at"
    )
    finding = Finding(kind="log_short", level=Level.FAILURE, type=ErrorType.INFRASTRUCTURE, message=message)
    return Change("seen", "log-short", finding)
