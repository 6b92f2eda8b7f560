"""The line that stands before an attempt's part of a log that attempts share."""

from __future__ import annotations

import os

TAIL_BYTES = 1024
"""A mark is shorter."""


def head(attempt: int, model: str, phase: str, run: str) -> bytes:
    """Return how the mark of an attempt begins; its time and ` ===` follow."""
    return f"=== watchkeeper: attempt {attempt} of {model} {phase}, run {run}, ".encode()


def ends_with(tail: bytes, wanted: bytes) -> bool:
    """Whether the last line of a log's tail is the mark that begins so, and whole."""
    return tail.endswith(b"\n") and tail[:-1].rpartition(b"\n")[2].startswith(wanted)


def stands_before(descriptor: int, offset: int, wanted: bytes) -> bool:
    """Whether the mark that begins so stands right before an offset of a log."""
    start = max(0, offset - TAIL_BYTES)
    return ends_with(os.pread(descriptor, offset - start, start), wanted)
