"""Where a run stands by what its keeper left, mended where a server or keeper was killed at the wrong moment."""

from __future__ import annotations

import os

from ...runtime.keeper import records
from ...runtime.run_directory import RunStatus
from ...storage.record import Run
from ...vocabulary.runs import RunState
from .. import launch
from ..desk import Desk
from . import gone, states
from .recorded_end import recorded_end


def status(desk: Desk, run: Run) -> RunStatus:
    """Return where a run stands; of one that goes on, mended where it lacks a keeper. Its log is not looked into."""
    found = _found(desk, run)
    return found if run.status == "ended" or desk.ledger.elsewhere else _mended(desk, run, found)


def _found(desk: Desk, run: Run) -> RunStatus:
    run_dir = desk.workspace.run_dir(run.id)
    if run.status == "ended":
        return recorded_end(run, run_dir)
    if run_dir.is_dir() and not run_dir.is_symlink():
        return _completed(desk, run, states.judged(desk, run))
    if found := gone.lost(desk, run) or gone.elsewhere(desk, run):
        return found
    # The server that recorded the start was killed before it made the directory: launched late, or closed below.
    make = launch.materialise if gone.is_late(desk, run) else launch.launch
    make(desk, run)
    return states.judged(desk, run)


def _completed(desk: Desk, run: Run, found: RunStatus) -> RunStatus:
    """Complete a start whose server was killed while it made the run directory: no keeper can come before that."""
    recorded = found.state is not RunState.STARTING or os.path.lexists(desk.workspace.run_dir(run.id) / records.SPEC)
    if recorded or desk.ledger.elsewhere:
        return found
    launch.materialise(desk, run)
    if not gone.is_late(desk, run):
        launch.launch(desk, run)
    return states.judged(desk, run)


def _mended(desk: Desk, run: Run, found: RunStatus) -> RunStatus:
    """Do what the facts ask for, then look again."""
    if found.needs_keeper:
        launch.attach(desk, run)
    elif found.needs_launch:
        launch.launch(desk, run)
    elif found.needs_closing:
        states.close(desk, run)
    else:
        return found
    return _found(desk, run)
