"""The place of a ledger's file: whether one is there, and how it is made."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ...runtime.keeper import records
from ...vocabulary.errors import LedgerUnreadable
from .translating import LOOK_INTO


def make(path: Path) -> None:
    """Make the empty file, its pages to be written in place; what another server made meanwhile is left as it is.

    Where pages are copied as they are written, as btrfs does it, a transaction that a full disk cut short cannot be
    taken back, and until it is, SQLite lets nobody read. One that is there is not even opened: closing it again would
    end the locks that SQLite holds on it in this process (fcntl(2)).

    :raises LedgerUnreadable: if something else took its place meanwhile.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        is_there(path)
        return
    try:
        records.write_in_place(descriptor)
    finally:
        os.close(descriptor)


def is_there(path: Path) -> bool:
    """Whether there is a file; whatever else lies in its place is refused before SQLite would wait for it."""
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    if stat.S_ISREG(mode):
        return True
    what = "a link" if stat.S_ISLNK(mode) else "a folder" if stat.S_ISDIR(mode) else "no plain file"
    raise LedgerUnreadable(f"{path} is {what}, where the ledger should be.", LOOK_INTO)
