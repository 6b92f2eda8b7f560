"""What the keeper's samples amount to: idle time, silent work, cores over time, pauses of the machine. Pure."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

PARTS = 10
"""The run is shown in so many equal parts."""
PAUSE_S = 60.0
"""A gap between samples longer than this, and than ten usual ones, in which nothing worked is a pause: the machine
slept, or somebody held the keeper. Where the training went on, only nobody looked."""


class UsageSample(Protocol):
    """One line of usage.jsonl: unix seconds, CPU seconds of the whole tree since its start, size of the log.

    `delayed_s` are seconds in which it could have run and others had the CPU: no work, and no waiting of its own.
    """

    @property
    def at(self) -> float: ...  # noqa: D102

    @property
    def cpu_s(self) -> float: ...  # noqa: D102

    @property
    def log_bytes(self) -> int | None: ...  # noqa: D102

    @property
    def delayed_s(self) -> float: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How the sampled time of a run was spent. Shares are of the sampled time without pauses, 0 to 1.

    :ivar idle_share: the whole tree used next to no CPU.
    :ivar silent_share: the longest stretch in which it worked and the log did not grow; None where nobody knows the
        log's size.
    :ivar cores: mean cores in use in each tenth of the run, None where nothing was sampled.
    :ivar paused_s: seconds in gaps between samples in which nothing worked.
    :ivar cpu_s: CPU seconds of the whole tree, as the sample says that has most.
    :ivar delayed_s: seconds in which a process of it could have run and others had the CPU, never more than passed.
    """

    sampled_s: float
    idle_share: float
    silent_share: float | None
    cores: tuple[float | None, ...]
    paused_s: float = 0.0
    cpu_s: float = 0.0
    delayed_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _Interval:
    begin: float
    length_s: float
    busy_s: float
    grew: bool | None
    delayed_s: float = 0.0

    def idle(self, below_cores: float) -> bool:
        """Whether next to nothing worked in the time in which others left it the CPU; half of it must be that time.

        A sleeper on a busy machine waits for the CPU too, at each waking: that is not counted as work.
        """
        free_s = self.length_s - self.delayed_s
        return free_s > self.length_s / 2 and self.busy_s < below_cores * free_s


def usage_of(samples: Sequence[UsageSample], idle_below_cores: float) -> Usage | None:
    """Return how the time between the samples was spent; None for fewer than two samples.

    :param idle_below_cores: cores in use below which an interval counts as idle.
    """
    every = [one for pair in itertools.pairwise(samples) if (one := _interval(*pair)) is not None]
    if not every:
        return None
    longest = max(PAUSE_S, 10 * statistics.median(one.length_s for one in every))
    paused = [one for one in every if one.length_s > longest and one.idle(idle_below_cores)]
    worked = [one for one in every if one not in paused]
    total = sum(one.length_s for one in worked)
    known = any(one.grew is not None for one in worked)
    return Usage(
        sampled_s=total,
        idle_share=sum(one.length_s for one in worked if one.idle(idle_below_cores)) / total,
        silent_share=_longest_silence_s(worked, idle_below_cores) / total if known else None,
        cores=_by_part(worked),
        paused_s=sum(one.length_s for one in paused),
        cpu_s=max(one.cpu_s for one in samples),
        delayed_s=sum(one.delayed_s for one in worked),
    )


def _interval(before: UsageSample, after: UsageSample) -> _Interval | None:
    length_s = after.at - before.at
    if length_s <= 0:
        return None
    grew = None if before.log_bytes is None or after.log_bytes is None else after.log_bytes > before.log_bytes
    delayed_s = min(length_s, max(0.0, after.delayed_s - before.delayed_s))
    return _Interval(before.at, length_s, max(0.0, after.cpu_s - before.cpu_s), grew, delayed_s)


def _longest_silence_s(worked: Sequence[_Interval], idle_below_cores: float) -> float:
    """A sum over all silent intervals would blame every training whose epochs take longer than a sample.

    An interval in which nothing worked says nothing: on a busy machine a process may miss the CPU for one of them.
    """
    longest = here = 0.0
    for one in worked:
        if one.grew is not False:
            here = 0.0
        elif one.busy_s >= idle_below_cores * one.length_s:
            here += one.length_s
        longest = max(longest, here)
    return longest


def _by_part(worked: Sequence[_Interval]) -> tuple[float | None, ...]:
    begin = min(one.begin for one in worked)  # a clock may have been set back
    length_s = max(one.begin + one.length_s for one in worked) - begin
    sums = [[0.0, 0.0] for _ in range(PARTS)]
    for one in worked:
        part = sums[min(PARTS - 1, int((one.begin + one.length_s / 2 - begin) / length_s * PARTS))]
        part[0] += one.busy_s
        part[1] += one.length_s
    return tuple(busy_s / seconds if seconds else None for busy_s, seconds in sums)
