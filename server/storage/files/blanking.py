"""Giving up a part of a log without moving anything behind it: the part becomes a hole and as many line ends.

So every offset and every line number of what was written later still holds, and nothing of the part is on the disk.
"""

from __future__ import annotations

import ctypes
import errno
import os

from .log_lines import line_ends_between

LEAST_BYTES = 1 << 20
"""Less is left as it is: a log with a hole is no plain text to `grep` any more (`grep -a` reads it)."""
_LIBC = ctypes.CDLL(None, use_errno=True)
_PUNCH_HOLE_KEEP_SIZE = 0x02 | 0x01
_CHUNK = b"\n" * (1 << 16)


def line_ends(log: int, begin: int, end: int) -> int | None:
    """Return how many line ends stand in a part but for its last byte; None where blanking it would free too little."""
    if end - begin < LEAST_BYTES or os.fstat(log).st_size < end:
        return None
    count = line_ends_between(log, begin, end - 1)
    return count if count < (end - begin) // 2 else None


def blank(log: int, begin: int, end: int, count: int, note: str) -> bool:
    """Blank a part of a log, durably; what was interrupted is done once more. False where it was done before.

    :param count: what `line_ends` said of it. :param note: what stands at its beginning from now on, one line.
    :raises OSError: EOPNOTSUPP where the file system knows no holes; nothing was changed then.
    """
    if is_blank(log, begin, end, note):
        return False
    told = note.encode()
    punch_hole(log, begin, end - 1 - begin)
    place, left = end - 1 - count, count
    while left:
        written = os.pwrite(log, _CHUNK[:left], place)
        place, left = place + written, left - written
    os.fsync(log)
    os.pwrite(log, told, begin)  # last: it says that all of it is done
    os.fsync(log)
    return True


def is_blank(log: int, begin: int, end: int, note: str) -> bool:
    """Whether a part was blanked, or is too short for it."""
    told = note.encode()
    return end - begin < LEAST_BYTES or os.pread(log, len(told), begin) == told


def punch_hole(log: int, begin: int, length: int) -> None:
    """Give up the blocks of a part of a file, which reads as zeros from then on; the file keeps its length.

    :raises OSError: EOPNOTSUPP where the file system knows no holes.
    """
    try:
        punch = _LIBC.fallocate
    except AttributeError:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP)) from None
    offset = ctypes.c_longlong
    while punch(log, _PUNCH_HOLE_KEEP_SIZE, offset(begin), offset(length)):
        code = ctypes.get_errno()
        if code != errno.EINTR:
            raise OSError(code, os.strerror(code))
