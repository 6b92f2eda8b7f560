"""What is told of what is on record: each thing once, in our words, by whoever is first."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from watchkeeper.server.acts.desk import Desk
from watchkeeper.server.acts.watch.look import Look, look_at
from watchkeeper.server.interfaces.commands import cli
from watchkeeper.server.interfaces.notify import telling
from watchkeeper.server.interfaces.notify.ways import Ways, open_ways
from watchkeeper.server.interfaces.notify.words import SETTLES_S
from watchkeeper.server.storage.record.records import FindingOver, FindingSeen
from watchkeeper.server.vocabulary.runs import Finding, Level

from ...play import DIVERGES, FAILS, WAITS, Place
from ...runtime.keeper.helpers import until
from . import helpers


def run(place: Place, *words: str) -> None:
    assert cli.main(["--workspace", str(place.root), *words]) == 0


def ready(place: Place, folder: Path, further: str = "") -> None:
    place.policy(helpers.table(helpers.command(folder), further))


def ways_of(desk: Desk) -> Ways:
    return open_ways(desk.policy.notify, desk.workspace.root)


def step(place: Place, later_s: float = 0.0, looks: Sequence[Look] = ()) -> None:
    """Take the steps that are to be taken at a time, as a process that begins with them."""
    desk = place.desk("observer", clock=lambda: time.time() + later_s)
    while telling.step(desk, looks, ways_of(desk), since=0.0):
        pass
    desk.ledger.close()


def ended(place: Place, run_id: str) -> None:
    place.ends(run_id)
    desk = place.desk()
    until(lambda: look_at(desk, run_id).run.ended, f"the end of {run_id} is on record")
    desk.ledger.close()


def kinds(folder: Path) -> list[list[str]]:
    return [[one["kind"] for one in message["told"]] for message in helpers.told(folder)]


def test_a_failed_run_its_report_and_its_verdict_are_told_once_without_a_word_of_the_log(place: Place) -> None:
    folder = place.root
    ready(place, folder)
    place.script(FAILS)
    run(place, "start", "1", "quick")
    ended(place, "1-quick-1")
    step(place)
    (first,) = helpers.told(folder)
    assert first["title"].startswith(f"{folder.name}: 1-quick-1 failed after ")
    assert [(one["kind"], one["run"], one["model"]) for one in first["told"]] == [("failed", "1-quick-1", "1")]
    run(place, "report", "Input has NaN.", "--run", "1-quick-1")
    step(place)
    step(place, later_s=SETTLES_S + 60)
    assert kinds(folder) == [["failed"], ["waits"]]
    assert "1-r1" in helpers.told(folder)[1]["body"]
    assert "NaN" not in str(helpers.told(folder))
    run(place, "verify", "1-quick-1")
    run(place, "report", "It is the data.", "--run", "1-quick-1")
    step(place)
    assert kinds(folder)[2:] == [["verdict"]], "a report that is made again is no other one"


def test_many_servers_at_once_tell_a_thing_once_and_a_claim_that_nobody_settled_is_made_again(place: Place) -> None:
    folder = place.root
    ready(place, folder, "log_text = true")
    place.script(FAILS)
    run(place, "start", "1", "quick")
    ended(place, "1-quick-1")
    desks = [place.desk("observer") for _ in range(4)]
    begin = threading.Barrier(len(desks))

    def tell(desk: Desk) -> None:
        begin.wait()
        for _ in range(3):
            telling.step(desk, [], ways_of(desk), since=0.0)

    threads = [threading.Thread(target=tell, args=(desk,)) for desk in desks]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert kinds(folder) == [["failed"]]
    run(place, "report", "Input has\nNaN, password=hunter2hunter2.", "--run", "1-quick-1")

    class Killed(Exception):
        """Stands for a SIGKILL between sending and settling."""

    class Dying(Ways):
        def send(self, way: str, message: object) -> str:
            super().send(way, message)  # type: ignore[arg-type]
            raise Killed

    desk = desks[0]
    going = ways_of(desk)
    with pytest.raises(Killed):
        telling.step(desk, [], Dying(going.policy, going.folder, going.urls), since=0.0)
    step(place)
    assert kinds(folder)[1:] == [["waits"]], "whoever claimed it may still be sending"
    step(place, later_s=3600)
    step(place, later_s=7200)
    assert kinds(folder)[1:] == [["waits"], ["waits"]], "doubled once, never lost"
    assert '("Input has' in helpers.told(folder)[1]["body"]
    assert "hunter2" not in str(helpers.told(folder))
    for one in desks:
        one.ledger.close()


def test_a_run_in_trouble_and_one_that_nobody_watches_are_told_while_they_go_on(place: Place) -> None:
    folder = place.root
    ready(place, folder, 'on = ["failed", "unwatched", "stalled"]')
    place.script(DIVERGES).script(WAITS, model="2")
    run(place, "start", "1", "quick")
    run(place, "start", "2", "quick")
    desk = place.desk("observer")
    until(lambda: bool(desk.ledger.findings()) or not look_at(desk, "1-quick-1"), "the loss that is nan was found")
    until(lambda: look_at(desk, "2-quick-1").status.state.running, "the other one runs")
    looks = [look_at(desk, "1-quick-1"), look_at(desk, "2-quick-1")]
    step(place, looks=looks)
    assert kinds(folder) == [], "it may be the run's end"
    step(place, later_s=SETTLES_S + 1, looks=looks)
    assert kinds(folder) == [["failed"]]
    gap_s = desk.policy.watch.gap_minutes * 60 + 1
    step(place, later_s=gap_s, looks=looks)
    step(place, later_s=gap_s + 60, looks=looks)
    assert kinds(folder)[1:] == [["unwatched", "unwatched"]]
    place.go()
    ended(place, "1-quick-1")
    ended(place, "2-quick-1")
    step(place, later_s=gap_s + 120)
    assert kinds(folder)[2:] == [["failed"]], "done is not to be told; a run with failures that ended is failed"
    assert "completed after" in helpers.told(folder)[2]["body"]
    desk.ledger.close()


def test_what_was_before_anybody_told_is_not_told_nor_what_is_a_day_old(place: Place) -> None:
    folder = place.root
    ready(place, folder)
    place.script(FAILS)
    run(place, "start", "1", "quick")
    ended(place, "1-quick-1")
    desk = place.desk("observer")
    telling.step(desk, [], ways_of(desk), since=time.time())
    run(place, "report", "Input has NaN.", "--run", "1-quick-1")
    later = replace(desk, clock=lambda: time.time() + 25 * 3600)
    telling.step(later, [], ways_of(desk), since=0.0)
    telling.step(desk, [], ways_of(desk), since=0.0)
    assert helpers.told(folder) == []
    desk.ledger.close()


def test_a_stall_is_told_in_our_words_and_one_that_is_over_before_that_is_not(place: Place) -> None:
    folder = place.root
    ready(place, folder, "log_text = false")
    place.script(WAITS).script(WAITS, model="2")
    run(place, "start", "1", "quick")
    run(place, "start", "2", "quick")
    desk = place.desk("observer")
    stall = Finding(kind="stall", level=Level.FAILURE, message="hang: no new output and no work for 1200 s")
    with desk.ledger.transaction() as transaction:
        for one in ("1-quick-1", "2-quick-1"):
            seen = FindingSeen.of(stall, log="", updated_at=time.time())
            transaction.append(seen, f"{one}:stall", run=one, model=one[0])
        over = FindingOver(level=Level.NOTICED, message="it went on again", updated_at=time.time())
        transaction.append(over, "2-quick-1:stall", run="2-quick-1", model="2")
    step(place)
    (message,) = helpers.told(folder)
    assert message["told"][0]["kind"] == "stalled"
    assert message["body"] == "1-quick-1 gets nowhere: hang: no new output and no work for 1200 s"
    desk.ledger.close()
    place.go()
    place.ends("1-quick-1")
    place.ends("2-quick-1")
