"""Runs whose processes another machine has: what can be told of them from here is when their keeper last wrote.

A sample's own time is that machine's clock. So once this process has seen a sample take another's place, what counts is
how long ago that was, by one clock.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from ..vocabulary.runs import RunState
from .samples import Sample

LAG_S = 60.0
"""A file that was written is seen on every other machine after so long: NFS keeps names and sizes up to a minute."""
MISSED_SAMPLES = 5
UNHEARD_S = 600.0
"""Silence that is a failure of the run: nobody will write its end by itself."""
_MOST_REMEMBERED = 4096

_Beat = tuple[float, float, float]


@dataclass(slots=True)
class _Seen:
    beat: _Beat
    at_s: float
    changed: bool


_SEEN: dict[Path, _Seen] = {}


def heard_s_ago(run_dir: Path, sample: Sample | None, started_at: float | None, now: float) -> float:
    """Return how long ago the keeper of a run gave a sign of life, as far as that can be told from here."""
    beat = (sample.at, sample.boottime_s, sample.cpu_s) if sample is not None else (started_at or now, 0.0, 0.0)
    monotonic_s = time.monotonic()
    seen = _SEEN.get(run_dir)
    if seen is None or seen.beat != beat:
        if len(_SEEN) > _MOST_REMEMBERED:
            _SEEN.clear()
        seen = _SEEN[run_dir] = _Seen(beat, monotonic_s, changed=seen is not None)
    since_s = monotonic_s - seen.at_s
    return since_s if seen.changed else max(since_s, now - beat[0])


def is_heard(heard_s_ago: float, sample_s: float) -> bool:
    """Whether so old a sign of life is one of a run that goes on."""
    return heard_s_ago <= MISSED_SAMPLES * sample_s + LAG_S


def stands(host: str, heard_s_ago: float, sample_s: float, stop_asked_s_ago: float | None) -> tuple[RunState, str]:
    """Return the state of a run without an exit record on another machine, and why. Pure.

    Its silence alone is no end: the machine may be cut off. Somebody who asks for a stop that nothing answers says that
    nothing is expected of it any more.
    """
    if is_heard(heard_s_ago, sample_s):
        return RunState.RUNNING, f"It runs on host {host}."
    silent = f"Nothing was heard of it for {heard_s_ago:.0f} s; its processes are those of host {host}"
    if stop_asked_s_ago is not None and min(stop_asked_s_ago, heard_s_ago) > MISSED_SAMPLES * sample_s + 2 * LAG_S:
        return RunState.LOST, f"{silent}, and the stop that was asked for was not answered."
    return RunState.RUNNING_UNATTENDED, f"{silent}. If that host is gone for good: stop_training, then poll once more."
