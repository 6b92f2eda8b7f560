"""A start whose head never answers: it waits, and a stop ends it without that head."""

from __future__ import annotations

import socket

from watchkeeper.server.acts.start import stop
from watchkeeper.server.acts.watch.look import find_run
from watchkeeper.server.runtime.keeper import records
from watchkeeper.server.vocabulary.runs import RunState

from ....play import WAITS, Place
from ..helpers import begun, ended, status
from .conftest import engine


def test_a_start_that_no_head_answers_is_stopped_and_a_job_that_comes_after_all_finds_it_closed(place: Place) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens there
        place.policy(engine(f"http://127.0.0.1:{taken.getsockname()[1]}")).script(WAITS)
        desk = place.desk()
        run = begun(desk)
        waits = status(desk)
        assert waits.state is RunState.QUEUED
        assert "Any later look tries again" in waits.reason
        done = stop.stop(desk, find_run(desk, run), "the address is wrong")
        assert (done.status.state, done.status.reason) == (RunState.NEVER_STARTED, "It was stopped before it began.")
        assert ended(desk) is RunState.NEVER_STARTED
        assert records.read(desk.workspace.run_dir(run) / records.CLAIM) is not None
        assert begun(desk, follows=run) != run, "the model can be started anew"
