from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from watchkeeper.server.storage.record import Ledger
from watchkeeper.server.storage.record.chain import GENESIS, canonical
from watchkeeper.server.storage.record.records import Happening, RunStarted
from watchkeeper.server.storage.record.serialization import decode, encode
from watchkeeper.server.vocabulary.errors import LedgerUnreadable, StorageFailed
from watchkeeper.server.vocabulary.runs import Phase

from ...limits import HANG_S, examples
from ...strategies import happenings


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.sqlite")
    yield opened
    opened.close()


def start(ledger: Ledger, run: str = "1-quick-1") -> None:
    with ledger.transaction() as transaction:
        transaction.append(RunStarted(phase=Phase.QUICK), run, run=run, model="1")


def tamper(path: Path, sql: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(sql)
    connection.close()


def test_an_event_is_chained_to_the_one_before_it(ledger: Ledger) -> None:
    start(ledger)
    start(ledger, "1-quick-2")
    first, second = ledger.events()
    assert (first.seq, first.prev, second.prev) == (1, GENESIS, first.hash)
    assert ledger.head() == (2, second.hash)
    assert ledger.broken() == []


@pytest.mark.parametrize(
    ("sql", "seq", "why"),
    [
        (
            'UPDATE chain SET body = \'{"phase":"full"}\' WHERE seq = 2',
            2,
            "its content was changed after it was written",
        ),
        ("UPDATE chain SET at = at - 3600 WHERE seq = 1", 1, "its content was changed after it was written"),
        ("DELETE FROM chain WHERE seq = 2", 3, "event 2 is missing"),
    ],
)
def test_a_changed_or_missing_event_breaks_the_chain(ledger: Ledger, sql: str, seq: int, why: str) -> None:
    for number in range(3):
        start(ledger, f"1-quick-{number}")
    tamper(ledger.path, sql)
    broken = ledger.broken()
    assert (broken[0].seq, broken[0].why) == (seq, why)


def test_a_transaction_that_fails_leaves_nothing(ledger: Ledger) -> None:
    def die_in_between() -> None:
        with ledger.transaction() as transaction:
            transaction.append(RunStarted(phase=Phase.QUICK), "1-quick-1", run="1-quick-1", model="1")
            raise RuntimeError("in between")

    with pytest.raises(RuntimeError, match="in between"):
        die_in_between()
    assert ledger.head() == (0, GENESIS)
    assert ledger.runs() == []


def test_a_reopened_ledger_has_everything_and_the_same_identity(tmp_path: Path) -> None:
    first = Ledger(tmp_path / "ledger.sqlite")
    start(first)
    head, identity = first.head(), first.id
    first.close()
    again = Ledger(tmp_path / "ledger.sqlite")
    assert (again.head(), again.id) == (head, identity)
    again.close()


def test_a_scan_position_moves_only_from_where_it_was_read(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        assert transaction.move_scan("r", expected=None, moved=(10, "{}"))
    with ledger.transaction() as transaction:
        assert not transaction.move_scan("r", expected=None, moved=(20, "{}"))
        assert not transaction.move_scan("r", expected=(5, "{}"), moved=(20, "{}"))
        assert not transaction.move_scan("r", expected=(10, '{"b":2}'), moved=(20, "{}"))
        assert transaction.move_scan("r", expected=(10, "{}"), moved=(20, '{"a":1}'))
    assert ledger.scan_position("r") == (20, '{"a":1}')


def test_a_look_back_in_time_does_not_move_the_watch(ledger: Ledger) -> None:
    ledger.saw(["r"], "trainer", 100.0)
    ledger.saw(["r"], "trainer", 50.0)
    assert ledger.watched("r", "trainer") == 100.0
    assert ledger.watched("r", "director") is None
    assert ledger.head() == (0, GENESIS)


def test_only_the_newest_subjects_are_returned_when_asked_so(ledger: Ledger) -> None:
    for number in range(5):
        start(ledger, f"1-quick-{number}")
    assert [one.id for one in ledger.runs(newest=2)] == ["1-quick-3", "1-quick-4"]


APPEND_40 = """
import sys
from pathlib import Path
from watchkeeper.server.storage.record import Ledger
from watchkeeper.server.storage.record.records import RunStarted
from watchkeeper.server.vocabulary.runs import Phase
ledger = Ledger(Path(sys.argv[1]))
for number in range(40):
    with ledger.transaction() as transaction:
        name = f"{sys.argv[2]}-{number}"
        transaction.append(RunStarted(phase=Phase.QUICK), name, run=name, model="1")
"""


def test_two_processes_that_write_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    writers = [subprocess.Popen([sys.executable, "-c", APPEND_40, str(path), name]) for name in "ab"]
    assert [writer.wait(HANG_S) for writer in writers] == [0, 0]
    ledger = Ledger(path)
    assert sorted(one.subject for one in ledger.events()) == sorted(f"{n}-{i}" for n in "ab" for i in range(40))
    assert ledger.broken() == []
    ledger.close()


def test_a_damaged_file_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"this is no database" * 200)
    with pytest.raises(LedgerUnreadable, match="watchkeeper doctor"):
        Ledger(path)
    assert path.read_bytes() == b"this is no database" * 200


def test_a_ledger_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    Ledger(tmp_path / "ledger.sqlite").close()
    tamper(tmp_path / "ledger.sqlite", "PRAGMA user_version = 99")
    with pytest.raises(LedgerUnreadable, match="version 99"):
        Ledger(tmp_path / "ledger.sqlite")


def test_a_ledger_that_another_process_holds_is_reported_as_busy(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(path, busy_timeout_s=0.05)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StorageFailed, match="repeat the same call"):
        start(ledger)
    holder.execute("ROLLBACK")
    holder.close()
    start(ledger)
    assert ledger.head()[0] == 1
    ledger.close()


def test_the_file_is_for_its_owner_only(ledger: Ledger) -> None:
    assert ledger.path.stat().st_mode & 0o777 == 0o600


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(st.tuples(happenings, st.sampled_from("abc")), max_size=12))
def test_any_history_holds_and_what_is_stored_is_what_it_folds_to(
    tmp_path_factory: pytest.TempPathFactory, history: list[tuple[Happening, str]]
) -> None:
    ledger = Ledger(tmp_path_factory.mktemp("ledger") / "ledger.sqlite")
    with ledger.transaction() as transaction:
        for happening, subject in history:
            transaction.append(happening, subject, run="r", model="m")
    assert ledger.broken() == []
    assert [one.kind for one in ledger.events()] == [happening.KIND for happening, _ in history]
    ledger.close()


