"""The sha256 of a file whose size nobody bounds: read for a time, and given up early where that cannot be enough."""

from __future__ import annotations

import hashlib
import os
import time
from typing import BinaryIO

TRIED_S = 1.0
TRIED_BYTES = 64 << 20
"""So long, and so far, a file is read before it is asked how long the rest will take: a disk may stall at first."""
_TIMES = 2.0
"""The rest may be read so much faster than what was read so far."""
_BLOCK_BYTES = 1 << 20


def sha256_within(file: BinaryIO, most_s: float) -> str | None:
    """Return the digest of what an open file holds from here on; None where that takes too long.

    A sparse file is larger than any disk. What cannot be read in time at the speed of its first second, and of no less
    than its first 64 MiB, is given up then.
    """
    digest = hashlib.sha256()
    begun, done, hopeful = time.monotonic(), 0, False
    while block := file.read(_BLOCK_BYTES):
        digest.update(block)
        done += len(block)
        took_s = time.monotonic() - begun
        if took_s > most_s:
            return None
        if not hopeful and took_s > TRIED_S and done >= TRIED_BYTES:
            hopeful = os.fstat(file.fileno()).st_size - file.tell() <= _TIMES * done / took_s * (most_s - took_s)
            if not hopeful:
                return None
    return digest.hexdigest()
