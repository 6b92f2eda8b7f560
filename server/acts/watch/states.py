"""Where a run that has not ended on record stands: what its keeper left, and what its engine says."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from ...runtime import run_directory
from ...runtime.run_directory import RunStatus
from ...storage.record import Run
from ..desk import Desk


def judged(desk: Desk, run: Run) -> RunStatus:
    """Return where a run stands.

    :raises NotFound: if it has no run directory.
    """
    run_dir = desk.workspace.run_dir(run.id)
    facts = run_directory.read_facts(run_dir, run.nonce)
    return run_directory.judge(replace(facts, word=desk.engine.word(run_dir)))


def close(desk: Desk, run: Run) -> None:
    """Record that a run never started, where nothing can begin it any more; a full disk leaves that to a later look."""
    run_dir = desk.workspace.run_dir(run.id)
    with suppress(OSError):
        run_directory.close_never_started(run_dir, run.nonce, desk.engine.word(run_dir))
