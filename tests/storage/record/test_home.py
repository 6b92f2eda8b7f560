"""One host writes a ledger; every other one reads what it last finished writing."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from watchkeeper.server.runtime.keeper import hosts, records
from watchkeeper.server.storage.record import Ledger, foreign
from watchkeeper.server.storage.record.foreign import Snapshot
from watchkeeper.server.storage.record.home import FILE, Home
from watchkeeper.server.vocabulary.errors import HeldElsewhere, StorageFailed

OTHER = {"host": "login1", "boot_id": "of-login1", "pid_namespace": "pid:[1]"}


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A ledger with one note, which this host wrote."""
    made = Ledger(tmp_path / "ledger.sqlite3")
    made.take_note("key", "first")
    made.close()
    return tmp_path / "ledger.sqlite3"


def held_by_another(ledger: Path) -> None:
    records.write(ledger.with_name(FILE), OTHER)


def test_the_first_host_that_writes_holds_it(ledger: Path) -> None:
    found = records.read(ledger.with_name(FILE))
    assert found is not None
    assert found["host"] == os.uname().nodename


def test_another_hosts_ledger_is_read_and_every_way_to_write_is_refused_by_its_name(ledger: Path) -> None:
    held_by_another(ledger)
    before = ledger.read_bytes()
    opened = Ledger(ledger)
    assert opened.note("key") == "first"
    assert opened.elsewhere == "login1"
    for write in (
        lambda: opened.take_note("key", "second"),
        lambda: opened.saw(["1-quick-1"], "trainer", 1.0),
        lambda: opened.put_beside("watch", [("1-quick-1", "trainer", 1.0)]),
        lambda: opened.transaction().__enter__(),
    ):
        with pytest.raises(HeldElsewhere, match="login1 holds this ledger") as refused:
            write()
        assert "--move-ledger" in refused.value.do_next
    opened.close()
    assert ledger.read_bytes() == before


def test_what_the_other_host_writes_on_is_seen(ledger: Path) -> None:
    held_by_another(ledger)
    reader = Ledger(ledger)
    assert reader.note("key") == "first"
    Home(ledger).move()
    writer = Ledger(ledger)
    writer.take_note("key", "second")
    writer.close()
    held_by_another(ledger)
    assert reader.note("key") == "second"
    reader.close()


def test_a_ledger_that_was_moved_here_is_written_by_the_server_that_read_it(ledger: Path) -> None:
    held_by_another(ledger)
    opened = Ledger(ledger)
    in_memory = opened._opened  # pyright: ignore[reportPrivateUsage]
    assert Home(ledger).move() == "login1"
    opened.take_note("key", "second")
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        in_memory.execute("SELECT 1")
    assert opened.note("key") == "second"
    opened.close()


def test_an_act_on_a_ledger_that_was_moved_here_and_is_held_is_refused_and_never_kept_in_memory(ledger: Path) -> None:
    held_by_another(ledger)
    opened = Ledger(ledger, busy_timeout_s=0.05)
    Home(ledger).move()
    with closing(sqlite3.connect(ledger, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for _ in range(2):
            with pytest.raises(StorageFailed):
                opened.take_note("key", "lost")
    assert opened.note("key") == "first"
    opened.take_note("key", "second")
    opened.close()
    with closing(Ledger(ledger)) as again:
        assert again.note("key") == "second"


def test_a_server_whose_ledger_was_moved_away_writes_no_more(ledger: Path) -> None:
    opened = Ledger(ledger)
    opened.take_note("key", "second")
    held_by_another(ledger)
    with pytest.raises(HeldElsewhere):
        opened.take_note("key", "third")
    assert opened.note("key") == "second"
    opened.close()


def test_a_write_that_another_host_is_in_the_middle_of_is_waited_for_and_never_rolled_back(ledger: Path) -> None:
    held_by_another(ledger)
    journal = ledger.with_name(f"{ledger.name}-journal")
    journal.write_bytes(b"a transaction of the other host")
    opened: list[Ledger] = []
    reading = threading.Thread(target=lambda: opened.append(Ledger(ledger)))
    reading.start()
    assert journal.read_bytes() == b"a transaction of the other host"
    journal.unlink()
    reading.join()
    assert opened[0].note("key") == "first"
    opened[0].close()


def test_a_host_that_writes_without_end_is_said_and_not_waited_for_for_ever(
    ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held_by_another(ledger)
    journal, looks = ledger.with_name(f"{ledger.name}-journal"), list[int]()
    journal.write_bytes(b"a transaction")
    real = Snapshot._is_being_written  # pyright: ignore[reportPrivateUsage]

    def and_goes_on(snapshot: Snapshot) -> bool:
        looks.append(1)
        journal.write_bytes(b"x" * (100 + len(looks)))
        return real(snapshot)

    monkeypatch.setattr(foreign, "WITHIN_S", 0.1)
    monkeypatch.setattr(Snapshot, "_is_being_written", and_goes_on)
    with pytest.raises(StorageFailed, match="is being written by its host"):
        Ledger(ledger)
    assert looks


def test_a_host_that_ended_in_the_middle_of_a_write_is_told_from_one_that_writes_and_its_ledger_can_be_moved(
    ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(ledger, isolation_level=None)) as other:
        other.execute("PRAGMA cache_size = 1")
        other.execute("BEGIN IMMEDIATE")
        other.execute("CREATE TABLE more (x)")
        other.executemany("INSERT INTO more VALUES (?)", [("x" * 1000,)] * 200)
        torn = {one: one.read_bytes() for one in (ledger, ledger.with_name(f"{ledger.name}-journal"))}
        other.execute("ROLLBACK")
    for path, data in torn.items():  # as a power cut leaves it
        path.write_bytes(data)
    held_by_another(ledger)
    monkeypatch.setattr(foreign, "WITHIN_S", 0.1)
    with pytest.raises(
        StorageFailed, match=r"has not gone on for 0\.1 s: if that host is down, it ended there"
    ) as told:
        Ledger(ledger)
    assert "watchkeeper doctor --move-ledger" in told.value.do_next
    Home(ledger).move()
    with closing(Ledger(ledger)) as opened:
        assert opened.note("key") == "first"
        opened.take_note("key", "second")


def test_a_host_under_another_name_on_the_same_boot_is_the_same_one(ledger: Path) -> None:
    records.write(ledger.with_name(FILE), {**hosts.here(), "host": "a-container"})
    opened = Ledger(ledger)
    opened.take_note("key", "second")
    opened.close()
    assert (records.read(ledger.with_name(FILE)) or {})["host"] == os.uname().nodename


def test_a_damaged_note_of_the_host_refuses_and_says_how_to_go_on(ledger: Path) -> None:
    ledger.with_name(FILE).write_text("{")
    with pytest.raises(StorageFailed, match="host") as refused:
        Ledger(ledger)
    assert "--move-ledger" in refused.value.do_next
    Home(ledger).move()
    Ledger(ledger).close()
