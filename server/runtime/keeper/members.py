"""Which processes a run had at its newest sample, for the server that looks after a keeper was killed.

A process that gave up its environment and whose parents have ended is found by nothing else: pid and start time stay.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from . import procfs, records

MOST = 1000
"""A record holds no more; the rest are found by their environment or their parents."""


class Members:
    """Writes them down whenever they change. Not synced: a machine that goes down has none of them any more."""

    def __init__(self) -> None:
        self._known: set[tuple[int, int]] = set()

    def note(self, found: Iterable[procfs.Stat]) -> None:
        """Note what a sample found; a disk that refuses it is not insisted on."""
        present = {(one.pid, one.start_ticks) for one in found}
        if present == self._known:
            return
        draft = f"{records.MEMBERS}.{os.getpid()}.tmp"
        try:
            descriptor = records.open_plain(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            try:
                records.write_all(descriptor, records.encode({"processes": sorted(present)[:MOST]}))
            finally:
                os.close(descriptor)
            os.replace(draft, records.MEMBERS)
        except (OSError, records.DamagedRecord):
            return
        self._known = present


def read(path: str | os.PathLike[str]) -> list[tuple[int, int]]:
    """Return (pid, start_ticks) of each, empty where nothing was noted that can be read."""
    try:
        listed = (records.read(path) or {}).get("processes")
    except (OSError, records.DamagedRecord):
        return []
    if not isinstance(listed, list):
        return []
    pairs: list[object] = listed  # pyright: ignore[reportUnknownVariableType] # JSON
    return [pair for one in pairs[:MOST] if (pair := _pair(one)) is not None]


def _pair(value: object) -> tuple[int, int] | None:
    match value:
        case [int(pid), int(start_ticks)] if 0 < pid < 2**31:
            return pid, start_ticks
        case _:
            return None
