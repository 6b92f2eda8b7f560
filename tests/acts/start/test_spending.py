"""Budgets: a start beyond one is refused and the director asked; a CONTINUE lets exactly one more attempt start."""

from __future__ import annotations

from typing import Any

import pytest
from watchkeeper.server.acts.report import server_reports
from watchkeeper.server.acts.start import approvals, start
from watchkeeper.server.acts.watch.attempts import without_seeds
from watchkeeper.server.interfaces.commands.cli import main
from watchkeeper.server.vocabulary.runs import Phase, RunState

from ...play import FAILS, GOOD, WAITS, Facts, Place

pytestmark = pytest.mark.anyio

TRAIN = """
import sys
for epoch in range(1, 13):
    print(f"epoch {epoch}/12 val_loss {float(sys.argv[1]) + (epoch % 3) / 1000:.4f}", flush=True)
"""


def stranger(place: Place, budget: str) -> Place:
    (place.root / "watchkeeper.toml").write_text(f'profile = "research"\n[budget]\n{budget}\n', encoding="utf-8")
    (place.root / "train.py").write_text(TRAIN, encoding="utf-8")
    return place


async def test_beyond_a_budget_the_director_is_asked_and_opens_the_way_for_one_attempt(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    stranger(place, "model_attempts_without_improvement = 1\nattempts = 3")
    async with place.trainer() as trainer, place.director() as director:
        first = await trainer.trained(model="m", phase="full", args=["0.5"])
        again = await trainer.ask("start_training", model="m", phase="full", args=["0.5"])
        assert again["existing"]  # asked twice, it is one start and spends nothing
        second = await trainer.trained(model="m", phase="full", args=["0.7"], follows=first)
        wanted: dict[str, Any] = {"model": "m", "phase": "full", "args": ["0.3"], "follows": second}
        told = await trainer.refused("start_training", **wanted)
        assert "1 attempts of model m without improvement, [budget] model_attempts_without_improvement is 1" in told
        assert await trainer.refused("start_training", **wanted) == told
        (report,) = place.reports()
        assert f"The director is asked in {report.id}." in told
        assert (report.kind, report.status, report.run) == ("budget", "open", second)
        await director.ask("answer_report", report=report.id, action="CONTINUE", instructions="one more")
        third = await trainer.trained(**wanted)
        assert place.reports()[0].status == "closed"
        told = await trainer.refused("start_training", model="m", phase="full", args=["0.2"], follows=third)
        assert "3 attempts of the workspace, [budget] attempts is 3" in told
        assert [one.status for one in place.reports()] == ["closed", "open"]
    assert main(["--workspace", str(place.root), "compare", "m"]) == 0
    shown = capsys.readouterr().out
    assert f"best: {third}, 0.2 lower than {first} (95 % interval " in shown
    assert "more than the noise of the curves; other seeds were not run" in shown


async def test_an_answer_about_the_budget_of_one_model_leaves_the_training_of_another_alone(place: Place) -> None:
    place.policy("[budget]\nattempts = 1\n").script(WAITS, "a").script(GOOD, "b")
    async with place.trainer() as trainer, place.director() as director:
        run = (await trainer.ask("start_training", model="a", phase="quick"))["run"]
        asked = await trainer.refused("start_training", model="b", phase="quick")
        (report,) = place.reports()
        assert (report.model, report.run) == ("b", "")
        assert report.id in asked
        await director.ask("answer_report", report=report.id, action="TERMINATE", instructions="no more of b")
        told = await trainer.refused("start_training", model="b", phase="quick")
        assert "TERMINATE: no more of b" in told
        await trainer.poll()
        assert place.recorded(run).stop is None
        place.go()
        await trainer.watch(run)
    assert place.ending(run).state is RunState.COMPLETED


async def test_an_older_report_on_the_run_of_another_model_stops_it_not(place: Place) -> None:
    place.policy("[budget]\nattempts = 1\n").script(WAITS, "a")
    async with place.trainer() as trainer, place.director() as director:
        run = (await trainer.ask("start_training", model="a", phase="quick"))["run"]
        desk = place.desk()
        report = server_reports.open_budget(desk, "b", place.recorded(run), "1 attempts")  # as it was kept until now
        desk.ledger.close()
        await director.ask("answer_report", report=report.id, action="TERMINATE", instructions="no more of b")
        await trainer.poll()
        assert place.recorded(run).stop is None
        place.go()
        await trainer.watch(run)


async def test_hours_of_cpu_are_a_budget_and_none_is_the_usual(place: Place) -> None:
    stranger(place, "model_cpu_hours = 0.000000001")
    async with place.trainer() as trainer:
        first = await trainer.trained(model="m", phase="full", args=["0.5"])
        told = await trainer.refused("start_training", model="m", phase="full", args=["0.6"], follows=first)
        assert "hours of CPU of model m, [budget] model_cpu_hours is 1e-09" in told
        stranger(place, "")
        await trainer.trained(model="m", phase="full", args=["0.6"], follows=first)
    assert [one.status for one in place.reports()] == ["closed"]


async def test_what_the_director_allowed_once_is_not_taken_twice_by_starts_at_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger(place, "model_attempts_without_improvement = 1")
    wanted: Facts = {"model": "m", "phase": "full", "args": ["0.3"]}
    async with place.trainer() as trainer, place.director() as director:
        first = await trainer.trained(model="m", phase="full", args=["0.5"])
        second = await trainer.trained(model="m", phase="full", args=["0.7"], follows=first)
        await trainer.refused("start_training", **wanted, follows=second)
        (report,) = place.reports()
        await director.ask("answer_report", report=report.id, action="CONTINUE", instructions="one more")
        unhurried = approvals.pending

        def overtaken(*about: Any) -> Any:
            monkeypatch.setattr(approvals, "pending", unhurried)
            desk = place.desk()
            quick = start.request(desk, "m", Phase.QUICK, None, ["0.9"], None)
            begun.append(start.start(desk, quick))
            desk.ledger.close()
            return unhurried(*about)

        begun: list[Any] = []
        monkeypatch.setattr(approvals, "pending", overtaken)
        told = await trainer.refused("start_training", **wanted, follows=second)
        assert f"What {report.id} allowed was taken by another start" in told
        await trainer.watch(begun[0].run.id)
    assert len(place.runs()) == 3


async def test_an_answer_about_the_budget_leaves_the_directors_resume_as_it_is(place: Place) -> None:
    place.policy("[budget]\nmodel_attempts = 1\n").script(FAILS)
    async with place.trainer() as trainer, place.director() as director:
        first = await trainer.trained()
        failed = (await trainer.ask("report_error", run=first, what_happened="NaN"))["report"]
        await director.ask("answer_report", report=failed, action="RESUME", instructions="from the checkpoint")
        await trainer.refused("start_training", model="1", phase="quick", follows=first)
        (budget,) = (one.id for one in place.reports() if one.kind == "budget")
        await director.ask("answer_report", report=budget, action="CONTINUE", instructions="one more")
        second = await trainer.trained(follows=first)
    assert place.recorded(second).env["WATCHKEEPER_RESUME"] == "checkpoint"


async def test_after_terminate_both_phases_are_told_that_the_director_said_no(place: Place) -> None:
    stranger(place, "model_attempts = 1")
    async with place.trainer() as trainer, place.director() as director:
        first = await trainer.trained(model="m", phase="full", args=["0.5"])
        asked = await trainer.refused("start_training", model="m", phase="quick", args=["0.5"])
        (report,) = place.reports()
        assert "poll_training() for the answer" in asked
        await director.ask("answer_report", report=report.id, action="TERMINATE", instructions="enough of m")
        for phase, follows in (("quick", {}), ("full", {"follows": first})):
            told = await trainer.refused("start_training", model="m", phase=phase, args=["0.5"], **follows)
            assert f"The director answered {report.id} with TERMINATE: enough of m" in told
            assert "poll_training() for the answer" not in told


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (["--seed", "7", "--lr", "1"], ["--seed", "8", "--lr", "1"], True),
        (["--random-state=3"], ["--random-state=4"], True),
        (["--lr", "1"], ["--lr", "1", "--seed", "4"], True),
        (["--lr", "1"], ["--seed=4", "--lr", "2"], False),
        (["trainer.seed=3"], ["trainer.seed=4"], True),
        (["--lr", "1"], ["--lr", "2"], False),
        (["--seed", "--lr", "1"], ["--seed", "--lr", "2"], False),
        (["--seedling", "1"], ["--seedling", "2"], False),
    ],
)
def test_settings_are_the_same_where_only_seeds_differ(one: list[str], other: list[str], same: bool) -> None:
    assert (list(without_seeds(one)) == list(without_seeds(other))) is same
