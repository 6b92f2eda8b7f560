"""Which file a run's log is. A log may be renamed while its training writes to it (logrotate, a rotating handler).

The training's output goes on into the file that its keeper opened, whatever that is called by now. What stands under
the log's name then is another file, into which the script may write as well.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import cast

from ...analysis.logs.blocks import FEED_BYTES
from ...analysis.logs.recognise import Change
from ...runtime.keeper import hosts, records
from ...storage.record import Run
from ...vocabulary.errors import PathRefused
from ...vocabulary.runs import Finding, Level
from ..desk import Desk

MOST_FILES = 2000
"""More files of the log's folder are not looked at."""
LEAST_FEED_BYTES = 16 << 10
_Identity = tuple[int, int]


def where(desk: Desk, run: Run) -> str | None:
    """Return the path of the file that a run's output goes to; None where it is gone.

    Where nobody recorded which file that is, it is the one with the log's name.
    """
    path = run.log
    wanted = _recorded(desk, run)
    if wanted is None or _identity(desk, path) == wanted:
        return path
    return next((one for one in _beside(desk, path) if _identity(desk, one) == wanted), None)


def renamed(original: str | None) -> Change:
    """Return the finding, made once, about a log that has another name by now.

    :param original: its path now; None where it is gone.
    """
    there = f"it is {original} now and read on there" if original else "it is gone, and with it what it held last"
    what = (
        f"the log was renamed while the training wrote to it: {there}; what takes its name is read too, and its lines"
    )
    finding = Finding(kind="log_renamed", level=Level.FLAG, message=f"{what} are counted on from there")
    return Change("seen", "log-renamed", finding)


def read_on(desk: Desk, run: Run, original: str | None, offset: int) -> Iterator[bytes]:
    """Yield what another file holds from an offset on that took the log's name; nothing where none did."""
    path = run.log
    if original == path or _recorded(desk, run) is None:
        return
    try:
        descriptor = desk.workspace.open_beneath(path, os.O_RDONLY)
    except PathRefused:
        return
    try:
        while data := os.pread(descriptor, FEED_BYTES, offset):
            yield data
            offset += len(data)
    finally:
        os.close(descriptor)


def next_size(size: int, *, hurried: bool) -> int:
    """Return how much of a log to read next: nasty lines cost a thousand times as much as plain ones."""
    return min(max(size // 4, LEAST_FEED_BYTES) if hurried else size * 2, FEED_BYTES)


def with_place(state: str, beside: int) -> str:
    """Return a recogniser's state with how far the file was read that took the log's name."""
    return json.dumps({**json.loads(state), "beside": beside}) if beside else state


def place(state: str) -> int:
    """Return how far that file was read, as a look before this one left it."""
    try:
        saved: object = json.loads(state)
    except ValueError:
        return 0
    beside: object = cast("dict[str, object]", saved).get("beside") if isinstance(saved, dict) else 0
    return beside if isinstance(beside, int) else 0


def _recorded(desk: Desk, run: Run) -> _Identity | None:
    try:
        start = records.read(desk.workspace.run_dir(run.id) / records.START)
    except (records.DamagedRecord, OSError):
        return None
    if hosts.elsewhere(start):
        return None  # numbers of devices and files are another mount's there
    device, inode = records.whole(start, "log_device"), records.whole(start, "log_inode")
    return (device, inode) if device is not None and inode is not None else None


def _identity(desk: Desk, path: str) -> _Identity | None:
    try:
        descriptor = desk.workspace.open_beneath(path, os.O_RDONLY)
    except PathRefused:
        return None
    try:
        about = os.fstat(descriptor)
        return about.st_dev, about.st_ino
    finally:
        os.close(descriptor)


def _beside(desk: Desk, path: str) -> Iterator[str]:
    """Yield the plain files of the log's folder, those first whose names begin as its name does."""
    folder, _, name = path.rpartition("/")
    try:
        with os.scandir(desk.workspace.root / folder) as entries:
            found = [one.name for _, one in zip(range(MOST_FILES), entries, strict=False) if one.is_file()]
    except OSError:
        return
    stem = name.rpartition(".")[0] or name
    for one in sorted(found, key=lambda other: (not other.startswith(stem), other)):
        if one != name:
            yield f"{folder}/{one}" if folder else one
