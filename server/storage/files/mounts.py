"""Whether a path lies on a file system that other machines write to.

There inotify says nothing of their writes, and `stat` answers from a cache; only opening a file asks the server anew.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

NETWORK = {
    0x6969: "nfs", 0x517B: "smb", 0xFF534D42: "cifs", 0xFE534D42: "smb2", 0x65735546: "fuse", 0x0BD00BD0: "lustre",
    0x00C36400: "ceph", 0x01021997: "9p", 0x47504653: "gpfs", 0x19830326: "beegfs", 0xAAD7AAEA: "panfs",
    0x5346414F: "afs", 0x73757245: "coda", 0x7461636F: "ocfs2", 0x01161970: "gfs2", 0x564C: "ncp",
}  # fmt: skip
"""The kernel's numbers of such file systems (statfs(2), linux/magic.h; Lustre, GPFS, BeeGFS and PanFS by their own).
FUSE may be local; then the looks cost a little and nothing is lost."""
_STATFS_BYTES = 256
_LIBC = ctypes.CDLL(None, use_errno=True)


def network(path: Path) -> str:
    """Return the kind of network file system that a path lies on, or would; empty for a local one or an unknown one."""
    for place in (path, *path.parents):
        if (number := _type(place)) is not None:
            return NETWORK.get(number, "")
    return ""


def _type(path: Path) -> int | None:
    """Return the number of the file system at a path; None where there is nothing, or the system cannot tell."""
    answer = ctypes.create_string_buffer(_STATFS_BYTES)
    if sys.platform != "linux" or _LIBC.statfs(os.fsencode(path), answer) != 0:
        return None
    return int.from_bytes(answer.raw[: ctypes.sizeof(ctypes.c_long)], sys.byteorder) & 0xFFFF_FFFF
