"""Tell a training that stands still from one that works in silence. Pure functions over usage samples.

A stall is the absence of new information together with what the processors did meanwhile (docs/watching.md): a
hang uses none, a livelock repeats itself, a spin is busy and leaves nothing behind. PyMC prints nothing during the
whole sampling when its output is a file, so silence with a busy processor says nothing for a long time.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from ...vocabulary.runs import ErrorType, Finding, Level
from .robust import median


class UsageSample(Protocol):
    """What is read of one usage sample."""

    @property
    def at(self) -> float:
        """Unix time in seconds."""
        ...

    @property
    def cpu_s(self) -> float:
        """CPU seconds of the whole tree since its start, ended processes included."""
        ...

    @property
    def log_bytes(self) -> int:
        """Size of the log."""
        ...


class StallKind(StrEnum):
    """What the run does instead of progress."""

    HANG = "hang"
    """Nothing new and hardly any CPU."""
    SPIN = "spin"
    """Nothing new, a busy CPU, no output."""
    LIVELOCK = "livelock"
    """A busy CPU and output that repeats itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StallRule:
    """When silence is called a stall (docs/watching.md)."""

    idle_cores: float = 0.02
    """Cores busy, below which a run is idle."""
    idle_s: float = 300.0
    """Seconds without new output and without work after which a run hangs."""
    idle_intervals: float = 10.0
    """Or so many usual intervals between new output, whichever is longer."""
    busy_s: float = 1800.0
    """Seconds of work without new output or growing files after which a run is suspected to spin."""
    busy_intervals: float = 20.0
    """Or so many usual intervals between new output, whichever is longer."""
    longest_intervals: float = 2.0
    """Or so many times the longest silence that the run came back from: an evaluation once an hour is its rhythm."""
    blind_s: float = 120.0
    """Without a sample for longer than this nothing is said: the keeper was away, not the training."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """A stall with the numbers behind it."""

    kind: StallKind
    since: float
    """Unix time of the last new information, or of the last work if that came later."""
    quiet_s: float
    limit_s: float
    cores_busy: float
    """Mean over the quiet time."""
    log_growth_bytes: int

    def to_finding(self) -> Finding:
        """Return it as a finding of type infrastructure; only a hang is a failure, the busy kinds may be work."""
        return Finding(
            kind="stall",
            level=Level.FAILURE if self.kind is StallKind.HANG else Level.FLAG,
            type=ErrorType.INFRASTRUCTURE,
            message=f"{self.kind}: {_WHAT[self.kind]} for {self.quiet_s:.0f} s (limit {self.limit_s:.0f} s), "
            f"{self.cores_busy:.2f} cores busy, log grew by {self.log_growth_bytes} bytes.",
            fingerprint=f"stall:{self.kind}",
            advice=_ADVICE[self.kind],
        )


_WHAT = {
    StallKind.HANG: "no new output and no work",
    StallKind.SPIN: "work without any output",
    StallKind.LIVELOCK: "work whose output repeats itself",
}
_ADVICE = {
    StallKind.HANG: "Look where it waits (py-spy dump --pid PID), for a lock, a network peer or a worker that died.",
    StallKind.SPIN: "Look at the hot line twice (py-spy dump --pid PID); sampling that prints nothing is no fault.",
    StallKind.LIVELOCK: "Look at the repeated output for the step that is tried again and again.",
}


@dataclass(frozen=True, slots=True)
class Gap:
    """A time without samples (Unix seconds): the machine slept, or no keeper was there. It is silence of nobody."""

    since: float
    until: float


def gaps(samples: Sequence[UsageSample], limits: StallRule) -> list[Gap]:
    """Return the times without samples that are longer than the rule's `blind_s`."""
    pairs = itertools.pairwise(samples)
    return [Gap(one.at, after.at) for one, after in pairs if after.at - one.at > limits.blind_s]


def judge_silence(
    samples: Sequence[UsageSample],
    *,
    now: float,
    last_output_novel_at: float | None,
    intervals_s: Sequence[float] = (),
    last_growth_at: float | None = None,
    rule: StallRule | None = None,
) -> Stall | None:
    """Return the stall that a living run is in, or None.

    :param samples: usage samples in the order of time; all since the last new output are needed, older ones are
        harmless.
    :param now: Unix time in seconds.
    :param last_output_novel_at: Unix time of the last new output (`novelty.novel`), None if there was none yet.
    :param intervals_s: seconds between pieces of new output so far: the run's own rhythm.
    :param last_growth_at: Unix time at which a file of the run (not its log) last grew, where somebody looks.
    """
    limits = rule or StallRule()
    if len(samples) < 2 or now - samples[-1].at > limits.blind_s:
        return None
    news = [at for at in (last_output_novel_at, last_growth_at) if at is not None and at <= now]
    seen_from = max((away.until for away in gaps(samples, limits)), default=samples[0].at)
    quiet_from = max([seen_from, *news])
    quiet = [sample for sample in samples if sample.at >= quiet_from]
    return _hang(quiet, now, intervals_s, limits) or _busy(quiet, now, intervals_s, limits)


def _hang(quiet: Sequence[UsageSample], now: float, intervals_s: Sequence[float], limits: StallRule) -> Stall | None:
    """Find the longest time up to now in which hardly any CPU was used, the very last sample included."""
    limit_s = _limit(limits.idle_s, limits.idle_intervals, intervals_s, limits)
    if len(quiet) < 2 or _cores(quiet[-2], quiet[-1]) >= limits.idle_cores:
        return None
    idle = (
        at
        for at, (sample, after) in enumerate(itertools.pairwise(quiet))
        if max(_cores(sample, after), _cores(sample, quiet[-1])) < limits.idle_cores
    )
    first = next(idle, None)
    if first is None or now - quiet[first].at < limit_s:
        return None
    return _stall(StallKind.HANG, quiet[first:], now, limit_s)


def _busy(quiet: Sequence[UsageSample], now: float, intervals_s: Sequence[float], limits: StallRule) -> Stall | None:
    limit_s = _limit(limits.busy_s, limits.busy_intervals, intervals_s, limits)
    if len(quiet) < 2 or now - quiet[0].at < limit_s or _cores(quiet[0], quiet[-1]) < limits.idle_cores:
        return None
    # The first sample may have been taken while the last new line was still being written.
    grew = quiet[-1].log_bytes > quiet[1].log_bytes
    return _stall(StallKind.LIVELOCK if grew else StallKind.SPIN, quiet, now, limit_s)


def _limit(least_s: float, factor: float, intervals_s: Sequence[float], limits: StallRule) -> float:
    if not intervals_s:
        return least_s
    return max(least_s, factor * median(intervals_s), limits.longest_intervals * max(intervals_s))


def _cores(first: UsageSample, last: UsageSample) -> float:
    """Return the mean number of busy cores; a total that fell (a re-attached keeper) counts as none."""
    span_s = last.at - first.at
    return max(0.0, last.cpu_s - first.cpu_s) / span_s if span_s > 0 else 0.0


def _stall(kind: StallKind, quiet: Sequence[UsageSample], now: float, limit_s: float) -> Stall:
    return Stall(
        kind=kind,
        since=quiet[0].at,
        quiet_s=now - quiet[0].at,
        limit_s=limit_s,
        cores_busy=_cores(quiet[0], quiet[-1]),
        log_growth_bytes=max(0, quiet[-1].log_bytes - quiet[0].log_bytes),
    )
