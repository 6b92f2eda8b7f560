"""When a phase ran and for how long, as a file that other agents parse. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The times of an ended run. Times are unix seconds, None where nobody saw them.

    :ivar phase: the policy's label, such as `5B`.
    """

    phase: str
    model: str
    run: str
    state: str
    started_at: float | None
    ended_at: float | None
    wall_s: float
    cpu_s: float | None
    exit_code: int | None
    log: str


def timing(told: Timing) -> str:
    """Return the file as JSON; what nobody measured is null, never invented."""
    content = {
        "phase": told.phase,
        "model": told.model,
        "run": told.run,
        "status": told.state,
        "start_time": _iso(told.started_at),
        "end_time": _iso(told.ended_at),
        "start_unix": told.started_at,
        "end_unix": told.ended_at,
        "duration_seconds": round(told.wall_s, 3),
        "duration_minutes": round(told.wall_s / 60, 4),
        "duration_hours": round(told.wall_s / 3600, 6),
        "cpu_seconds": told.cpu_s,
        "exit_code": told.exit_code,
        "log_file": told.log,
        "measured_by": "watchkeeper",
    }
    return json.dumps(content, indent=2) + "\n"


def _iso(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
