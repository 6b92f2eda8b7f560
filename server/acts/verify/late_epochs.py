"""Epochs that a log tells after the last step of any optimiser, by the length of the log at each sample."""

from __future__ import annotations

import os
import re
from bisect import bisect_left

from ...analysis.verdict.evidence import LateEpochs
from ...analysis.verdict.seen import Seen
from ...analysis.witness.values import number
from ...runtime import samples
from ...runtime.keeper import records
from ...storage.record import Run
from ...vocabulary.errors import PathRefused
from ..desk import Desk
from ..watch import log_files

_EPOCH = re.compile(rb"\bepochs?\W{0,4}(\d{1,9})", re.IGNORECASE)
_MOST_LOG_BYTES = 8 << 20
_LATER_S = 1.0
"""What is printed of the last epoch stands in the log a little after its last step."""
_LEAST_GROWN = 3
"""At so many samples after it the log must have been longer than before: a buffer that is written at the end is not."""


def told(desk: Desk, run: Run, seen: Seen | None) -> LateEpochs | None:
    """Return which epochs the log told before and after the last step; None where that cannot be told."""
    ends = [number(one.line.facts, "last_at") for one in seen.steps] if seen is not None else []
    if not ends or None in ends:
        return None
    last_at = max(one for one in ends if one is not None)
    taken = [one for one in samples.usage(desk.workspace.run_dir(run.id)) if one.log_bytes is not None]
    after = taken[bisect_left([one.at for one in taken], last_at + _LATER_S) :]
    if len({one.log_bytes for one in after}) <= _LEAST_GROWN:
        return None
    before, later = (set(_EPOCH.findall(one)) for one in _halves(desk, run, after[0].log_bytes or 0))
    return LateEpochs(before=len(before), after=len(later - before), last_at=last_at)


def _halves(desk: Desk, run: Run, where: int) -> tuple[bytes, bytes]:
    """Return the run's part of the log up to a place, and what follows; nothing of one that is too long."""
    try:
        begin = records.whole(records.read(desk.workspace.run_dir(run.id) / records.START), "log_begin") or 0
        descriptor = desk.workspace.open_beneath(log_files.where(desk, run) or run.log, os.O_RDONLY)
    except (PathRefused, records.DamagedRecord, OSError):
        return b"", b""
    with open(descriptor, "rb") as file:
        if os.fstat(descriptor).st_size - begin > _MOST_LOG_BYTES or where < begin:
            return b"", b""
        file.seek(begin)
        content = file.read(_MOST_LOG_BYTES)
    return content[: where - begin], content[where - begin :]
