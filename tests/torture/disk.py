"""A disk whose power is cut: what was synced is there, and of the rest a prefix of each file's and folder's changes.

Strict: a name is durable only once its folder was synced, and the last write of a prefix may be torn at 512 bytes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

SECTOR_BYTES = 512


class Change(NamedTuple):
    """One change as `failpoint.c` records it. :ivar old: the earlier name, of a link or rename."""

    op: str
    path: str
    offset: int = 0
    data: bytes = b""
    old: str = ""


def recorded(data: bytes) -> list[Change]:
    """Return the changes of a record, in order."""
    found: list[Change] = []
    place, old = 0, ""
    while place < len(data):
        line, _, _ = data[place:].partition(b"\n")
        op, _, rest = line.decode().partition(" ")
        path, offset, size = rest.rsplit(" ", 2)
        place += len(line) + 1
        bytes_there = int(size) if op == "write" else 0
        if op == "old":
            old = path
        else:
            found.append(Change(op, path, int(offset), data[place : place + bytes_there], old))
            old = ""
        place += bytes_there
    return found


@dataclass
class _Inode:
    durable: bytes = b""
    pending: list[Change] = field(default_factory=list[Change])


class Disk:
    """What lies on a disk after some changes, and what might after a power cut. Folders are one level deep."""

    def __init__(self) -> None:
        self._durable: dict[str, _Inode] = {}
        self._names: dict[str, _Inode] = {}
        self._pending: list[tuple[str, str, _Inode | None]] = []

    def take(self, change: Change) -> None:
        """Take one more change."""
        op, path = change.op, change.path
        if op in ("create", "link", "rename"):
            inode = self._names[change.old] if change.old else _Inode()
            self._name(path, inode)
            if op == "rename":
                self._name(change.old, None)
        elif op == "unlink":
            self._name(path, None)
        elif op == "fsync" and path in self._names:
            inode = self._names[path]
            inode.durable, inode.pending = _applied(inode.durable, inode.pending), []
        elif op == "fsync":  # a folder: all of its names
            for _, name, inode in self._pending:
                _named(self._durable, name, inode)
            self._pending = []
        else:
            if path not in self._names:  # it was opened by openat2, which nothing stands before
                self._name(path, _Inode())
            self._names[path].pending.append(change)

    def _name(self, path: str, inode: _Inode | None) -> None:
        _named(self._names, path, inode)
        self._pending.append(("name", path, inode))

    def after_a_cut(self, draw: random.Random) -> dict[str, bytes]:
        """Return files by name as they may lie there when the power comes back."""
        names = dict(self._durable)
        for _, path, inode in self._pending[: draw.randint(0, len(self._pending))]:
            _named(names, path, inode)
        chosen: dict[int, bytes] = {}
        for inode in names.values():
            if id(inode) not in chosen:
                chosen[id(inode)] = _applied(inode.durable, _prefix(inode.pending, draw))
        return {path: chosen[id(inode)] for path, inode in names.items()}


def _prefix(pending: list[Change], draw: random.Random) -> list[Change]:
    taken = pending[: draw.randint(0, len(pending))]
    if taken and taken[-1].op == "write" and draw.random() < 0.5:
        sectors = draw.randint(0, len(taken[-1].data) // SECTOR_BYTES)
        taken = [*taken[:-1], taken[-1]._replace(data=taken[-1].data[: sectors * SECTOR_BYTES])]
    return taken


def _named(names: dict[str, _Inode], path: str, inode: _Inode | None) -> None:
    if inode is None:
        names.pop(path, None)
    else:
        names[path] = inode


def _applied(content: bytes, changes: list[Change]) -> bytes:
    held = bytearray(content)
    for one in changes:
        if one.op == "trunc":
            del held[one.offset :]
            held.extend(bytes(one.offset - len(held)))
        elif one.data:
            held.extend(bytes(max(0, one.offset - len(held))))
            held[one.offset : one.offset + len(one.data)] = one.data
    return bytes(held)


def cuts(changes: list[Change], draw: random.Random, count: int) -> Iterator[dict[str, bytes]]:
    """Yield so many states after a cut at random places; each place is followed by one state."""
    places = sorted(draw.randint(1, len(changes)) for _ in range(count))
    disk, done = Disk(), 0
    for place in places:
        for one in changes[done:place]:
            disk.take(one)
        done = place
        yield disk.after_a_cut(draw)


def laid_out(files: dict[str, bytes], folder: Path) -> None:
    """Put files into a folder."""
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
