"""Tell new output from output that repeats itself: the last frame of a progress bar again, a heartbeat, a retry."""

from __future__ import annotations

import re

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_TIMES = re.compile(
    r"""
      \d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)?   # dates, with a time
    | \b\d+:\d\d(?::\d\d)?(?:[.,]\d+)?                                              # clocks and durations
    | \b\d+(?:\.\d+)?\s?(?:ns|us|µs|ms|s|sec|secs|seconds?|min|mins|minutes?|h|hours?)\b
    | \b\d+(?:\.\d+)?\s?(?:[a-zA-Z]{1,12}/s|s/[a-zA-Z]{1,12})(?![a-zA-Z])           # rates of a bar
    | \?(?:it|s)/(?:it|s) | \bETA\b:?\s*[\d.:]+
    | \b(?:pid|PID)[ =:]?\d+ | 0x[0-9a-fA-F]+
    """,
    re.VERBOSE,
)
_SPACES = re.compile(r"\s+")
REMEMBERED = 64
"""Frames that are remembered, so that a cycle of a few lines is seen as one."""


def masked(frame: str) -> str:
    """Return a frame without what changes by itself: times, durations, rates, addresses, colours, spacing.

    Positions and metrics stay: `50%|##| 5/10 [00:05<00:05, 1.0it/s]` gives `50%|##| 5/10 [#<#, #]`.
    """
    return _SPACES.sub(" ", _TIMES.sub("#", _ESCAPES.sub("", frame[:2000]))).strip()


def novel(frames: list[str], remembered: tuple[str, ...] = ()) -> tuple[bool, tuple[str, ...]]:
    """Say whether any of these frames is new, and return what to remember for the next call.

    :param frames: pieces of output between line ends or carriage returns, oldest first; empty ones are ignored.
    :param remembered: what the call before returned; masked frames, oldest first, at most `REMEMBERED`.
    """
    found, memory = False, dict.fromkeys(remembered)
    for frame in map(masked, frames):
        if not frame:
            continue
        found = found or frame not in memory
        memory.pop(frame, None)
        memory[frame] = None
    return found, tuple(memory)[-REMEMBERED:]
