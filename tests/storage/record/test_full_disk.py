"""A ledger on a full disk is read, also where a killed process left a transaction that must be taken back first."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from watchkeeper.server.storage.record import Ledger
from watchkeeper.server.storage.record.records import RunStarted
from watchkeeper.server.vocabulary.runs import Phase

from ...limits import HANG_S
from ...torture import full_disks

CUT_SHORT = """
import os, signal, sqlite3, sys
ledger = sqlite3.connect(sys.argv[1], isolation_level=None)
ledger.execute("PRAGMA cache_size = 1")
ledger.execute("BEGIN IMMEDIATE")
ledger.execute("UPDATE metrics SET body = replace(body, 'a', 'b')")
os.kill(os.getpid(), signal.SIGKILL)
"""
"""Has more changed pages than it may keep in memory, so that some are in the file when it dies, which is no longer."""


@pytest.fixture(params=["btrfs", "ext4"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    if lacks := [one for one in full_disks.missing() if one.startswith((request.param, "root"))]:
        pytest.skip(f"not here: {', '.join(lacks)}")
    with full_disks.mounted(tmp_path, request.param) as folder:
        yield folder


def test_what_a_killed_process_left_half_done_is_taken_back_without_room(disk: Path) -> None:
    path = disk / "ledger.sqlite3"
    ledger = Ledger(path)
    with ledger.transaction() as record:
        record.append(RunStarted(phase=Phase.QUICK), "1-quick-1", run="1-quick-1", model="1")
        record.keep_metrics("1-quick-1", ((line, {"a" * 1000: 0.5}) for line in range(100)))
    ledger.close()
    before = path.read_bytes()
    done = subprocess.run([sys.executable, "-P", "-c", CUT_SHORT, str(path)], check=False, timeout=HANG_S)
    assert done.returncode == -signal.SIGKILL
    left = path.read_bytes()
    assert left != before
    assert len(left) == len(before)
    for _ in range(2):  # what was deleted and what was not on disk yet gives room
        subprocess.run(["sync", "-f", str(disk)], check=True)
        full_disks.fill(disk, 0)
    again = Ledger(path)
    assert [one.id for one in again.runs()] == ["1-quick-1"]
    assert all(list(values) == ["a" * 1000] for _, values in again.metric_rows("1-quick-1"))
    again.close()
