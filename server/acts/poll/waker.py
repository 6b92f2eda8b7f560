"""Wakes a waiting poll when something changed: inotify, with a look at the files as a safety net, or that look alone.

inotify is only the quick messenger. It sees nothing that another machine writes on a network mount, and its number of
watches is limited; so the files are also looked at once in a while, and that is all there is where inotify is not to be
had.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import anyio

from ...storage.files import mounts

GIVING_BACK = "watchkeeper gives watches back"
"""Name of the thread that does so."""
HOLD_OFF_S = 0.05
LOOK_S = 1.0
NETWORK_LOOK_S = 2.0
"""Between two looks on a network mount: there each one is a question to its server, and the only messenger."""

_MODIFY, _ATTRIB, _MOVED_FROM, _MOVED_TO = 0x02, 0x04, 0x40, 0x80
_CREATE, _DELETE, _DELETE_SELF, _MOVE_SELF = 0x100, 0x200, 0x400, 0x800
_OVERFLOW, _ONLYDIR = 0x4000, 0x0100_0000
_OF_FILE = _MODIFY | _ATTRIB | _DELETE_SELF | _MOVE_SELF
_OF_FOLDER = _CREATE | _DELETE | _MOVED_FROM | _MOVED_TO | _DELETE_SELF | _MOVE_SELF | _ONLYDIR
# Files are looked at for attributes, which also change by chmod; what cannot be mistaken for that wakes by itself.
_NEWS = _MODIFY | _CREATE | _DELETE | _MOVED_FROM | _MOVED_TO
_EVENT = struct.Struct("iIII")
_READ_BYTES = 65536

Look = tuple[int, int, int] | None


class Waker:
    """Waits until a file or folder changes. One task waits at a time; use it as an async context manager.

    A file has changed when it was written, replaced, created or removed; a folder when a name in it appeared, went or
    was replaced. What happens between the construction and a wait, or between two waits, is never missed.

    :param paths: files and folders; they, and the folders that they lie in, need not exist yet.
    :param inotify: False to do without inotify, as happens by itself where the system refuses it.
    :param look_s: seconds between two looks at the files.
    """

    def __init__(self, paths: Sequence[Path], *, inotify: bool = True, look_s: float = LOOK_S) -> None:
        self._paths = tuple(Path(os.path.abspath(path)) for path in paths)
        self._inotify = inotify
        self._watches: _Watches | None = None
        self._networked = frozenset(path for path in self._paths if mounts.network(path))
        self._look_s = NETWORK_LOOK_S if self._networked else look_s
        self._seen = self._looks()
        self._changed = False
        self._woke_at = float("-inf")

    async def __aenter__(self) -> Self:
        self._watches = _Watches() if self._inotify else None
        self._arm()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._watches:
            self._watches.close()

    async def wait(self, timeout_s: float) -> bool:
        """Return True as soon as something has changed since the last True, False after `timeout_s` seconds.

        Two wakings are at least 50 ms apart, so a burst of lines wakes twice and not a thousand times; a lone line
        wakes at once. A cancelled wait loses nothing. Now and then a change wakes twice, so look before you act.
        """
        with anyio.move_on_after(timeout_s):
            await anyio.lowlevel.checkpoint()
            while not self._look():
                await self._hint()
            await anyio.sleep(max(0.0, self._woke_at + HOLD_OFF_S - anyio.current_time()))
        if not self._look():
            return False
        self._changed = False
        self._woke_at = anyio.current_time()
        return True

    async def _hint(self) -> None:
        """Wait until inotify has something to say, or the time of a look has come."""
        descriptor = self._watches.descriptor if self._watches else None
        if descriptor is None:
            await anyio.sleep(self._look_s)
            return
        with anyio.move_on_after(self._look_s):
            await anyio.wait_readable(descriptor)

    def _look(self) -> bool:
        """Take in what has happened so far; whether anything has since the last waking."""
        if self._watches:
            self._changed |= self._watches.news()
        self._arm()  # before looking: what happens in between is then seen by the one or the other
        looks = self._looks()
        self._changed |= looks != self._seen
        self._seen = looks
        return self._changed

    def _looks(self) -> tuple[Look, ...]:
        return tuple(_opened(path) if path in self._networked else _look_at(path) for path in self._paths)

    def _arm(self) -> None:
        if self._watches:
            self._watches.arm(self._paths)


class _Watches:
    """An inotify descriptor and what it watches; without one (`descriptor` None) it does nothing.

    Each path is watched itself, and so is the nearest folder above it that exists.
    """

    def __init__(self) -> None:
        self.descriptor = _inotify()
        self._of_file: set[int] = set()
        self._of_folder: dict[int, set[bytes] | None] = {}
        """The names in a folder that matter by themselves; None when all do."""

    def arm(self, paths: Sequence[Path]) -> None:
        """Watch what there now is of `paths`, and no longer what was replaced."""
        before = self._of_file | self._of_folder.keys()
        self._of_file, self._of_folder = set(), {}
        for path in paths:
            self._watch(path)
        for watch in before - self._of_file - self._of_folder.keys():
            if self.descriptor is not None:
                _LIBC.inotify_rm_watch(self.descriptor, watch)

    def news(self) -> bool:
        """Read all events that have come; whether one of them matters by itself."""
        found = False
        while data := self._read():
            found |= any(self._matters(*event) for event in _events(data))
        return found

    def close(self) -> None:
        """Give the descriptor back; twice is once.

        The kernel waits for a grace period of its own before it lets a watch go, some 30 ms: nobody need wait with it.
        """
        descriptor, self.descriptor = self.descriptor, None
        if descriptor is None:
            return
        try:
            threading.Thread(target=os.close, args=(descriptor,), name=GIVING_BACK).start()
        except RuntimeError:  # there are as many threads as may be, or the interpreter ends
            os.close(descriptor)

    def _watch(self, path: Path) -> None:
        if path.is_dir():
            watch = self._add(path, _OF_FOLDER)
            if watch is not None:
                self._of_folder[watch] = None
        elif (watch := self._add(path, _OF_FILE)) is not None:
            self._of_file.add(watch)
        self._watch_above(path)

    def _watch_above(self, path: Path) -> None:
        """Watch the nearest folder above `path` that exists; its own folder for its name, others for the way there."""
        for folder in path.parents:
            watch = self._add(folder, _OF_FOLDER)
            if watch is not None:
                names = self._of_folder.setdefault(watch, set())
                if names is not None and folder == path.parent:
                    names.add(os.fsencode(path.name))
                return

    def _matters(self, watch: int, mask: int, name: bytes) -> bool:
        if mask & _OVERFLOW:
            return True
        if watch in self._of_file:
            return bool(mask & _MODIFY)
        if watch not in self._of_folder or not mask & _NEWS:
            return False
        names = self._of_folder[watch]
        return names is None or name in names

    def _add(self, path: Path, mask: int) -> int | None:
        if self.descriptor is None:
            return None
        watch = _LIBC.inotify_add_watch(self.descriptor, os.fsencode(path), mask)
        return watch if watch >= 0 else None

    def _read(self) -> bytes:
        if self.descriptor is None:
            return b""
        with suppress(BlockingIOError):
            return os.read(self.descriptor, _READ_BYTES)
        return b""


def _events(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield watch, mask and name of the events in what inotify gave (inotify(7))."""
    place = 0
    while place < len(data):
        watch, mask, _cookie, size = _EVENT.unpack_from(data, place)
        place += _EVENT.size
        yield watch, mask, data[place : place + size].rstrip(b"\0")
        place += size


def _look_at(path: Path) -> Look:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _opened(path: Path) -> Look:
    """Look at what lies on a network mount: `stat` may answer from a cache for a minute, opening asks the server."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        found = os.fstat(descriptor)
        names = hash(tuple(sorted(os.listdir(descriptor)))) if stat.S_ISDIR(found.st_mode) else found.st_ino
        return names, found.st_size, found.st_mtime_ns
    except OSError:
        return None
    finally:
        os.close(descriptor)


_LIBC = ctypes.CDLL(None, use_errno=True)


def _inotify() -> int | None:
    """Return a new inotify descriptor, None where the system has none or has run out of them."""
    if sys.platform != "linux":
        return None
    descriptor: int = _LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    return descriptor if descriptor >= 0 else None
