"""A look at a ledger for damage, beside servers that write and where nothing may be written."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import threading
from contextlib import closing
from pathlib import Path

import pytest
from watchkeeper.server.storage.record import Ledger, rebuilding
from watchkeeper.server.storage.record.records import RunStarted
from watchkeeper.server.vocabulary.errors import StorageFailed
from watchkeeper.server.vocabulary.runs import Phase


def append(ledger: Ledger, number: int) -> None:
    with ledger.transaction() as transaction:
        begun = RunStarted(phase=Phase.QUICK, env={"LONG": "x" * 40_000})
        transaction.append(begun, f"1-quick-{number}", run=f"1-quick-{number}", model="1")


def half_written(connection: sqlite3.Connection, statement: str) -> None:
    """Change what no cache holds: pages of it are in the file already, before the end of the transaction."""
    connection.execute("PRAGMA cache_size = 1")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(statement)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.sqlite3"
    with closing(Ledger(path)) as ledger:
        for number in range(20):
            append(ledger, number)
    return path


def test_a_sound_ledger_is_sound_also_while_a_server_writes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuilding, "_JOURNALS", ())  # as if the write began just after these were looked for
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as server:
        half_written(server, "DELETE FROM chain WHERE seq % 2")
        end = threading.Timer(0.3, server.execute, ("ROLLBACK",))
        end.start()
        try:
            assert rebuilding.trouble(path) == ""
        finally:
            end.join()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_damage_is_seen_where_nothing_may_be_written(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096 * 3 : 4096 * 4] = bytes(4096)
    path.write_bytes(data)
    path.chmod(0o400)
    path.parent.chmod(0o500)
    try:
        assert "damaged" in rebuilding.trouble(path)
        assert [one.name for one in path.parent.iterdir() if one != path] == []
    finally:
        path.parent.chmod(0o700)


def test_what_a_killed_server_left_half_written_is_rolled_back_and_sound(path: Path) -> None:
    journal = path.with_name(f"{path.name}-journal")
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        half_written(writer, "DELETE FROM chain WHERE seq % 2")
        half, kept = path.read_bytes(), journal.read_bytes()
        writer.execute("ROLLBACK")
    assert half != path.read_bytes()
    path.write_bytes(half)
    journal.write_bytes(kept)
    assert rebuilding.trouble(path) == ""


def test_a_ledger_that_was_made_immutable_is_read_and_says_what_a_write_lacks(path: Path) -> None:
    chattr = shutil.which("chattr")
    if chattr is None or subprocess.run([chattr, "+i", path], check=False, capture_output=True).returncode != 0:
        pytest.skip("no file can be made immutable here")
    try:
        with closing(Ledger(path)) as ledger:
            assert len(ledger.runs()) == 20
            with pytest.raises(StorageFailed, match="Make it and its folder writable"):
                append(ledger, 20)
            assert len(ledger.runs()) == 20
    finally:
        subprocess.run([chattr, "-i", path], check=True)
