"""What a run uses while it runs: one line of usage.jsonl per sample.

Every byte of the log thereby has a time, and a run that works can be told from one that hangs.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator

from . import procfs, records
from .lines import Lines

FIRST_S = 1.0
"""The second sample comes after this time, so that a run that starts badly is seen early."""
MOST_READ_BYTES = 64 << 20
"""Samples of a month. A training may make the file as long as it likes."""
LONGEST_LINE_BYTES = 64 * 1024


class Meter:
    """Writes samples of one run and keeps its totals.

    :param log_descriptor: the log, None where it cannot be told which file it is.
    :param floor_s: CPU seconds that an earlier keeper already counted.
    :param lines: what the run's processes write of themselves; it is read on at each sample.
    :param others: what its processes on other machines used: CPU seconds, and resident bytes and processes now.
    """

    def __init__(
        self,
        sample_s: float,
        log_descriptor: int | None,
        floor_s: float = 0.0,
        *,
        lines: Lines | None = None,
        others: Callable[[], tuple[float, int, int]] | None = None,
    ) -> None:
        self._others = others or _none
        self.lines = lines or Lines()
        self._sample_s = sample_s
        self._log = log_descriptor
        self._file = _opened()
        self._next_s = 0.0
        self.cpu_s = floor_s
        self._delayed_s: dict[tuple[int, int], float] = {}
        """By process that lives: for how long others had the CPU that it could have used."""
        self._delayed_in_all_s = 0.0
        self.rss_bytes = self.processes = 0
        """As they were at the last sample."""
        self.peak_rss_bytes = 0
        self.lost: dict[str, object] | None = None
        """Samples that the disk refused: {"count", "from", "to"}."""

    @property
    def due_in_s(self) -> float:
        """Seconds until the next sample, 0 when it is due."""
        return max(0.0, self._next_s - boottime_s())

    def log_bytes(self) -> int | None:
        """The log's size now; None where it cannot be read."""
        try:
            return None if self._log is None else os.fstat(self._log).st_size
        except OSError:
            return None

    def sample(self, processes: Iterable[procfs.Stat], reaped_s: float) -> None:
        """Write one sample.

        :param processes: those of the run, zombies included.
        :param reaped_s: CPU seconds of those that were waited for already. The sum never falls: what ends between two
            looks is counted when it is waited for.
        """
        seen = list(processes)
        others_s, others_bytes, others = self._others()
        rss_bytes = self.rss_bytes = others_bytes + sum(one.rss_bytes for one in seen if one.alive)
        self.processes = others + sum(1 for one in seen if one.alive)
        self.cpu_s = max(self.cpu_s, others_s + reaped_s + sum(one.user_s + one.system_s for one in seen))
        self.peak_rss_bytes = max(self.peak_rss_bytes, rss_bytes)
        line: dict[str, object] = {
            "at": round(time.time(), 3),
            "boottime_s": round(boottime_s(), 3),
            "cpu_s": round(self.cpu_s, 2),
            "delayed_s": round(self._delayed(seen), 2),
            "rss_bytes": rss_bytes,
            "processes": self.processes,
            "log_bytes": self.log_bytes(),
        }
        if (witness := self.lines.look()) is not None:
            line["witness"] = witness
        if not self._written(json.dumps(line, separators=(",", ":")).encode() + b"\n"):
            self._count_lost()
        self._schedule()

    def _delayed(self, seen: Iterable[procfs.Stat]) -> float:
        """Return for how long others had the CPU so far: between two samples as long as the process that waited most.

        Many that wait at once wait no longer than one of them.
        """
        before = self._delayed_s
        self._delayed_s = {
            one: max(before.get(one, 0.0), procfs.delayed_s(one[0]))
            for one in ((each.pid, each.start_ticks) for each in seen if each.alive)
        }
        self._delayed_in_all_s += max((now - before.get(one, 0.0) for one, now in self._delayed_s.items()), default=0.0)
        return self._delayed_in_all_s

    def miss(self) -> None:
        """Count a sample that could not be taken."""
        self._count_lost()
        self._schedule()

    def _count_lost(self) -> None:
        now = round(time.time(), 3)
        before = self.lost or {"count": 0, "from": now}
        self.lost = before | {"count": (records.whole(before, "count") or 0) + 1, "to": now}

    def _schedule(self) -> None:
        first = self._next_s == 0.0
        self._next_s = boottime_s() + (min(FIRST_S, self._sample_s) if first else self._sample_s)

    def _written(self, line: bytes) -> bool:
        if self._file is None:
            return False
        try:
            size = os.fstat(self._file).st_size
        except OSError:
            return False
        try:
            records.write_all(self._file, line)
        except OSError:
            _cut(self._file, size)
            return False
        return True


def _none() -> tuple[float, int, int]:
    return 0.0, 0, 0


def _cut(descriptor: int, size: int) -> None:
    try:
        os.ftruncate(descriptor, size)
    except OSError:
        return  # readers pass over a torn line


def _opened() -> int | None:
    """Open the file of samples, None where that cannot be: a run is kept without them too."""
    try:
        return records.open_plain(records.USAGE, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    except (OSError, records.DamagedRecord):
        return None


def boottime_s() -> float:
    """Seconds since the machine started, time asleep included; nobody can set this clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def parsed(line: bytes) -> dict[str, object] | None:
    """Return one sample, None for a line that is torn or damaged."""
    try:
        return records.parsed(line)
    except (ValueError, RecursionError):
        return None


def last(path: str | os.PathLike[str]) -> dict[str, object] | None:
    """Return the last whole sample of a file, None when there is none; raises as `backwards`."""
    for line in backwards(path):
        if (sample := parsed(line)) is not None:
            return sample
    return None


def backwards(path: str | os.PathLike[str], block_bytes: int = 8192) -> Iterator[bytes]:
    """Yield the lines of a file from its end, the unfinished last one included, reading no more than is asked for.

    A file that is longer than `MOST_READ_BYTES`, or that has a line longer than `LONGEST_LINE_BYTES`, which no sample
    has, is read no further.

    :raises DamagedRecord: if it is no plain file.
    """
    try:
        descriptor = records.open_plain(path, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        position = os.fstat(descriptor).st_size
        stop = max(0, position - MOST_READ_BYTES)
        rest = b""
        while position > stop:
            if len(rest) > LONGEST_LINE_BYTES:
                return
            size = min(block_bytes, position)
            position -= size
            rest, *lines = (os.pread(descriptor, size, position) + rest).split(b"\n")
            yield from reversed(lines)
        yield rest
    finally:
        os.close(descriptor)
