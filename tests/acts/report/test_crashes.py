"""One crash is one report, one answer and one diary entry; its line is that of what ended the run."""

from __future__ import annotations

from dataclasses import replace

import pytest
from watchkeeper.server.acts.report import reports
from watchkeeper.server.storage.record.records import FindingSeen
from watchkeeper.server.vocabulary.runs import ErrorType, Level

from ...play import FAILS, GOOD, Place, script

pytestmark = pytest.mark.anyio

NAN_THEN_CRASH = script(
    "print('epoch 1/50 loss 0.5', flush=True)\n"
    "for epoch in range(2, 9):\n    print(f'epoch {epoch}/50 loss nan', flush=True)\n"
    "raise RuntimeError('NaN detected in loss computation')"
)
TWO_STEPS = script(
    "print('epoch 1/50 loss 0.5', flush=True)\n"
    "for epoch in range(2, 9):\n    print(f'epoch {epoch}/50 loss nan', flush=True)\n"
    "wait_for('go')\nraise RuntimeError('NaN detected in loss computation')"
)

RAISES_WHEN_ENDED = script(
    "import signal\n\ndef ended(number, frame):\n    raise TimeoutError(f'got signal {number}')\n\n"
    "signal.signal(signal.SIGTERM, ended)\nprint('epoch 1/50 loss 0.5', flush=True)\nwait_for('go')"
)


async def test_a_nan_and_the_exception_that_it_led_to_are_one_report_one_answer_and_one_entry(place: Place) -> None:
    place.script(NAN_THEN_CRASH)
    async with place.trainer() as trainer, place.agent("director") as director:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        seen = await trainer.watch(run)
        reported = await trainer.ask("report_error", run=run, what_happened="NaN, then it crashed")
        await director.ask("answer_report", report=reported["report"], action="RESTART", instructions="lower the rate")
        after = await trainer.poll(run)
        place.script(GOOD)
        await trainer.trained(follows=run)
        entry = await trainer.poll()
        await trainer.ask(
            "write_diary_entry", model="1", report=reported["report"], struggle="It diverged.",
            investigation=["A lower rate: fine"], fix="a lower rate", why="Hub cities have more links, so it diverges",
        )  # fmt: skip
        done = await trainer.poll()
    (failure,) = [one for one in seen["findings"] if one["level"] == "failure"]
    assert "Error: RuntimeError" in reported["message"]
    assert f"Line: {failure['line']}\n" in reported["message"]
    assert [one.id for one in place.reports()] == [reported["report"]]
    assert "report_error" not in after["next"]
    assert entry["owed"] == ["diary entry for 1-r1 (1)"]
    assert not done.get("owed")


async def test_what_belongs_to_a_crash_is_told_answered_and_let_go_with_it(place: Place) -> None:
    place.script(FAILS)
    async with place.trainer() as trainer, place.agent("director") as director:
        run = await trainer.trained()
        part = FindingSeen(
            kind="error", level=Level.FAILURE, type=ErrorType.DATA, message="CRITICAL: bad rows", line=2,
            belongs_to="L8", log=place.recorded(run).log, updated_at=0.0,
        )  # fmt: skip
        desk = place.desk()
        with desk.ledger.transaction() as transaction:
            transaction.append(part, f"{run}:L2", run=run, model="1")
        desk.ledger.close()
        called = (await trainer.poll(run))["next"]
        by_part = await trainer.ask("report_error", run=run, finding=f"{run}:L2", what_happened="bad rows")
        statuses = {one.status for one in place.findings()}
        again = await trainer.ask("report_error", run=run, finding=f"{run}:L8", what_happened="NaN in X")
        await director.ask("answer_report", report=by_part["report"], action="CONTINUE", instructions="known rows")
        accepted = {one.status for one in place.findings()}
    assert f"finding='{run}:L8'" in called
    assert "Error: ValueError" in by_part["message"]
    assert "Line: 8\n" in by_part["message"]
    assert (again["report"], again["existing"]) == (by_part["report"], True)
    assert (statuses, accepted) == ({"reported"}, {"accepted"})


