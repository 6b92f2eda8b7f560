"""Which file a run's log is. A log may be renamed while its training writes to it (logrotate, a rotating handler).

The training's output goes on into the file that its keeper opened, whatever that is called by now. What stands under
the log's name then is another file, into which the script may write as well.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import cast

from ...analysis.logs.blocks import FEED_BYTES
from ...analysis.logs.recognise import Change
from ...runtime.keeper import hosts, records
from ...storage.record import Run
from ...vocabulary.errors import PathRefused
from ...vocabulary.runs import ErrorType, Finding, Level
from ..desk import Desk

MOST_FILES = 2000
"""More files of the log's folder are not looked at."""
LEAST_FEED_BYTES = 16 << 10
_LINE = re.compile(r"L\d")
"""Begins the key of what the recogniser found at a line."""
_Identity = tuple[int, int]


def where(desk: Desk, run: Run) -> str | None:
    """Return the path of the file that a run's output goes to; None where it is gone.

    Where nobody recorded which file that is, it is the one with the log's name.
    """
    path = run.log
    wanted = _recorded(desk, run)
    found = _identity(desk, path)
    if wanted is None or found == wanted:
        return path
    others = {one: _identity(desk, one) for one in _beside(desk, path)}
    if exact := next((one for one, identity in others.items() if identity == wanted), None):
        return exact
    # A device has another number after a restart or when it is mounted anew; a file keeps its own.
    same = ((one, identity) for one, identity in ((path, found), *others.items()) if identity is not None)
    return next((one for one, (_, inode) in same if inode == wanted[1]), None)


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


@contextmanager
def opened_beside(desk: Desk, run: Run) -> Generator[int | None]:
    """Open what stands under the log's name by now; None where nothing does, or where nobody knows which file is it."""
    try:
        descriptor = desk.workspace.open_beneath(run.log, os.O_RDONLY) if _recorded(desk, run) is not None else None
    except PathRefused:
        descriptor = None
    try:
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


def next_size(size: int, *, hurried: bool) -> int:
    """Return how much of a log to read next: nasty lines cost a thousand times as much as plain ones."""
    return min(max(size // 4, LEAST_FEED_BYTES) if hurried else size * 2, FEED_BYTES)


def cut(offset: int, size: int, cuts: int) -> Change:
    """Return the finding about a log that was cut short.

    :param offset: how far it was read.
    :param size: how long it is now.
    :param cuts: how often it was cut before.
    """
    lost = f"the log was cut from {offset} to {size} bytes; what was written in between may be lost"
    finding = Finding(kind="log_cut", level=Level.FAILURE, type=ErrorType.INFRASTRUCTURE, message=lost)
    return Change("seen", counted("log-cut", cuts), finding)


def since_cuts(change: Change, cuts: int) -> Change:
    """Return a change named by the line at which it stands as that of a log which was cut so often.

    Its lines are counted anew after each cut: what was reported or accepted at a line before says nothing of it now.
    """
    finding = replace(change.finding, belongs_to=_since(change.finding.belongs_to, cuts))
    return replace(change, key=_since(change.key, cuts), finding=finding)


def _since(key: str, cuts: int) -> str:
    return counted(key, cuts) if _LINE.match(key) else key


def counted(key: str, cuts: int) -> str:
    """Return the key on record of what is called so in a log that was cut so often."""
    return f"c{cuts}-{key}" if cuts else key


def with_place(state: str, beside: int, cuts: int) -> str:
    """Return a recogniser's state with what it does not know itself.

    :param beside: how far the file was read that took the log's name.
    :param cuts: how often the log was cut.
    """
    more = {name: value for name, value in (("beside", beside), ("cuts", cuts)) if value}
    return json.dumps({**json.loads(state), **more}) if more else state


def place(state: str) -> tuple[int, int]:
    """Return how far that file was read and how often the log was cut, as a look before this one left it."""
    try:
        saved: object = json.loads(state)
    except ValueError:
        return 0, 0
    known = cast("dict[str, object]", saved) if isinstance(saved, dict) else {}
    beside, cuts = known.get("beside"), known.get("cuts")
    return beside if isinstance(beside, int) else 0, cuts if isinstance(cuts, int) else 0


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
