"""A run whose directory is not there: it was never made, or somebody removed it under a training that may live."""

from __future__ import annotations

import os

from ...runtime import run_directory
from ...runtime.run_directory import RunStatus
from ...storage.record import Run
from ...vocabulary.errors import PathRefused
from ...vocabulary.runs import RunState
from ..desk import Desk
from .strays import named


def lost(desk: Desk, run: Run) -> RunStatus | None:
    """Return that a run is lost with its directory; None where its start was recorded and nothing tells that it began.

    Its processes are found by their mark, which needs no file; starting another beside them would be worse than losing
    one.
    """
    run_dir = desk.workspace.run_dir(run.id)
    instead = os.path.lexists(run_dir) and (run_dir.is_symlink() or not run_dir.is_dir())
    living = desk.engine.living(run_dir)
    began = bool(living) or desk.ledger.scan_position(run.id) is not None
    if not instead and not began and not (is_late(desk, run) and _printed(desk, run)):
        return None
    if not instead and os.path.lexists(run_dir):
        return None  # another server has made it meanwhile
    what = "Something else lies where its run directory was" if instead else "Its run directory was removed"
    alive = f"; of it lived then: {named(living)}" if living else ""
    return RunStatus(run=run.id, state=RunState.LOST, reason=f"{what}{alive}.")


def elsewhere(desk: Desk, run: Run) -> RunStatus | None:
    """Return what is known of such a run where another host writes the record; None on the host that does."""
    host = desk.ledger.elsewhere
    if not host:
        return None
    return RunStatus(run=run.id, state=RunState.STARTING, reason=f"Host {host} has not launched it yet.")


def is_late(desk: Desk, run: Run) -> bool:
    """Whether a start is so old that it is not carried out any more."""
    return desk.clock() - run.at > run_directory.LAUNCH_WITHIN_S


def _printed(desk: Desk, run: Run) -> bool:
    """Whether its log was written to since its start."""
    try:
        about = desk.workspace.about(run.log)
    except PathRefused:
        return False
    return about is not None and about.modified_at > run.at
