"""The records of one run directory, each read with suspicion: it may be damaged, or another start's, or planted."""

from __future__ import annotations

import os
from pathlib import Path

from .keeper import lock, procfs, records
from .samples import Record, Sample, last_sample


class Damage(list[str]):
    """Names of records that cannot be understood, and which of them were not written by this run's keeper."""

    def __init__(self) -> None:
        super().__init__()
        self.foreign: list[str] = []


def record(run_dir: Path, name: str, damaged: Damage, nonce: str = "") -> Record | None:
    """Return a record; one that is damaged, or does not carry the nonce that it should, counts as absent."""
    try:
        found = records.read(run_dir / name)
    except records.DamagedRecord:
        damaged.append(name)
        return None
    if found is not None and nonce and found.get("nonce") != nonce:
        damaged.append(name)
        damaged.foreign.append(name)
        return None
    return found


def exit_of(run_dir: Path, kept: Record | None, damaged: Damage, nonce: str) -> Record | None:
    """Return how the run ended, from the space that was set aside where a disk refused to give the record its name.

    :param kept: the start record while a keeper has the run. It writes into the files whose inodes stand there; another
        one was planted, and is replaced in a moment.
    """
    found: Record | None = None
    for name in (records.EXIT, *reversed(records.EXIT_RESERVED)):
        if (found is None or found.get("settled") is False) and _is_the_keepers(run_dir / name, kept):
            later = record(run_dir, name, damaged if name == records.EXIT else Damage(), nonce)
            found = later if found is None or (later or {}).get("settled") is True else found
    return found


def _is_the_keepers(path: Path, kept: Record | None) -> bool:
    inodes = kept.get("exit_inodes") if kept is not None else None
    try:
        return not isinstance(inodes, list) or os.lstat(path).st_ino in inodes
    except OSError:
        return True  # reading it will say


def lock_held(run_dir: Path, start: Record | None, damaged: Damage) -> bool:
    """Whether a keeper has the run; without a lock that can be asked, whether the keeper that started it lives."""
    path = run_dir / records.LOCK
    try:
        if os.path.lexists(path):
            return lock.held(path)
    except records.DamagedRecord:
        damaged.append(records.LOCK)
    keeper = records.part(start, "keeper")
    pid, start_ticks = records.whole(keeper, "pid"), records.whole(keeper, "start_ticks")
    return pid is not None and start_ticks is not None and procfs.alive(pid, start_ticks)


def newest_sample(run_dir: Path, damaged: Damage) -> Sample | None:
    """Return the newest sample, None when there is none."""
    try:
        return last_sample(run_dir)
    except records.DamagedRecord:
        damaged.append(records.USAGE)
        return None


def copy_of(run_dir: Path, spec: Record | None) -> str:
    """Return the workspace of which this run directory is a copy: the one that its spec names and where it still lies.

    A workspace that was moved or renamed is none: nothing lies any more where it was.
    """
    workspace = records.text(spec, "workspace")
    try:
        original = Path(workspace) / run_dir.relative_to(run_dir.parents[2]) if workspace else run_dir
        copied = not os.path.samestat(os.stat(original), os.stat(run_dir))
    except (OSError, ValueError, IndexError):
        return ""
    return workspace if copied else ""
