"""Epochs that a log tells after the last step of any optimiser, by the length of the log at each sample."""

from __future__ import annotations

import itertools
import os
import re
from bisect import bisect_left
from collections.abc import Sequence

from ...analysis.evidence.evidence import LateEpochs
from ...analysis.witness.seen import Seen
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
_UNTOLD_S = 16.0
"""A process that was killed told its steps so long before at most."""
_LEAST_GROWN = 3
"""At so many samples after it new epochs must stand in the log: those of a buffer that is emptied come at one."""


def told(desk: Desk, run: Run, seen: Seen | None) -> LateEpochs | None:
    """Return which epochs the log told before and after the last step; None where that cannot be told."""
    last_at = _last_step(seen) if seen is not None and seen.whole else None
    if last_at is None:
        return None
    taken = [one for one in samples.usage(desk.workspace.run_dir(run.id)) if one.log_bytes is not None]
    after = taken[bisect_left([one.at for one in taken], last_at + _LATER_S) :]
    before, *later = _pieces(desk, run, sorted({one.log_bytes or 0 for one in after}))
    known, grown = _epochs(before), 0
    every = set(known)
    for piece in later:
        grown += not _epochs(piece) <= every
        every |= _epochs(piece)
    return LateEpochs(before=len(known), after=len(every - known), last_at=last_at) if grown >= _LEAST_GROWN else None


def _last_step(seen: Seen) -> float | None:
    """Return when an optimiser stepped last; None where there was none, or one that does not tell it."""
    ended = {one.file for one in seen.witnessed.processes if one.end is not None}
    ends = [
        (number(one.line.facts, "last_at"), 0.0 if one.line.file in ended else one.line.at + _UNTOLD_S)
        for one in seen.steps
    ]
    told = [max(at, killed) for at, killed in ends if at is not None]
    return max(told) if told and len(told) == len(ends) else None


def _epochs(content: bytes) -> set[int]:
    return {int(one) for one in _EPOCH.findall(content)}


def _pieces(desk: Desk, run: Run, places: Sequence[int]) -> list[bytes]:
    """Return the run's part of the log, cut at these places; one empty piece where it is too long or cannot be cut."""
    try:
        begin = records.whole(records.read(desk.workspace.run_dir(run.id) / records.START), "log_begin") or 0
        descriptor = desk.workspace.open_beneath(log_files.where(desk, run) or run.log, os.O_RDONLY)
    except (PathRefused, records.DamagedRecord, OSError):
        return [b""]
    with open(descriptor, "rb") as file:
        if os.fstat(descriptor).st_size - begin > _MOST_LOG_BYTES or not places or places[0] < begin:
            return [b""]
        file.seek(begin)
        content = file.read(_MOST_LOG_BYTES)
    cuts = [0, *(one - begin for one in places), len(content)]
    return [content[here:there] for here, there in itertools.pairwise(cuts)]
