"""Reading the ledger of another machine: a copy in memory, taken between two of its writes. Changes nothing there.

SQLite itself must not open it: what it takes for a crashed transaction, and rolls back, may be one that the other
machine is in the middle of.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

from ...vocabulary.errors import StorageFailed

WITHIN_S = 2.0
_HEADER_BYTES = 100


class Snapshot:
    """The ledger as it was when the other machine had last finished a write.

    :param path: the ledger's file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._header = b""
        self._copy: sqlite3.Connection | None = None

    def connection(self) -> sqlite3.Connection:
        """Return the copy, taken again where the file was written since.

        :raises StorageFailed: if it is being written all the time, or a write was begun that nobody goes on with.
        """
        deadline, begun = time.monotonic() + WITHIN_S, self._state()
        while True:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                if self._copy is not None and os.pread(descriptor, _HEADER_BYTES, 0) == self._header:
                    return self._copy
                if (content := self._whole(descriptor)) is not None:
                    return self._take(content)
            finally:
                os.close(descriptor)
            if time.monotonic() > deadline:
                raise self._unfinished(is_still=self._state() == begun)
            time.sleep(0.02)

    def _unfinished(self, *, is_still: bool) -> StorageFailed:
        if not is_still:
            return StorageFailed(f"The ledger {self._path} is being written by its host.", "Repeat the call.")
        return StorageFailed(
            f"The ledger {self._path} is in the middle of a write with which its host has not gone on for "
            f"{WITHIN_S:g} s: if that host is down, it ended there.",
            "Repeat the call; if it stays so and that host is down, `watchkeeper doctor --move-ledger` takes the "
            "ledger over as it was before that write.",
        )

    def _state(self) -> tuple[object, ...]:
        """Return what changes while the other machine writes: times and sizes of both files, the ledger's header."""
        found: list[object] = []
        for path in (self._path, self._journal()):
            with suppress(FileNotFoundError):
                about = path.stat()
                found += [path.name, about.st_ino, about.st_size, about.st_mtime_ns]
        with self._path.open("rb") as file:
            return (*found, file.read(_HEADER_BYTES))

    def _journal(self) -> Path:
        return self._path.with_name(f"{self._path.name}-journal")

    def _whole(self, descriptor: int) -> bytes | None:
        """Return the file's bytes, None while a write is under way: then there is a journal, or the header changes."""
        before = os.pread(descriptor, _HEADER_BYTES, 0)
        size = os.fstat(descriptor).st_size
        content = b"".join(iter(lambda: os.read(descriptor, 1 << 20), b""))
        again = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)  # a network mount looks anew when a file is opened
        try:
            after = os.pread(again, _HEADER_BYTES, 0)
        finally:
            os.close(again)
        whole = len(content) == size and before == content[:_HEADER_BYTES] == after
        return content if whole and not self._is_being_written() else None

    def _is_being_written(self) -> bool:
        with suppress(FileNotFoundError):
            return self._journal().stat().st_size > 0
        return False

    def _take(self, content: bytes) -> sqlite3.Connection:
        self.close()
        copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        try:
            if content:
                copy.deserialize(content)
            copy.execute("PRAGMA query_only = ON")
        except BaseException:
            copy.close()
            raise
        self._copy, self._header = copy, content[:_HEADER_BYTES]
        return copy

    def close(self) -> None:
        """Give the copy back."""
        if self._copy is not None:
            self._copy.close()
        self._copy = None
