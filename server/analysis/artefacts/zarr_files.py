"""The files of a Zarr folder: every one is opened beneath it, name by name, and no link is followed."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from .trouble import CannotInspectError

_MOST_ENTRIES = 100_000
_MOST_METADATA_BYTES = 8 << 20


class Beneath:
    """The files of a folder, by names with slashes."""

    def __init__(self, folder: int) -> None:
        self._folder = folder

    @contextmanager
    def open(self, name: str) -> Generator[int]:
        """Open a plain file or a folder, name by name.

        :raises OSError: if it is not there, or a link stands in the way.
        """
        opened = os.dup(self._folder)
        try:
            for part in name.split("/") if name else []:
                if part in ("", ".", ".."):
                    raise FileNotFoundError(name)
                inner = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=opened)
                os.close(opened)
                opened = inner
            yield opened
        finally:
            os.close(opened)

    def read(self, name: str, most_bytes: int, offset: int = 0) -> bytes | None:
        """Return a file's bytes, at most so many; None if there is no such plain file."""
        try:
            with self.open(name) as opened:
                if not stat.S_ISREG(os.fstat(opened).st_mode):
                    return None
                return os.pread(opened, most_bytes, offset)
        except OSError:
            return None

    def size(self, name: str) -> int:
        """Return a file's size in bytes, 0 if it is not there."""
        try:
            with self.open(name) as opened:
                return os.fstat(opened).st_size
        except OSError:
            return 0

    def folders(self, name: str) -> tuple[list[str], list[str]]:
        """Return the names of the folders in a folder, and those of its links."""
        with self.open(name) as opened, os.scandir(opened) as entries:
            listed = sorted(
                (one.name, one.is_symlink(), one.is_dir(follow_symlinks=False)) for one in _bounded(entries)
            )
        return [name for name, _, folder in listed if folder], [name for name, link, _ in listed if link]

    def total_bytes(self) -> int:
        """Return the size of all files."""
        total, entries = 0, 0
        for _, folders, files, opened in os.fwalk(".", dir_fd=self._folder, follow_symlinks=False):
            entries += len(folders) + len(files)
            if entries > _MOST_ENTRIES:
                raise CannotInspectError("too large", f"The folder holds more than {_MOST_ENTRIES} files.")
            total += sum(os.stat(file, dir_fd=opened, follow_symlinks=False).st_size for file in files)
        return total

    def metadata(self, name: str) -> dict[str, Any] | None:
        """Return a JSON object, None if there is none."""
        data = self.read(name, _MOST_METADATA_BYTES)
        if data is None:
            return None
        found: object = json.loads(data)
        return cast(dict[str, Any], found) if isinstance(found, dict) else None


def _bounded(entries: Iterable[os.DirEntry[str]]) -> Iterator[os.DirEntry[str]]:
    for number, entry in enumerate(entries):
        if number >= _MOST_ENTRIES:
            raise CannotInspectError("too large", f"A folder holds more than {_MOST_ENTRIES} entries.")
        yield entry
