"""The part of a log that belongs to one run: attempts of one phase share a log file."""

from __future__ import annotations

import os
import time

from . import log_mark
from .records import write_all
from .spec import Spec


def begin(descriptor: int, spec: Spec, now: float) -> int:
    """Mark where this attempt begins, unless the log is empty, and return the offset after the mark.

    The mark stands on a line of its own. A second keeper of the same run does not write it again. On a full disk there
    is none, or a part of it: the offset holds all the same.
    """
    size = os.fstat(descriptor).st_size
    if size:
        tail = os.pread(descriptor, log_mark.TAIL_BYTES, max(0, size - log_mark.TAIL_BYTES))
        try:
            write_all(descriptor, _missing(tail, spec, now))
        except OSError:
            size = os.fstat(descriptor).st_size
    return os.fstat(descriptor).st_size


def _missing(tail: bytes, spec: Spec, now: float) -> bytes:
    head = log_mark.head(spec.attempt, spec.model, spec.phase, spec.run)
    if log_mark.ends_with(tail, head):
        return b""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ ===\n", time.gmtime(now)).encode()
    return (b"" if tail.endswith(b"\n") else b"\n") + head + stamp
