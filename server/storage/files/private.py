"""Files that hold what only one person may know: outside of the workspace, theirs, readable by nobody else."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ...vocabulary.errors import InvalidArgument, Refused
from ...vocabulary.sanitize import one_line
from .rooted import closing


def read(path: Path, workspace: Path, limit_bytes: int, *, missing: str, open_to: str) -> bytes:
    """Return what such a file holds, at most a byte more than the limit.

    :param missing: what to do where there is none. :param open_to: what to do where others may have read it.
    :raises Refused: the file lies in the workspace, or others may read it.
    :raises InvalidArgument: it cannot be read.
    """
    require_outside(path, workspace)
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise InvalidArgument(f"{shown(path)} cannot be read: {error}.", missing) from None
    with closing(file):
        _require_private(path, os.fstat(file), missing, open_to)
        return os.read(file, limit_bytes + 1)


def require_outside(path: Path, workspace: Path) -> None:
    """Refuse a file that agents and trainings could read, who can read all that lies in the workspace.

    :raises Refused: it lies there.
    """
    if Path(os.path.realpath(path)).is_relative_to(workspace):
        raise Refused(f"{shown(path)} lies in the workspace, where every agent could read it.", "Keep it elsewhere.")


def _require_private(path: Path, found: os.stat_result, missing: str, open_to: str) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise InvalidArgument(f"{shown(path)} is no plain file.", missing)
    if found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise Refused(f"{shown(path)} must be yours and readable by you alone (mode 0600).", open_to)


def shown(path: Path) -> str:
    """Return a path as messages name it."""
    return one_line(str(path), 300)
