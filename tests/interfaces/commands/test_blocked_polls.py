"""Polls of the command line that wait: for news, for the end, in vain, until somebody loses patience."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time

from ...limits import HANG_S
from ...play import WAITS, Place
from ...runtime.keeper.helpers import until
from ...warm import COLD
from .helpers import END, EVENT, FAILS_ON_GO, asked, begun, run, started, waits_in_a_poll


def test_a_blocked_poll_comes_back_at_once_when_something_happens(place: Place) -> None:
    run_id = started(place, FAILS_ON_GO)
    with begun(place, "poll", run_id, *EVENT, "--json") as poll:
        until(lambda: waits_in_a_poll(place), "the poll waits")
        place.go()
        assert poll.ends() == 0
        seen = json.loads(poll.out)
    assert (seen["findings"][0]["exception"], seen["findings"][0]["level"]) == ("ValueError", "failure")
    asked(place, "poll", run_id, "--until", "end", "--wait", str(HANG_S))


def test_a_blocked_poll_ends_with_status_3_when_nothing_came_and_does_not_turn_in_circles(place: Place) -> None:
    run_id = started(place, WAITS)
    asked(place, "poll", run_id, "--wait", "0")
    (_, without_s, _), (status, with_s, waited_s) = (vainly_polled(place, run_id, wait_s) for wait_s in (0.0, 3.0))
    assert status == 3
    assert waited_s > 3.0
    assert with_s - without_s < 1.5, "of CPU time, while it waits for three seconds"
    place.go()
    place.ends(run_id)


def vainly_polled(place: Place, run_id: str, wait_s: float) -> tuple[int, float, float]:
    """Poll for an event that does not come; return exit status, CPU seconds and seconds."""
    before = time.monotonic()
    words = ["--workspace", str(place.root), "poll", run_id, "--until", "event", "--wait", str(wait_s)]
    poll = subprocess.Popen([*COLD, *words], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(poll.pid, 0)
    poll.returncode = os.waitstatus_to_exitcode(status)
    return poll.returncode, usage.ru_utime + usage.ru_stime, time.monotonic() - before


def test_the_next_poll_blocks_as_this_one_did(place: Place) -> None:
    run_id = started(place, WAITS)
    done = run(place, "poll", run_id, "--until", "event", "--wait", "0.1", "--json")
    assert re.search(rf"poll {run_id} --cursor \w+ --until event --wait 0.1$", json.loads(done.stdout)["next"])
    place.go()
    place.ends(run_id)


def test_waiting_for_the_end_keeps_what_was_found_on_the_way(place: Place) -> None:
    run_id = started(place, FAILS_ON_GO)
    with begun(place, "poll", run_id, *END, "--json") as poll:
        until(lambda: waits_in_a_poll(place), "the poll waits")
        place.go()
        status, seen = poll.ends(), json.loads(poll.out)
    assert (status, seen["state"], seen["exit_code"]) == (0, "failed", 1)
    assert "boom" in seen["findings"][0]["untrusted"]["lines"]


def test_waiting_for_the_end_in_vain_ends_with_status_3(place: Place) -> None:
    run_id = started(place, WAITS)
    assert run(place, "poll", run_id, "--until", "end", "--wait", "0.2").returncode == 3
    place.go()
    place.ends(run_id)


def test_ctrl_c_ends_the_waiting_and_not_the_run(place: Place) -> None:
    run_id = started(place, WAITS)
    with begun(place, "poll", run_id, *END) as poll:
        until(lambda: waits_in_a_poll(place), "the poll waits")
        poll.send(signal.SIGINT)
        assert poll.ends() == 130
        complaint = poll.err
    assert complaint.strip().endswith("interrupted; runs go on, nothing that was acknowledged is lost.")
    until(lambda: asked(place, "poll", run_id, "--wait", "0")["state"] == "running", "it goes on")
    place.go()
    place.ends(run_id)
