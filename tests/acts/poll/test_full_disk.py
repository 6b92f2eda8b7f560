"""On a full disk a watch goes on: what cannot be recorded is said, and what can be read is told."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import pytest
from watchkeeper.server.acts.poll import run_table
from watchkeeper.server.storage.record.ledger import Ledger
from watchkeeper.server.vocabulary.errors import StorageFailed

from ...play import WAITS, Place

pytestmark = pytest.mark.anyio


@contextmanager
def _refused(*_: object) -> Generator[None]:
    raise StorageFailed("The ledger could not be written: database or disk is full.", "Make room.")
    yield


def refuse(*_: object) -> None:
    raise StorageFailed("The ledger could not be written: database or disk is full.", "Make room.")


def fill(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every write to the record fail, as on a full disk."""
    monkeypatch.setattr(Ledger, "transaction", _refused)
    for name in ("take_note", "saw"):
        monkeypatch.setattr(Ledger, name, refuse)


async def test_polls_and_the_table_read_on_when_nothing_can_be_written(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.script(WAITS)
    async with place.trainer() as trainer:
        begun = await trainer.ask("start_training", model="1", phase="quick")
        run = begun["run"]
        place.says(begun["log"], "ready")
        with monkeypatch.context() as full:
            fill(full)
            living = await trainer.poll(run)
            brief = await trainer.poll()
            place.go()
            place.ends(run)
            ended = await trainer.poll(run, wait_s=5)
            (row,) = run_table.rows(place.desk("observer"))
        recorded = await trainer.watch(run)
    assert (living["state"], ended["state"], row["state"]) == ("running", "completed", "completed")
    assert "disk is full" in ended["more"]
    assert brief["runs"][0]["state"] == "running"
    assert "disk is full" in brief["more"]
    assert recorded["state"] == "completed"
    assert place.ending(run).exit_code == 0


def test_a_ledger_that_is_there_is_opened_without_a_write(place: Place) -> None:
    desk = place.desk()
    desk.ledger.take_note("made", "by the first act that writes")
    desk.ledger.close()
    ledger = place.root / ".watchkeeper/ledger.sqlite3"
    before = ledger.stat().st_mtime_ns
    place.desk().ledger.close()
    assert ledger.stat().st_mtime_ns == before
