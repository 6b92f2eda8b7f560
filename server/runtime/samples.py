"""The samples of a run that its keeper took: what it used, and how long its log was at which time.

A training may write into its own run directory, so nothing there is believed to be what a keeper wrote: a number that
cannot be one makes its sample none.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from .keeper import records
from .keeper import usage as usage_lines

Record = Mapping[str, object]

END_OF_TIME_S = 253_402_300_800.0
"""The year 10000, in Unix seconds."""
MOST_SECONDS = 1e12
MOST_BYTES = 2**62
"""No file is longer, and every call of the system takes it as an offset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One line of usage.jsonl. `cpu_s` is the run's total so far; `log_bytes` the size of the whole log file.

    :ivar delayed_s: for how long so far its processes could have run and others had the CPU, at least.
    """

    at: float
    boottime_s: float
    cpu_s: float
    rss_bytes: int
    processes: int
    log_bytes: int | None
    delayed_s: float = 0.0


def usage(run_dir: Path, since_s: float | None = None) -> list[Sample]:
    """Return the samples in order, the whole of them or those taken at `since_s` (Unix seconds) or later.

    Reads the file from its end, and only as far as is asked for. Lines that are torn or damaged are passed over, and
    something that is no plain file holds none.
    """
    found: list[Sample] = []
    try:
        for line in usage_lines.backwards(run_dir / records.USAGE):
            sample = _sample(usage_lines.parsed(line))
            if sample is None:
                continue
            if since_s is not None and sample.at < since_s:
                break
            found.append(sample)
    except records.DamagedRecord:
        return []
    return found[::-1]


def sampled(run_dir: Path, most: int) -> list[Sample]:
    """Return at most so many samples, evenly spread over the file and in order, the first and the last among them.

    Costs the same for a file of any length: each is looked for where it should stand.
    """
    try:
        descriptor = records.open_plain(run_dir / records.USAGE, os.O_RDONLY)
    except (FileNotFoundError, records.DamagedRecord):
        return []
    with os.fdopen(descriptor, "rb") as file:
        size_bytes = os.fstat(descriptor).st_size
        found: dict[float, Sample] = {}
        for place in range(most):
            line = _line_at(file, round(place * size_bytes / most))
            sample = _sample(usage_lines.parsed(line)) if line else None
            if sample is not None:
                found[sample.at] = sample
    last = last_sample(run_dir)
    whole = {**found, **({last.at: last} if last else {})}
    return [whole[at] for at in sorted(whole)]


def _line_at(file: BinaryIO, offset: int) -> bytes:
    """Return the first line that begins at an offset or behind it."""
    file.seek(max(0, offset - 1))
    if offset:
        file.readline(usage_lines.LONGEST_LINE_BYTES)
    return file.readline(usage_lines.LONGEST_LINE_BYTES)


def last_sample(run_dir: Path) -> Sample | None:
    """Return the newest sample, None when there is none.

    :raises DamagedRecord: if something else than a plain file is in the place of the samples.
    """
    return _sample(usage_lines.last(run_dir / records.USAGE))


def moment(record: Record | None, key: str) -> float | None:
    """Return a time of a record in Unix seconds, None where none stands there that a calendar knows."""
    return _within(records.number(record, key), END_OF_TIME_S)


def seconds(record: Record | None, key: str) -> float | None:
    """Return a duration of a record, None where none stands there that can be one."""
    return _within(records.number(record, key), MOST_SECONDS)


def size(record: Record | None, key: str) -> int | None:
    """Return a count or a number of bytes of a record, None where none stands there that can be one."""
    found = records.whole(record, key)
    return found if found is not None and 0 <= found < MOST_BYTES else None


def _within(value: float | None, limit: float) -> float | None:
    return value if value is not None and 0 <= value < limit else None


def _sample(line: Record | None) -> Sample | None:
    at, boottime_s, cpu_s = moment(line, "at"), seconds(line, "boottime_s"), seconds(line, "cpu_s")
    rss_bytes, processes = size(line, "rss_bytes"), size(line, "processes")
    if at is None or boottime_s is None or cpu_s is None or rss_bytes is None or processes is None:
        return None
    return Sample(
        at=at,
        boottime_s=boottime_s,
        cpu_s=cpu_s,
        rss_bytes=rss_bytes,
        processes=processes,
        log_bytes=size(line, "log_bytes"),
        delayed_s=seconds(line, "delayed_s") or 0.0,
    )
