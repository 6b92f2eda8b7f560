"""How far a run is, when it will be done, and whether that can be true: from its probe or from its log's counters."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ...analysis.curves.flags import Flag
from ...analysis.curves.pace import Pace, pace, too_fast, will_miss_its_limit
from ...documents.error_report import clock_time
from ...runtime.probe.reading import ProbeData
from ...runtime.run_directory import RunStatus
from ...storage.record import Run
from ...vocabulary.runs import Phase
from ..desk import Desk

_COUNTERS = ("draws", "epoch", "step")
LEAST_STEPS = 20
"""Fewer steps say nothing about a speed that cannot be true."""


Rows = Sequence[tuple[float, dict[str, float]]]
"""Of a log: the time at which each was read, and its numbers by name."""


def update(desk: Desk, run: Run, status: RunStatus, told: ProbeData | None, rows: Rows) -> list[Flag]:
    """Note how far a run is and return the flags that follow from its pace."""
    found = _pace(told, rows)
    if found is None or status.started_at is None:
        return []
    desk.ledger.take_note(f"pace:{run.id}", json.dumps({"step_s": found.step_s, "text": _text(found)}))
    limit_s = run.limit_s or desk.policy.full.max_hours * 3600
    late = will_miss_its_limit(found, started_at=status.started_at, limit_s=limit_s, ends=run.limit_s is not None)
    flags = [late, _too_fast(desk, run, found)]
    return [flag for flag in flags if flag is not None]


def progress(desk: Desk, run: Run) -> str:
    """Return how far a run is, in words; empty when nothing shows it."""
    return str(_noted(desk, run.id).get("text", ""))


def _noted(desk: Desk, run: str) -> dict[str, Any]:
    note = desk.ledger.note(f"pace:{run}")
    return json.loads(note) if note else {}


def _text(found: Pace) -> str:
    low, high = clock_time(found.eta_low_s), clock_time(found.eta_high_s)
    between = f" ({low}-{high})" if low != high else ""
    return f"{found.step:g}/{found.total:g} ({found.done_share:.0%}), about {clock_time(found.eta_s)} left{between}"


def _pace(told: ProbeData | None, rows: Rows) -> Pace | None:
    if told is not None and told.marks and told.total:
        return pace(told.marks, told.total)
    for counter in _COUNTERS:
        total = next((values[f"{counter}_total"] for _, values in reversed(rows) if f"{counter}_total" in values), None)
        if total is not None:
            return pace(_marks(rows, counter), total)
    return None


def _marks(rows: Rows, counter: str) -> list[tuple[float, float]]:
    return [(at, values[counter]) for at, values in rows if counter in values]


def _too_fast(desk: Desk, run: Run, found: Pace) -> Flag | None:
    """Compare a full run with the newest quick run of its script; the steps are the same kind of work or larger."""
    if run.phase is Phase.QUICK or found.step < LEAST_STEPS:
        return None
    quick = [one for one in desk.ledger.runs(model=run.model) if one.phase is Phase.QUICK]
    noted = _noted(desk, quick[-1].id) if quick else {}
    if "step_s" not in noted:
        return None
    return too_fast(elapsed_s=found.step_s * found.step, steps=found.step, expected_step_s=noted["step_s"])
