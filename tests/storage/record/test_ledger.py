from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from watchkeeper.server.storage.record import Kind, Ledger, Subject, SubjectKind
from watchkeeper.server.storage.record.chain import GENESIS
from watchkeeper.server.storage.record.fold import fold
from watchkeeper.server.vocabulary.errors import LedgerUnreadable, StorageFailed

from ...strategies import bodies, kinds


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.sqlite")
    yield opened
    opened.close()


def start(ledger: Ledger, run: str = "1-quick-1") -> None:
    with ledger.transaction() as transaction:
        transaction.append(Kind.START, run, run=run, model="1", body={"phase": "quick"})


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
            transaction.append(Kind.START, "1-quick-1", run="1-quick-1", model="1", body={})
            raise RuntimeError("in between")

    with pytest.raises(RuntimeError, match="in between"):
        die_in_between()
    assert ledger.head() == (0, GENESIS)
    assert ledger.subjects(SubjectKind.RUN) == []


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
    assert [one.id for one in ledger.subjects(SubjectKind.RUN, newest=2)] == ["1-quick-3", "1-quick-4"]


APPEND_40 = """
import sys
from pathlib import Path
from watchkeeper.server.ledger import Kind, Ledger
ledger = Ledger(Path(sys.argv[1]))
for number in range(40):
    with ledger.transaction() as transaction:
        name = f"{sys.argv[2]}-{number}"
        transaction.append(Kind.START, name, run=name, model="1", body={"phase": "quick"})
"""


def test_two_processes_that_write_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    writers = [subprocess.Popen([sys.executable, "-c", APPEND_40, str(path), name]) for name in "ab"]
    assert [writer.wait(60) for writer in writers] == [0, 0]
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


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(kinds, st.sampled_from("abc"), bodies), max_size=12))
def test_subjects_are_what_the_chain_folds_to_and_any_history_holds(
    tmp_path_factory: pytest.TempPathFactory, history: list[tuple[Kind, str, dict[str, object]]]
) -> None:
    ledger = Ledger(tmp_path_factory.mktemp("ledger") / "ledger.sqlite")
    with ledger.transaction() as transaction:
        for kind, subject, body in history:
            transaction.append(kind, subject, run="r", model="m", body={**body, "times": 1})
    assert ledger.broken() == []
    folded: dict[tuple[SubjectKind, str], Subject] = {}
    for event in ledger.events():
        key = (event.kind.subject, event.subject)
        folded[key] = fold(folded.get(key), event)
    stored = {(kind, one.id): one for kind in SubjectKind for one in ledger.subjects(kind)}
    assert stored == folded
    ledger.close()


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
