"""The brief of a new session: where everything stands, in at most 300 tokens, the most urgent first."""

from __future__ import annotations

import json

import pytest

from ...play import FAILS, GOOD, WAITS, Place

pytestmark = pytest.mark.anyio
TOKENS = 300


async def test_it_names_runs_reports_what_is_owed_and_the_next_step_of_each_model(place: Place) -> None:
    place.script(FAILS).script(GOOD, "2").script(WAITS, "3")
    async with place.trainer() as trainer, place.director() as director:
        run = await trainer.trained()
        report = await trainer.ask("report_error", run=run, what_happened="NaN", hypothesis="a bad merge")
        await trainer.trained("2")
        active = await trainer.ask("start_training", model="3", phase="quick")
        brief = await trainer.poll()
        told = await director.poll()
        place.go()
        await trainer.watch(active["run"])
    assert [one["run"] for one in brief["runs"]] == ["3-quick-1", "2-quick-1", "1-quick-1"]
    assert brief["next"] == "poll_training(run='3-quick-1')"
    assert brief["steps"] == {
        "2": "quick passed: start_training(model='2', phase='full')",
        "1": "poll_training(run='1-quick-1')",
    }
    assert [one["report"] for one in brief["reports"]] == [report["report"]]
    assert told["reports"][0]["trainer_says"] == "a bad merge"
    assert "steps" not in told


async def test_it_stays_within_its_tokens_however_much_stands(place: Place) -> None:
    async with place.trainer() as trainer, place.director() as director:
        for model in ("alpha_one", "beta_two", "gamma_three", "delta_four", "epsilon_five", "zeta_six", "eta_seven"):
            place.script(FAILS, model)
            run = await trainer.trained(model)
            await trainer.ask(
                "report_error", run=run, what_happened="NaN " * 50, hypothesis="a bad merge of data " * 40
            )
        briefs = [await trainer.poll(), await director.poll()]
    for brief in briefs:
        assert len(json.dumps(brief, separators=(",", ":"), ensure_ascii=False)) / 4 <= TOKENS
        assert brief["next"]
        assert brief["reports"]


async def test_answered_reports_are_cut_before_open_ones_and_the_brief_says_how_many(place: Place) -> None:
    async with place.trainer() as trainer, place.director() as director:
        for number in range(14):
            words = f"the features of part {number} are missing"
            report = (await trainer.ask("report_error", model="1", what_happened=words, hypothesis="x" * 150))["report"]
            if number % 2 == 0:
                await director.ask("answer_report", report=report, action="RESTART", instructions="y" * 300)
        seen = await director.poll()
    shown = [one["status"] for one in seen["reports"]]
    left = 7 - shown.count("open"), 7 - shown.count("answered")
    assert shown == sorted(shown, key=lambda one: one != "open")
    assert left[0] == 0 or "answered" not in shown
    assert f"{left[0]} open and {left[1]} answered report(s) not shown" in seen["more"]
