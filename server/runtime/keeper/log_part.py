"""The part of a log that belongs to one run: attempts of one phase share a log file."""

from __future__ import annotations

import os
import time

from .records import write_all
from .spec import Spec

_TAIL_BYTES = 1024


def begin(descriptor: int, spec: Spec, now: float) -> int:
    """Mark where this attempt begins, unless the log is empty, and return the offset after the mark.

    The mark stands on a line of its own. A second keeper of the same run does not write it again. On a full disk there
    is none, or a part of it: the offset holds all the same.
    """
    size = os.fstat(descriptor).st_size
    if size:
        tail = os.pread(descriptor, _TAIL_BYTES, max(0, size - _TAIL_BYTES))
        try:
            write_all(descriptor, _missing(tail, spec, now))
        except OSError:
            size = os.fstat(descriptor).st_size
    return os.fstat(descriptor).st_size


def is_marked(descriptor: int, offset: int, attempt: int, model: str, phase: str, run: str) -> bool:
    """Whether the mark of an attempt stands right before an offset of its log."""
    start = max(0, offset - _TAIL_BYTES)
    return _ends_with(os.pread(descriptor, offset - start, start), _head(attempt, model, phase, run))


def _missing(tail: bytes, spec: Spec, now: float) -> bytes:
    head = _head(spec.attempt, spec.model, spec.phase, spec.run)
    if _ends_with(tail, head):
        return b""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ ===\n", time.gmtime(now)).encode()
    return (b"" if tail.endswith(b"\n") else b"\n") + head + stamp


def _head(attempt: int, model: str, phase: str, run: str) -> bytes:
    return f"=== watchkeeper: attempt {attempt} of {model} {phase}, run {run}, ".encode()


def _ends_with(tail: bytes, head: bytes) -> bool:
    """Whether the last line is a mark, and whole."""
    return tail.endswith(b"\n") and tail[:-1].rpartition(b"\n")[2].startswith(head)
