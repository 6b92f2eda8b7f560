"""How a run that has ended stands: as it was recorded. Facts of its directory add to that and change nothing."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from ...runtime import run_directory
from ...runtime.keeper import records
from ...runtime.run_directory import RunStatus
from ...storage.record import Run
from ...vocabulary.errors import WatchkeeperError
from ...vocabulary.runs import RunState


def recorded_end(run: Run, run_dir: Path) -> RunStatus:
    """Return how a run ended as the ledger tells it; whatever became of its directory since then changes none of it."""
    end = run.end
    assert end is not None  # noqa: S101 (asked of ended runs only)
    left, note = _left(run_dir, RunStatus(run=run.id, state=end.state))
    return replace(
        left,
        state=end.state,
        reason=" ".join(filter(None, (end.reason, note, "(pruned)" if run.pruned is not None else ""))),
        elapsed_s=end.wall_s,
        out_of_memory=end.state is RunState.OUT_OF_MEMORY,
        cpu_is_lower_bound=end.cpu_is_lower_bound,
        settled=True,
        needs_keeper=False,
        needs_launch=False,
        needs_closing=False,
        exit_code=end.exit_code,
        signal=end.signal,
        started_at=end.started_at,
        ended_at=end.ended_at,
        cpu_s=end.cpu_s,
        max_rss_bytes=end.max_rss_bytes,
        log_begin=end.log_begin,
        log_end=end.log_end,
    )


def _left(run_dir: Path, otherwise: RunStatus) -> tuple[RunStatus, str]:
    """Return what the directory of an ended run adds (its pid, what it left behind), and what is wrong there."""
    if not os.path.lexists(run_dir):
        return otherwise, "(its directory was removed)"
    try:
        facts = run_directory.read_facts(run_dir)
    except (OSError, WatchkeeperError):
        return otherwise, "(its directory cannot be read)"
    wrong = [f"{name} was damaged" for name in facts.damaged if name in (records.START, records.EXIT)]
    if facts.exit is None and records.EXIT not in facts.damaged:
        wrong.append(f"{records.EXIT} was removed")
    return run_directory.judge(facts), f"(since then {' and '.join(wrong)})" if wrong else ""
