"""The ledger's file is made once, whoever else makes it in the same moment, and what is there is not touched."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from watchkeeper.server.storage.record import Ledger
from watchkeeper.server.storage.record.place import make
from watchkeeper.server.storage.record.records import RunStarted
from watchkeeper.server.vocabulary.errors import LedgerUnreadable
from watchkeeper.server.vocabulary.runs import Phase

from ...limits import HANG_S

WRITES = """
import sqlite3, sys
ledger = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
try:
    ledger.execute("BEGIN IMMEDIATE")
except sqlite3.OperationalError as error:
    sys.exit(str(error))
"""


def test_who_comes_second_to_make_it_leaves_the_locks_of_the_first_in_its_process(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    with closing(Ledger(path)) as ledger, ledger.transaction() as record:
        record.append(RunStarted(phase=Phase.QUICK), "1-quick-1", run="1-quick-1", model="1")
        make(path)  # another server in this process, which had seen no file a moment before
        command = [sys.executable, "-P", "-c", WRITES, str(path)]
        other = subprocess.run(command, check=False, capture_output=True, text=True, timeout=HANG_S)
    assert other.stderr.strip() == "database is locked"


def test_a_link_that_took_its_place_a_moment_ago_is_not_followed(tmp_path: Path) -> None:
    path, outside = tmp_path / "ledger.sqlite3", tmp_path / "outside"
    path.symlink_to(outside)
    with pytest.raises(LedgerUnreadable, match="is a link, where the ledger should be"):
        make(path)
    assert not outside.exists()


def test_an_empty_file_of_a_server_that_was_killed_between_file_and_tables_becomes_the_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    make(path)
    assert (path.stat().st_size, path.stat().st_mode & 0o777) == (0, 0o600)
    with closing(Ledger(path)) as ledger:
        assert ledger.runs() == []
