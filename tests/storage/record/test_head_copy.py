"""The head of the chain, kept where who edits the ledger does not write."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from watchkeeper.server.analysis.evidence.evidence import HeadCopy
from watchkeeper.server.storage.record import Ledger, head_copy
from watchkeeper.server.storage.record.records import VerdictKept


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    found = Ledger(tmp_path / "ledger.sqlite3")
    yield found
    found.close()


def act(ledger: Ledger, number: int) -> None:
    with ledger.transaction() as transaction:
        transaction.append(VerdictKept(word=f"W{number}"), f"1-full-1-v{number}", run="1-full-1", model="1")


def kept(ledger: Ledger, path: Path) -> HeadCopy:
    """Compare and keep, as a verdict does, and return what was seen."""
    seen = head_copy.compare(ledger, str(path))
    head_copy.keep(ledger, seen)
    return seen


def test_the_first_verdict_writes_it_and_later_ones_continue_it(ledger: Ledger, tmp_path: Path) -> None:
    path = tmp_path / "head"
    act(ledger, 1)
    assert kept(ledger, path) == HeadCopy(path=str(path), state="first")
    act(ledger, 2)
    assert kept(ledger, path) == HeadCopy(path=str(path), state="matches")
    assert path.read_text().split() == ["watchkeeper-head", "1", ledger.id, "2", ledger.head()[1]]
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(one.name for one in tmp_path.iterdir() if "head" in one.name) == ["head"]


def test_a_ledger_that_was_written_anew_differs_and_the_copy_is_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "head"
    first = Ledger(tmp_path / "a.sqlite3")
    act(first, 1)
    kept(first, path)
    before = path.read_text()
    other = Ledger(tmp_path / "b.sqlite3")
    act(other, 1)
    assert kept(other, path).state == "differs"
    path.write_text(before.replace(first.id, other.id))
    assert kept(other, path) == HeadCopy(
        path=str(path), state="differs", detail="event 1 is not the one that was there"
    )
    assert path.read_text() == before.replace(first.id, other.id)
    first.close()
    other.close()


@pytest.mark.parametrize("content", ["", "hello", "watchkeeper-head 1 x", "watchkeeper-head 2 a 1 b", "\0" * 2000, "é"])
def test_what_is_no_head_is_neither_believed_nor_overwritten(ledger: Ledger, tmp_path: Path, content: str) -> None:
    path = tmp_path / "head"
    path.write_text(content)
    act(ledger, 1)
    assert kept(ledger, path).state == "unreadable"
    assert path.read_text() == content


def test_a_link_a_fifo_and_a_missing_folder_are_survived(ledger: Ledger, tmp_path: Path) -> None:
    act(ledger, 1)
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    assert kept(ledger, tmp_path / "fifo").state == "unreadable"
    assert kept(ledger, tmp_path / "link").state == "unreadable"
    assert kept(ledger, tmp_path / "missing" / "head").state == "first"
    assert not (tmp_path / "elsewhere").exists()
    assert head_copy.compare(ledger, "") == HeadCopy()
