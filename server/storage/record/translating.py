"""SQLite's errors, the file system's and those of what was read, turned into ours; the only seam where they arise."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from ...vocabulary.errors import LedgerUnreadable, StorageFailed

LOOK_INTO = "It was left as it is; run `watchkeeper doctor`."
_DAMAGE = {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_IOERR_SHORT_READ}
"""Codes by which SQLite names what is no passing trouble: a table that is not there, text that is no UTF-8, a file that
ends within a page."""
NONE_OF_OURS = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What comes of reading a row as an event or subject that is none that we wrote."""


@contextmanager
def translated(path: Path) -> Generator[None]:
    """Raise ours for what comes of opening, reading and writing a ledger's file."""
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:  # the second: SQLite names a damaged name in its message
        raise _said(path, error) from error
    except OSError as error:
        raise StorageFailed(f"The ledger {path} cannot be opened: {error}.", "Run `watchkeeper doctor`.") from error


@contextmanager
def understood(path: Path) -> Generator[None]:
    """Say of a row that is none of ours, though SQLite could read it, that the ledger is damaged."""
    try:
        yield
    except NONE_OF_OURS as error:
        raise LedgerUnreadable(f"What the ledger {path} holds cannot be read: {error}.", LOOK_INTO) from error


def _said(path: Path, error: Exception) -> Exception:
    """Return our error for one of SQLite's; its own where it is a mistake of ours."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    if isinstance(error, sqlite3.ProgrammingError | sqlite3.NotSupportedError):
        return error
    if isinstance(error, sqlite3.OperationalError) and code not in _DAMAGE:
        what = f"The ledger {path} cannot be used now: {error}."
        if code & 0xFF == sqlite3.SQLITE_READONLY:
            return StorageFailed(what, "Nothing was recorded. Make it and its folder writable, then repeat the call.")
        mend = "Free disk space or end the process that holds it, then repeat the same call."
        return StorageFailed(what, f"Nothing was recorded. {mend}")
    return LedgerUnreadable(f"The ledger {path} is damaged: {error}.", LOOK_INTO)
