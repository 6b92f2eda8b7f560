"""A log that a later attempt opened anew holds that one's output between the offsets of the one before: it stays."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from watchkeeper.server.acts.prune import prune
from watchkeeper.server.acts.prune.plan import Wanted
from watchkeeper.server.runtime.keeper import records
from watchkeeper.server.storage.record.records import FindingSeen, RunEnded, RunStarted
from watchkeeper.server.vocabulary.runs import Level, Phase, RunState

from ...play import Place
from .helpers import LINE, ended, mark, state

LINES = 70_000


def log_of(place: Place) -> Path:
    desk = place.desk()
    desk.ledger.close()
    return place.root / desk.workspace.log("1", Phase.FULL)


def pruned(place: Place) -> tuple[str, ...]:
    """Prune what may go, keep the newest attempt; return what was left."""
    desk = place.desk()
    done = prune.prune(desk, Wanted())
    assert [one.run.id for one in done.done] in (["1-full-1"], [])
    desk.ledger.close()
    return done.left


@pytest.mark.parametrize("how", ["in place", "behind its own mark", "seen to be cut"])
def test_the_output_of_the_attempt_that_cut_the_log_is_not_blanked(place: Place, how: str) -> None:
    ended(place, "1-full-1", lines=LINES, verdict="APPROVE")
    log = log_of(place)
    if how == "in place":  # before it wrote its mark
        log.write_bytes(b"")
    ended(place, "1-full-2", lines=2 * LINES)
    if how == "behind its own mark":  # as its FileHandler does, which writes as far as before and beyond
        log.write_bytes(LINE * 3 * LINES)
    if how == "seen to be cut":
        desk = place.desk()
        with desk.ledger.transaction() as record:
            cut = FindingSeen(kind="log_cut", level=Level.NOTICED, updated_at=1.0)
            record.append(cut, "1-full-2:log-cut", run="1-full-2", model="1")
        desk.ledger.close()
    before = log.read_bytes()
    assert pruned(place) == ()
    assert log.read_bytes() == before


def test_a_part_that_was_cut_after_it_was_blanked_is_not_blanked_again(place: Place) -> None:
    ended(place, "1-full-1", lines=LINES, verdict="APPROVE")
    ended(place, "1-full-2", lines=3)
    pruned(place)
    log = log_of(place)
    assert log.read_bytes().count(LINE) == 3
    log.write_bytes(LINE * 3 * LINES)
    before = log.read_bytes()
    assert pruned(place) == ()
    assert log.read_bytes() == before


def test_a_log_that_an_attempt_writes_to_now_is_blanked_when_that_has_ended(place: Place) -> None:
    ended(place, "1-full-1", lines=LINES, verdict="APPROVE")
    log = log_of(place)
    with log.open("ab") as file:
        file.write(mark("1-full-2"))
    start = {"log_begin": log.stat().st_size}
    folder = state(place, "runs", "1-full-2")
    folder.mkdir()
    records.create(folder / records.START, start)
    desk = place.desk()
    with desk.ledger.transaction() as record:
        begun = RunStarted(phase=Phase.FULL, attempt=2, follows="1-full-1", log=str(log.relative_to(place.root)))
        record.append(begun, "1-full-2", run="1-full-2", model="1")
    desk.ledger.close()
    before = log.read_bytes()
    (told,) = pruned(place)
    assert "goes when that has ended" in told
    assert log.read_bytes() == before
    _over(place, start["log_begin"])
    assert pruned(place) == ()
    assert log.read_bytes().count(LINE) == 0


def _over(place: Place, begin: int) -> None:

    desk = place.desk()
    with desk.ledger.transaction() as record:
        end = RunEnded(state=RunState.FAILED, ended_at=time.time(), log_begin=begin, log_end=begin)
        record.append(end, "1-full-2", run="1-full-2", model="1")
    desk.ledger.close()
