"""The plain files beneath a folder's descriptor, to look one up by its name."""

from __future__ import annotations

import os
import posixpath
import stat
from contextlib import suppress

_MOST_LEVELS = 8


def files(root: int, most: int) -> list[tuple[str, int, float]]:
    """Return (path, size, time of its last change) of the plain files beneath a folder, at most so many.

    No link is followed. Hidden folders, environments and caches are left out.
    """
    found: list[tuple[str, int, float]] = []
    for above, folders, names, folder in os.fwalk(".", dir_fd=root):
        inside = above.removeprefix(".").removeprefix("/")
        folders[:] = [] if inside.count("/") >= _MOST_LEVELS else [one for one in folders if _is_own(one)]
        if "pyvenv.cfg" in names:  # an environment
            folders[:] = []
            continue
        for name in sorted(names):
            with suppress(OSError):
                about = os.stat(name, dir_fd=folder, follow_symlinks=False)
                if stat.S_ISREG(about.st_mode):
                    found.append((posixpath.join(inside, name), about.st_size, about.st_ctime))
        if len(found) >= most:
            break
    return found[:most]


def _is_own(folder: str) -> bool:
    return not folder.startswith(".") and folder not in ("node_modules", "__pycache__", "site-packages")
