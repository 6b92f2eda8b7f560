"""Removing what was given up: beneath the workspace only, through no link, however deep it is."""

from __future__ import annotations

import fcntl
import os
import posixpath
import secrets
import stat
from collections.abc import Iterator
from contextlib import suppress

from . import rooted
from .workspace import STATE_DIR, Workspace

MOST_COUNTED = 200_000
"""Files of a folder whose sizes are added up; more are removed all the same."""
_BLOCK_BYTES = 512
ASIDE = ".pruned-"
"""Begins the name of a folder that is given up and not yet gone."""


def remove(workspace: Workspace, path: str) -> bool:
    """Remove a file, or a folder with all that is in it; False where nothing is there.

    :raises PathRefused: if a link stands in its way.
    :raises OSError: if something of it may not be removed; the rest is gone.
    """
    parent, name = posixpath.split(workspace.relative(path))
    try:
        with rooted.closing(_opened(workspace, parent)) as folder:
            _gone(folder, name)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def size_bytes(workspace: Workspace, path: str) -> int:
    """Return what a file, or a folder with all that is in it, takes on the disk; 0 where nothing is there."""
    parent, name = posixpath.split(workspace.relative(path))
    with suppress(OSError, ValueError), rooted.closing(_opened(workspace, parent)) as folder:
        about = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISDIR(about.st_mode):
            return about.st_blocks * _BLOCK_BYTES
        sizes = _sizes(os.path.join(workspace.root, parent, name))
        return sum(size for _, size in zip(range(MOST_COUNTED), sizes, strict=False))
    return 0


def set_aside(workspace: Workspace, path: str) -> str:
    """Give a folder another name beside its own, so that whoever needs its name makes a new one; return that name.

    :raises OSError: where it is not there.
    """
    parent, name = posixpath.split(workspace.relative(path))
    aside = f"{ASIDE}{secrets.token_hex(8)}"
    with rooted.closing(_opened(workspace, parent)) as folder:
        if not stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            raise NotADirectoryError(path)
        os.rename(name, aside, src_dir_fd=folder, dst_dir_fd=folder)
    return f"{parent}/{aside}"


def unused_snapshot(workspace: Workspace, digest: str, since: float) -> int:
    """Remove a snapshot for which no start asked since a time (unix seconds); return what it took on the disk."""
    with rooted.closing(_opened(workspace, f"{STATE_DIR}/snapshots")) as folder:
        fcntl.flock(folder, fcntl.LOCK_EX)  # a start touches what it is about to name
        try:
            about = os.stat(digest, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return 0
        if about.st_mtime >= since:
            return 0
        os.unlink(digest, dir_fd=folder)
        return about.st_blocks * _BLOCK_BYTES


def _opened(workspace: Workspace, path: str) -> int:
    """Open a folder name by name; a link among them is refused."""
    with rooted.closing(workspace.open_folder_beneath(".")) as root:
        found = rooted.walk(root, path or ".", rooted.FOLDER, 0)
    if isinstance(found, str):
        raise rooted.refused(path, ("runs through a link", "Nothing was removed; look who made that link"))
    return found


def _gone(folder: int, name: str) -> None:
    try:
        os.unlink(name, dir_fd=folder)
    except IsADirectoryError:
        with rooted.closing(os.open(name, rooted.FOLDER | os.O_NOFOLLOW, dir_fd=folder)) as inside:
            _emptied(inside)
        os.rmdir(name, dir_fd=folder)


def _emptied(folder: int) -> None:
    """Remove everything in a folder; folders in its folders are moved up here first, so that none lies deep."""
    while names := os.listdir(folder):
        for name in names:
            try:
                os.unlink(name, dir_fd=folder)
            except IsADirectoryError:
                with rooted.closing(os.open(name, rooted.FOLDER | os.O_NOFOLLOW, dir_fd=folder)) as inner:
                    _moved_up(inner, folder)
                os.rmdir(name, dir_fd=folder)


def _moved_up(inner: int, folder: int) -> None:
    for name in os.listdir(inner):
        try:
            os.unlink(name, dir_fd=inner)
        except IsADirectoryError:
            os.rename(name, secrets.token_hex(12), src_dir_fd=inner, dst_dir_fd=folder)


def _sizes(top: str) -> Iterator[int]:
    folders = [top]
    while folders:
        with suppress(OSError), os.scandir(folders.pop()) as entries:
            for one in entries:
                yield one.stat(follow_symlinks=False).st_blocks * _BLOCK_BYTES
                if one.is_dir(follow_symlinks=False):
                    folders.append(one.path)
