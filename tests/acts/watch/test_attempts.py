"""What attempts are compared by is noted once, at their end, by whoever comes first."""

from __future__ import annotations

import json

import pytest
from watchkeeper.server.acts.desk import Desk
from watchkeeper.server.acts.watch import attempts, histories
from watchkeeper.server.runtime.run_status import RunStatus
from watchkeeper.server.storage.record import Run
from watchkeeper.server.vocabulary.runs import RunState

from ...play import Place
from ..prune.helpers import ended

RUN, KEY = "1-full-1", "attempt:1-full-1"


def told(desk: Desk, level: float) -> None:
    """Let the log of a run have said this."""
    with desk.ledger.transaction() as transaction:
        transaction.drop_metrics(RUN)
        transaction.keep_metrics(RUN, [(epoch, {"epoch": float(epoch), "val_loss": level}) for epoch in range(8)])


def level(desk: Desk) -> float:
    ((one,),) = [attempts.compared(desk, "1").ranked]
    return one.level


def test_a_server_that_comes_late_leaves_the_note_of_the_one_that_saw_the_end(place: Place) -> None:
    ended(place, RUN)
    desk = place.desk()
    desk.ledger.take_note(KEY, json.dumps({"val_loss": [0.5]}))
    run = desk.ledger.run(RUN)
    assert run is not None
    told(desk, 9.0)  # the next attempt, as it were
    attempts.keep(desk, run, RunStatus(run=RUN, state=RunState.COMPLETED, started_at=run.at, ended_at=run.at))
    assert level(desk) == 0.5
    desk.ledger.close()


def test_what_files_tell_of_a_run_of_an_older_release_is_read_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended(place, RUN)
    desk, read, looks = place.desk(), histories.of_run_alone, list[str]()

    def counted(desk: Desk, run: Run, started_at: float | None, ended_at: float | None) -> histories.History | None:
        looks.append(run.id)
        return read(desk, run, started_at, ended_at)

    monkeypatch.setattr(histories, "of_run_alone", counted)
    told(desk, 0.25)
    assert [level(desk), level(desk)] == [0.25, 0.25]
    assert looks == [RUN]
    desk.ledger.close()


def test_a_note_that_nobody_can_read_hinders_no_comparison(place: Place) -> None:
    ended(place, RUN)
    desk = place.desk()
    told(desk, 0.25)
    desk.ledger.take_note(KEY, "{torn")
    assert level(desk) == 0.25
    desk.ledger.close()
