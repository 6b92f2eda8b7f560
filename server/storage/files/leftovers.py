"""Drafts that killed processes left beside what they meant to write: removed by the next server, never what lives."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

ABANDONED_AFTER_S = 3600.0
"""A draft lives for as long as one file takes to be written; one this old has nobody who will give it its name."""

_DRAFT = re.compile(r"\.watchkeeper-[0-9a-f]{16}\.tmp|[a-z_]+(?:\.json|\.jsonl)?\.(?:[0-9a-f]{12}|[0-9]{1,10})\.tmp")
_FOLDERS = ("reports", "verdicts", "snapshots", "runs")


def sweep(state: Path, now: float | None = None) -> list[str]:
    """Remove abandoned drafts of ours below the state folder and return their paths in it.

    Only plain files with the names of drafts count, in the folders that we write to ourselves; no link is followed.
    """
    before = (time.time() if now is None else now) - ABANDONED_AFTER_S
    swept: list[str] = []
    for folder in () if state.is_symlink() else _folders(state):
        with suppress(OSError), os.scandir(folder) as entries:
            swept += [os.path.relpath(one.path, state) for one in entries if _is_old_draft(one, before) and _gone(one)]
    return swept


def _is_old_draft(entry: os.DirEntry[str], before: float) -> bool:
    if not _DRAFT.fullmatch(entry.name):
        return False
    with suppress(OSError):
        return entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_mtime < before
    return False


def _gone(entry: os.DirEntry[str]) -> bool:
    with suppress(OSError):
        os.unlink(entry.path)
        return True
    return False


def _folders(state: Path) -> Iterator[str]:
    yield str(state)
    for name in _FOLDERS:
        if not (state / name).is_symlink():
            yield str(state / name)
    if (state / "runs").is_symlink():
        return
    with suppress(OSError), os.scandir(state / "runs") as runs:
        for one in runs:
            if one.is_dir(follow_symlinks=False):
                yield one.path
