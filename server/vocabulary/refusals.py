"""What the operating system refuses is no defect of ours: a disk that fails or is full, too many open files."""

from __future__ import annotations

import errno
import os

from .errors import StorageFailed
from .sanitize import one_line

_OF_THE_MACHINE = {
    errno.EIO: "The disk or its driver fails: look at the kernel's messages.",
    errno.ESTALE: "The network mount lost the file: mount it anew.",
    errno.ENOSPC: "Make room on the disk.",
    errno.EDQUOT: "Make room: the quota is used up.",
    errno.EFBIG: "Raise the limit of a file's size (`ulimit -f`).",
    errno.EROFS: "Make the disk writable.",
    errno.EMFILE: "Raise the limit of open files (`ulimit -n`).",
    errno.ENFILE: "The machine has too many open files: end what holds them.",
    errno.ENOMEM: "The machine has too little memory.",
}


def refused_by_machine(error: BaseException) -> StorageFailed | None:
    """Return what a failed call of the operating system amounts to, in words; None where it shows a defect of ours."""
    if not isinstance(error, OSError) or error.errno not in _OF_THE_MACHINE:
        return None
    name = f" ({one_line(os.fsdecode(error.filename), 300)})" if isinstance(error.filename, str | bytes) else ""
    return StorageFailed(
        f"The operating system refused: {os.strerror(error.errno)}{name}.",
        f"Nothing that was acknowledged is lost. {_OF_THE_MACHINE[error.errno]} Then repeat the call.",
    )
