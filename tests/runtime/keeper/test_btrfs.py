"""A file system that copies on write, filled to the last byte: the exit status is written in place all the same."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from watchkeeper.server.runtime.keeper import procfs
from watchkeeper.server.vocabulary.runs import RunState

from .helpers import WAITS, Run, end_processes_of, until

SIZE_BYTES = 130 << 20
"""The least that mkfs.btrfs takes is 109 MiB."""


@pytest.fixture
def copying(workspace: Path) -> Iterator[Path]:
    """Give a folder on a small btrfs of its own."""
    if os.geteuid() != 0 or shutil.which("mkfs.btrfs") is None:
        pytest.skip("no right to mount, or no mkfs.btrfs (Debian: btrfs-progs)")
    image, folder = workspace / "image", workspace / "disk"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(SIZE_BYTES)
    subprocess.run(["mkfs.btrfs", "-q", "-m", "single", "-d", "single", str(image)], check=True, capture_output=True)
    mount = ["mount", "-o", "loop", str(image), str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("no btrfs can be mounted here")
    try:
        yield folder
    finally:
        _let_go(folder)


def _let_go(folder: Path) -> None:
    """Unmount, come what may: what still holds the disk keeps it until it ends, and nothing of it stays mounted."""
    try:
        end_processes_of(folder)
        unmount = ["umount", str(folder)]
        until(lambda: subprocess.run(unmount, check=False, capture_output=True).returncode == 0, "the disk is let go")
    finally:
        if folder.is_mount():
            subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)


def fill(folder: Path) -> None:
    """Take the last byte, and the last place for a name."""
    with (folder / "filler").open("ab", buffering=0) as file:
        for size in (1 << 20, 1 << 16, 1 << 12, 1):
            with suppress(OSError):
                while True:
                    file.write(b"\n" * size)
    subprocess.run(["sync", "-f", str(folder)], check=True)
    with suppress(OSError):
        for number in range(10_000):
            (folder / f"name-{number}").write_bytes(b"\n" * 1000)
    subprocess.run(["sync", "-f", str(folder)], check=True)


def test_on_a_full_btrfs_the_exit_status_is_kept_also_when_its_keeper_is_killed(copying: Path, workspace: Path) -> None:
    run = Run(copying, WAITS + "sys.exit(5)", sample_s=0.1, cwd=str(workspace)).launch_until_ready()
    keeper = run.keeper
    fill(copying)
    (workspace / "go").touch()
    told = run.becomes(RunState.FAILED)
    assert told.exit_code == 5
    procfs.send(*keeper, signal.SIGKILL)
    until(lambda: not procfs.alive(*keeper), "its keeper is gone")
    status = run.status()
    assert (status.state, status.exit_code) == (RunState.FAILED, 5)
