"""Limits of the process that are too low to work with: refused before anything begins, each by its name.

A server that runs into one later ends without a word, or in the middle of a write.
"""

from __future__ import annotations

import resource
from typing import NamedTuple


class _Limit(NamedTuple):
    """What a limit bounds, by which word of `ulimit` it is set, and how much is needed at least."""

    number: int
    what: str
    word: str
    least: int
    unit: int


_LIMITS = (
    _Limit(resource.RLIMIT_NOFILE, "RLIMIT_NOFILE (open files)", "-n", 64, 1),
    _Limit(resource.RLIMIT_FSIZE, "RLIMIT_FSIZE (length of a file)", "-f", 256 << 20, 1024),
    _Limit(resource.RLIMIT_AS, "RLIMIT_AS (address space)", "-v", 1 << 30, 1024),
)
"""A server that answers a poll holds 11 files open, and had mapped 0.3 GB at most (measured); calls need some more.
Length of a file: a year's ledger. Trainings inherit these limits, so a log would run into it too."""


def refusal() -> str:
    """Return which limit is too low and what to do, empty when all are high enough."""
    for limit in _LIMITS:
        soft = resource.getrlimit(limit.number)[0]
        if soft != resource.RLIM_INFINITY and soft < limit.least:
            return (
                f"{limit.what} is {soft // limit.unit} here and has to be {limit.least // limit.unit} at least. "
                f"Raise it before you start: ulimit {limit.word} {limit.least // limit.unit}, or ask whoever set it."
            )
    return ""
