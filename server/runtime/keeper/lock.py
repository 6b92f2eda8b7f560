"""The keeper's lock: who holds it keeps the run.

An open-file-description lock (F_OFD_SETLK): it lives as long as its descriptor, in whichever process, and a reader can
ask about it without touching it. Probing a flock by taking it answered falsely in a tenth of all tries.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sys
from collections.abc import Mapping

from . import records

_FLOCK_BYTES = 32
"""struct flock of 64-bit Linux: two bytes of type, then whence, start, length and pid, all of them 0 here."""
_CONTENT_BYTES = 512


def take(path: str | os.PathLike[str]) -> int | None:
    """Take the lock and return the descriptor that holds it, None when somebody else does.

    The lock is free again once every copy of the descriptor is closed, by `os.close` or by the end of the process.

    :raises DamagedRecord: if something else than a plain file is in its place.
    """
    descriptor = records.open_plain(path, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _flock(fcntl.F_WRLCK))
    except OSError as error:
        os.close(descriptor)
        if error.errno in (errno.EAGAIN, errno.EACCES):
            return None
        raise
    return descriptor


def held(path: str | os.PathLike[str]) -> bool:
    """Whether somebody holds the lock. Takes nothing, so it never gets in anybody's way.

    :raises DamagedRecord: if something else than a plain file is in its place.
    """
    try:
        descriptor = records.open_plain(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        question = _flock(fcntl.F_WRLCK)
        answer = fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, question)
    finally:
        os.close(descriptor)
    return answer[:2] != _flock(fcntl.F_UNLCK)[:2]


def sign(descriptor: int, holder: Mapping[str, object]) -> None:
    """Write who holds the lock into its file.

    Always the same number of bytes: once the first keeper has written them, a full disk cannot refuse the next one.
    """
    os.pwrite(descriptor, records.encode(holder).ljust(_CONTENT_BYTES), 0)


def holder(path: str | os.PathLike[str]) -> dict[str, object] | None:
    """Return who wrote the lock's file last, None when that is not known. It need not hold the lock any more."""
    try:
        return records.read(path)
    except records.DamagedRecord:
        return None


def _flock(kind: int) -> bytes:
    """Return the structure of a lock on the whole file; the module struct would stay in the keeper's memory for it."""
    return kind.to_bytes(2, sys.byteorder).ljust(_FLOCK_BYTES, b"\0")