async def test_a_limit_and_the_exception_of_the_script_that_it_ended_are_one_report(place: Place) -> None:
    place.policy(instead_of="max_minutes = 30.0", by="max_minutes = 0.01").script(RAISES_WHEN_ENDED)
    async with place.trainer() as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        seen = await trainer.watch(run)
        report = await trainer.ask("report_error", run=run, what_happened="it ran into its limit")
        after = await trainer.poll(run)
    assert seen["state"] == "timed_out"
    assert "Error: TimeoutError" in report["message"]
    assert {one.status for one in place.findings() if one.level == "failure"} == {"reported"}
    assert "report_error" not in after["next"]


async def test_a_report_of_the_beginning_becomes_the_report_of_the_crash(place: Place) -> None:
    place.script(TWO_STEPS)
    async with place.trainer() as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        place.says("output/implementation/logs/training_quick_1.log", "epoch 8")
        first = await trainer.poll(run, wait_s=20)
        (begun,) = [one for one in first["findings"] if one["level"] == "failure"]
        early = await trainer.ask("report_error", run=run, finding=begun["id"], what_happened="the loss is NaN")
        place.go()
        await trainer.watch(run)
        late = await trainer.ask("report_error", run=run, what_happened="and then it crashed")
    assert (late["report"], late["existing"]) == (early["report"], True)
    assert "Error: RuntimeError" in late["message"]
    assert "RuntimeError" in place.read(late["path"])
    assert len(place.reports()) == 1


async def test_accepting_the_crash_accepts_all_of_it_and_another_answer_takes_that_back(place: Place) -> None:
    place.script(NAN_THEN_CRASH)
    async with place.trainer() as trainer, place.agent("director") as director:
        run = await trainer.trained()
        report = (await trainer.ask("report_error", run=run, what_happened="NaN, then it crashed"))["report"]
        await director.ask("answer_report", report=report, action="CONTINUE", instructions="a false alarm")
        accepted = {one.status for one in place.findings() if one.level == "failure"}
        await director.ask("answer_report", report=report, action="RESTART", instructions="it was none")
        stands = {one.status for one in place.findings() if one.level == "failure"}
        text = await trainer.refused("start_training", model="1", phase="full")
    assert (accepted, stands) == ({"accepted"}, {"reported"})
    assert "failures stand" in text


async def test_a_healthy_run_reported_in_words_is_not_called_halted(place: Place) -> None:
    place.script(GOOD)
    async with place.trainer() as trainer:
        run = await trainer.trained()
        ended = await trainer.ask("report_error", run=run, what_happened="the plot looks odd")
        none = await trainer.ask("report_error", model="1", what_happened="the features are missing")
    assert "Severity: MEDIUM (the run completed" in ended["message"]
    assert "Severity: HIGH (nothing was started)" in none["message"]


def test_a_report_speaks_of_what_leads_the_crash_and_of_the_end_where_nothing_else_is_known(place: Place) -> None:
    first = FindingSeen(
        kind="metric", level=Level.FAILURE, type=ErrorType.CONVERGENCE, line=4, log="train.log", updated_at=0.0
    )
    part = replace(first, kind="traceback", line=6, belongs_to="L4")
    end = replace(first, kind="exit", line=None)
    crash = {"L4": first, "L6": part, "exit": replace(end, belongs_to="L4")}
    desk = place.desk()
    with desk.ledger.transaction() as transaction:
        for run, found in {"1-quick-1": crash, "2-quick-1": {"exit": end}}.items():
            for key, one in found.items():
                transaction.append(one, f"{run}:{key}", run=run, model=run[0])
    told = [reports.failure_to_report(desk, run) for run in ("1-quick-1", "2-quick-1", "3-quick-1")]
    desk.ledger.close()
    assert [one and one.id for one in told] == ["1-quick-1:L4", "2-quick-1:exit", None]