@given(happenings)
def test_an_event_is_read_as_it_was_written(happening: Happening) -> None:
    assert decode(type(happening), json.loads(json.dumps(encode(happening)))) == happening


def test_a_body_with_another_type_of_value_is_damage_and_never_taken(ledger: Ledger) -> None:
    start(ledger)
    tamper(ledger.path, 'UPDATE subjects SET body = replace(body, \'"attempt":1\', \'"attempt":"x"\')')
    with pytest.raises(LedgerUnreadable, match="1-quick-1 cannot be read: attempt is str"):
        ledger.run("1-quick-1")


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE subjects SET body = replace(body, 'quick', 'full')",
        "UPDATE subjects SET open = 0",
        "DELETE FROM subjects",
        "DELETE FROM chain WHERE seq = 2",
    ],
)
def test_a_change_of_what_was_computed_from_the_chain_is_found_too(ledger: Ledger, sql: str) -> None:
    start(ledger)
    start(ledger, "1-quick-2")
    assert ledger.broken() == []
    tamper(ledger.path, sql)
    assert {one.why.split(" is ")[-1] for one in ledger.broken()} == {"not what the events say"}


@pytest.mark.parametrize("sql", ["UPDATE subjects SET kind = 'x'", "UPDATE chain SET body = '{' WHERE seq = 1"])
def test_nonsense_in_the_ledger_is_found_and_never_a_crash(ledger: Ledger, sql: str) -> None:
    start(ledger)
    tamper(ledger.path, sql)
    assert "no event or subject" in ledger.broken()[-1].why


def test_a_record_that_holds_nothing_makes_no_file_until_something_is_recorded(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    ledger = Ledger(folder / "ledger.sqlite", folder=lambda: folder.mkdir(exist_ok=True))
    identity = ledger.id
    assert (ledger.head(), ledger.runs(), ledger.note("x"), ledger.broken()) == ((0, GENESIS), [], "", [])
    assert not folder.exists()
    start(ledger)
    assert (ledger.id, [one.id for one in ledger.runs()]) == (identity, ["1-quick-1"])
    ledger.close()
    again = Ledger(folder / "ledger.sqlite")
    assert (again.id, again.head()[0]) == (identity, 1)
    again.close()


def test_a_record_in_memory_goes_over_to_the_file_that_another_process_made(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    early, other = Ledger(path, folder=lambda: None), Ledger(path, folder=lambda: None)
    start(other)
    assert [one.id for one in early.runs()] == ["1-quick-1"]
    assert early.id == other.id
    start(early, "1-quick-2")
    assert other.head() == early.head()
    assert other.head()[0] == 2
    early.close()
    other.close()


def test_a_commit_is_synced_and_so_is_its_folder(ledger: Ledger) -> None:
    start(ledger)
    # 3 is EXTRA: the only level at which a power cut after the commit cannot bring a deleted journal back.
    assert ledger._rows("PRAGMA synchronous") == [(3,)]  # pyright: ignore[reportPrivateUsage]
    assert ledger._rows("PRAGMA journal_mode") == [("delete",)]  # pyright: ignore[reportPrivateUsage]


def test_an_event_that_was_put_in_place_of_another_breaks_the_chain(ledger: Ledger, tmp_path: Path) -> None:
    for number in range(3):
        start(ledger, f"1-quick-{number}")
    other = Ledger(tmp_path / "other.sqlite")
    for number in range(3):
        start(other, f"1-quick-{number}")  # at other times: whole events of their own, in another chain
    other.close()
    rows = "INSERT OR REPLACE INTO chain SELECT * FROM other.chain WHERE seq = 2"
    with sqlite3.connect(ledger.path) as connection:
        connection.execute("ATTACH ? AS other", (str(tmp_path / "other.sqlite"),))
        connection.execute(rows)
    connection.close()
    assert [(one.seq, one.why) for one in ledger.broken()][:1] == [(2, "it does not follow from the event before it")]


def test_a_ledger_that_is_dropped_is_closed(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    connection = ledger._opened  # pyright: ignore[reportPrivateUsage]
    del ledger
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


def test_a_transaction_holds_the_ledger_from_its_first_moment_on(ledger: Ledger) -> None:
    other = Ledger(ledger.path, busy_timeout_s=0.05)
    with ledger.transaction() as transaction:
        assert transaction.runs() == []  # read, and nothing written yet
        with pytest.raises(StorageFailed, match="locked"), other.transaction():
            pytest.fail("two decide at once what is decided once")
    other.close()


def test_a_lone_surrogate_is_escaped_and_nothing_else_changes() -> None:
    body = {"name": os.fsdecode(b"donn\xe9es"), "other": "é\U0001f600"}
    text = canonical(body)
    assert json.loads(text) == body
    assert text == '{"name":"donn\\udce9es","other":"é\U0001f600"}'
