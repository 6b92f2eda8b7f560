"""An adopted process is watched: it opens no closed way, and the next attempt is not compared with it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from watchkeeper.server.acts.desk import Desk
from watchkeeper.server.acts.start import adopt, gate, provenance
from watchkeeper.server.storage.record import Report
from watchkeeper.server.storage.record.records import RunStarted
from watchkeeper.server.vocabulary.errors import Refused
from watchkeeper.server.vocabulary.runs import Phase, RunState

from ...limits import HANG_S
from ...play import Place
from ..prune.helpers import ended
from .test_approvals import FULL, MENDED, failed_full, mended, training

pytestmark = pytest.mark.anyio


@pytest.fixture
def process(place: Place) -> Iterator[subprocess.Popen[bytes]]:
    """A process that nobody of ours started and that goes on until its input is closed."""
    words = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    with subprocess.Popen(words, cwd=place.root, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as begun:
        yield begun


def end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    process.wait(HANG_S)


@pytest.fixture
def desk(place: Place) -> Iterator[Desk]:
    opened = place.desk()
    yield opened
    opened.ledger.close()


async def test_what_waits_for_the_director_waits_after_an_adoption_too(
    place: Place, process: subprocess.Popen[bytes]
) -> None:
    async with place.trainer() as trainer, place.director() as director:
        await failed_full(place, trainer, director)
        waits = await mended(place, trainer, training(MENDED, draws="1000"))
        desk = place.desk()
        adopted = adopt.adopt(desk, process.pid, None, "1").run.id
        desk.ledger.close()
        end(process)
        await trainer.watch(adopted)
        again = await trainer.ask("start_training", **FULL, follows=adopted)
    assert adopted == "1-full-2"
    assert (again["state"], again["changes"]) == ("awaiting_approval", waits["changes"])


async def test_terminate_and_an_open_report_hold_for_a_process_that_somebody_started(
    place: Place, desk: Desk, process: subprocess.Popen[bytes]
) -> None:
    run = "1-full-1"
    ended(place, run, outcome=RunState.FAILED)
    async with place.trainer() as trainer, place.director() as director:
        report = (await trainer.ask("report_error", run=run, what_happened="it fails"))["report"]
        with pytest.raises(Refused, match=f"Report {report} on {run} is not answered yet"):
            adopt.adopt(desk, process.pid, None, "1")
        await director.ask("answer_report", report=report, action="TERMINATE", instructions="enough")
        with pytest.raises(Refused, match=f"answered {report} with TERMINATE: enough"):
            adopt.adopt(desk, process.pid, None, "1")
    assert [one.id for one in place.runs()] == [run]


async def test_a_budget_holds_for_it_and_its_answer_is_used_up_by_it(
    place: Place, process: subprocess.Popen[bytes]
) -> None:
    place.policy("[budget]\nattempts = 1\n")
    ended(place, "a-full-1")
    desk = place.desk()
    with pytest.raises(Refused, match=r"1 attempts of the workspace, \[budget\] attempts is 1"):
        adopt.adopt(desk, process.pid, None, "1")

    def report() -> Report:
        return next(one for one in place.reports() if one.kind == "budget")

    async with place.director() as director:
        await director.ask("answer_report", report=report().id, action="CONTINUE", instructions="this one")
    adopted = adopt.adopt(desk, process.pid, None, "1")
    desk.ledger.close()
    end(process)
    place.ends(adopted.run.id)
    assert report().status == "closed"


async def test_two_calls_at_once_adopt_a_process_once(
    place: Place, desk: Desk, process: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    unhurried, first = provenance.collect, list[adopt.Adopted]()

    def overtaken(*about: Any, **named: Any) -> provenance.Origin:
        monkeypatch.setattr(provenance, "collect", unhurried)
        other = place.desk()
        first.append(adopt.adopt(other, process.pid, None, "a"))
        other.ledger.close()
        return unhurried(*about, **named)

    monkeypatch.setattr(provenance, "collect", overtaken)
    second = adopt.adopt(desk, process.pid, None, "b")
    end(process)
    place.ends(first[0].run.id)
    assert (second.existing, second.run.id) == (True, first[0].run.id)
    assert [one.id for one in place.runs()] == ["a-full-1"]


def test_it_is_not_said_that_another_command_started_what_nobody_saw_start(place: Place, desk: Desk) -> None:
    quick = RunStarted(phase=Phase.QUICK, code_sha256="same", command=(".", "/usr/bin/accelerate", "launch"))
    with desk.ledger.transaction() as transaction:
        transaction.append(quick, "1-quick-1", run="1-quick-1", model="1")
        full = RunStarted(phase=Phase.FULL, code_sha256="same", adopted=(4711, 1, 0))
        transaction.append(full, "1-full-1", run="1-full-1", model="1")
    run = desk.ledger.run("1-full-1")
    assert run is not None
    said = "1-quick-1 ran it by a command, and by which this process was started is not known"
    assert gate.missed(desk, run) == said


async def test_the_verdict_on_a_full_run_that_was_adopted_past_the_gate_says_so_and_approves_nothing(
    place: Place, desk: Desk, process: subprocess.Popen[bytes]
) -> None:
    adopted = adopt.adopt(desk, process.pid, None, "1")
    assert (adopted.run.id, adopted.ungated) == ("1-full-1", "there is none")
    async with place.trainer() as trainer:
        while (await trainer.poll(adopted.run.id, wait_s=1))["state"] != "running":
            assert process.poll() is None
        end(process)
        await trainer.watch(adopted.run.id)
        verdict = await trainer.ask("verify_compute", run=adopted.run.id)
    (check,) = (one for one in verdict["checks"] if one["check"] == "adopted")
    said = "past the gate, no quick run of the same script had passed: there is none; process"
    assert check["evidence"].startswith(said)
    assert verdict["verdict"] != "APPROVE"
