"""The gate between the phases: a full run needs a passed quick run of the same script."""

from __future__ import annotations

import anyio
import pytest

from ...play import DIVERGES, FAILS, GOOD, WAITS, Agent, Place, script

pytestmark = pytest.mark.anyio

QUICK_AGAIN = "Run the quick phase first: start_training(model='1', phase='quick', follows='1-quick-1')."


async def refused_full(trainer: Agent) -> str:
    return await trainer.refused("start_training", model="1", phase="full")


async def test_full_is_refused_without_a_quick_run(place: Place) -> None:
    place.script(GOOD)
    async with place.trainer() as trainer:
        text = await refused_full(trainer)
    assert "needs a passed quick run of the same script: there is none." in text
    assert "start_training(model='1', phase='quick')" in text
    assert place.runs() == []


async def test_full_is_let_through_after_a_passed_quick_run(place: Place) -> None:
    place.script(GOOD)
    async with place.trainer() as trainer:
        quick = await trainer.ask("start_training", model="1", phase="quick")
        passed = await trainer.watch(quick["run"])
        assert passed["next"] == "quick passed: start_training(model='1', phase='full')"
        full = await trainer.ask("start_training", model="1", phase="full")
        await trainer.watch(full["run"])
    assert (full["run"], full["log"]) == ("1-full-1", "output/implementation/logs/training_1_full.log")
    assert "limit_minutes" not in full


async def test_after_a_quick_run_that_mended_a_full_one_the_next_call_starts_another_full_one(place: Place) -> None:
    place.script(GOOD)
    async with place.trainer() as trainer, place.director() as director:
        await trainer.trained()
        first = await trainer.trained(phase="full")
        seen = await trainer.poll("1-quick-1")
        assert seen["next"] == f"quick passed, {first} is the full run: poll_training(run={first!r})"
        report = await trainer.ask("report_error", run=first, what_happened="the posterior looks wrong")
        await director.ask("answer_report", report=report["report"], action="RESTART", instructions="other priors")
        place.script(GOOD + "print('other priors')\n")
        await trainer.trained(follows="1-quick-1")
        passed = await trainer.poll("1-quick-2")
    assert passed["next"] == f"quick passed: start_training(model='1', phase='full', follows={first!r})"


async def test_a_quick_run_of_another_model_opens_no_gate(place: Place) -> None:
    place.script(GOOD).script(GOOD, model="2")
    async with place.trainer() as trainer:
        await trainer.trained(model="2")
        assert "there is none" in await refused_full(trainer)


async def test_full_is_refused_while_the_quick_run_goes_on(place: Place) -> None:
    place.script(WAITS)
    async with place.trainer() as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        assert "it has not ended yet" in await refused_full(trainer)
        place.go()
        await trainer.watch(run)


async def test_a_quick_run_that_ended_unseen_opens_the_gate_all_the_same(place: Place) -> None:
    place.script(GOOD)
    async with place.trainer() as trainer:
        quick = await trainer.ask("start_training", model="1", phase="quick")
        await anyio.to_thread.run_sync(place.ends, quick["run"])
        assert await trainer.trained(phase="full") == "1-full-1"


async def test_full_is_refused_after_the_script_was_changed(place: Place) -> None:
    place.script(GOOD)
    async with place.trainer() as trainer:
        await trainer.trained()
        place.script(GOOD.replace("work(0.16 ", "work(0.2 "))
        text = await refused_full(trainer)
    assert "the script was changed after 1-quick-1" in text
    assert QUICK_AGAIN in text


async def test_comments_and_formatting_are_no_change(place: Place) -> None:
    place.script(GOOD)
    async with place.trainer() as trainer:
        await trainer.trained()
        place.script("# a comment\n\n" + GOOD.replace('print("done")', "print(  'done'  )  # well done"))
        assert await trainer.trained(phase="full") == "1-full-1"


async def test_full_is_refused_after_a_quick_run_that_failed(place: Place) -> None:
    place.script(FAILS)
    async with place.trainer() as trainer:
        await trainer.trained()
        text = await refused_full(trainer)
    assert "it is failed: exit status 1" in text
    assert "failures stand: 1-quick-1:L8" in text
    assert QUICK_AGAIN in text


async def test_a_quick_run_that_completed_beside_a_failure_opens_no_gate(place: Place) -> None:
    place.script(DIVERGES).go()
    async with place.trainer() as trainer:
        run = await trainer.trained()
        await trainer.ask("report_error", run=run, what_happened="the loss is NaN")
        text = await refused_full(trainer)
    assert "failures stand: 1-quick-1:L2" in text


@pytest.mark.parametrize(
    ("body", "finding"),
    [
        ("import traceback\ntry:\n    int('x')\nexcept ValueError:\n    traceback.print_exc()\nprint('bye')", "L1"),
        ("for i in range(1, 10):\n    print(f'epoch {i}/60 loss 0.5')\nprint('received SIGTERM, saving')", "L10"),
        ("for i in range(1, 5):\n    print(f'epoch {i} of 50 loss 0.5')\nprint('saved')", "cut-short"),
    ],
    ids=["swallowed", "signal handled", "cut short"],
)
async def test_a_quick_run_that_ends_with_status_0_over_an_open_failure_opens_no_gate(
    place: Place, body: str, finding: str
) -> None:
    place.script(script(f"leave_what_the_phase_asks_for()\n{body}\n"))
    async with place.trainer() as trainer:
        await trainer.trained()
        assert f"failures stand: 1-quick-1:{finding}" in await refused_full(trainer)


SHORT = "leave_what_the_phase_asks_for()\nfor i in range(1, 5):\n    print(f'epoch {i} of 50 loss 0.5')\n"


async def test_the_refusal_says_what_opens_the_gate_after_an_early_stop_without_a_word(place: Place) -> None:
    place.script(script(SHORT))
    async with place.trainer() as trainer, place.director() as director:
        run = await trainer.trained()
        text = await refused_full(trainer)
        said = "stopped early: no improvement for 5 epochs"
        assert f'let it print one line that says so (for example "{said}")' in text
        assert (
            f"report_error(run={run!r}, finding='{run}:cut-short', what_happened=…), and the director's CONTINUE opens"
            in text
        )
        place.script(script(f"{SHORT}print({said!r})\n"))
        again = await trainer.trained(follows=run)
        assert (await trainer.poll(again))["findings"] == []
        place.script(script(SHORT))
        third = await trainer.trained(follows=again)
        report = await trainer.ask("report_error", run=third, finding=f"{third}:cut-short", what_happened="it is meant")
        await director.ask("answer_report", report=report["report"], action="CONTINUE", instructions="it stops early")
        assert await trainer.trained(phase="full") == "1-full-1"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("", "are missing or empty"),
        ("leave('RESULTS')\nopen(os.environ['WATCHKEEPER_RESULTS'], 'w')", "are missing or empty"),
        ("leave('RESULTS')\nos.utime(os.environ['WATCHKEEPER_RESULTS'], (1, 1))", "are older than the run"),
        ("os.makedirs(os.environ['WATCHKEEPER_RESULTS'])", "is a folder"),
        (
            "leave('RESULTS')\nr = os.environ['WATCHKEEPER_RESULTS']\nos.remove(r)\nos.symlink('/etc/passwd', r)",
            "leads out",
        ),
        ("leave('RESULTS')\nopen(os.environ['WATCHKEEPER_RESULTS'], 'a').write('2,TODO\\n')", "placeholder 'TODO'"),
        ("leave('RESULTS')\nopen(os.environ['WATCHKEEPER_RESULTS'], 'a').write('2,inf\\n')", "infinite"),
    ],
)
async def test_a_quick_run_without_fresh_results_of_its_own_opens_no_gate(
    place: Place, body: str, problem: str
) -> None:
    place.script(script(body))
    async with place.trainer() as trainer:
        started = await trainer.ask("start_training", model="1", phase="quick")
        seen = await trainer.watch(started["run"])
        assert seen["state"] == "completed"
        assert "phase='full'" not in seen["next"]
        assert problem in await refused_full(trainer)
        assert (await trainer.poll())["runs"][0]["run"] == started["run"]


BLANK = """
import pathlib
results = pathlib.Path(os.environ["WATCHKEEPER_RESULTS"])
results.parent.mkdir(parents=True, exist_ok=True)
results.write_text("year,predicted\\n2028,\\n2029,\\n")
"""
"""Leaves a column without any value, which no policy excuses by itself."""


async def test_results_that_the_director_lets_stand_open_the_gate(place: Place) -> None:
    place.script(script(BLANK))
    async with place.trainer() as trainer, place.director() as director:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        await trainer.watch(run)
        text = await refused_full(trainer)
        assert "NaN, infinite or empty cells in predicted" in text
        assert f"report_error(run='{run}', what_happened=…) and CONTINUE lets them stand" in text
        report = await trainer.ask("report_error", run=run, what_happened="these cells are blank on purpose")
        await director.ask("answer_report", report=report["report"], action="CONTINUE", instructions="they are")
        assert (await trainer.ask("start_training", model="1", phase="full"))["run"] == "1-full-1"
        await trainer.watch("1-full-1")


async def test_an_accepted_failure_lets_no_results_stand_that_nobody_asked_about(place: Place) -> None:
    place.script(script("print('epoch 1 loss nan', flush=True)\nprint('epoch 2 loss nan', flush=True)"))
    async with place.trainer() as trainer, place.director() as director:
        run = await trainer.trained()
        about_nan = await trainer.ask("report_error", run=run, what_happened="NaN")
        await director.ask("answer_report", report=about_nan["report"], action="CONTINUE", instructions="on purpose")
        text = await refused_full(trainer)
        assert "are missing or empty" in text
        report = await trainer.ask("report_error", run=run, what_happened="there is nothing to leave")
        (asked,) = [one for one in (await director.poll())["reports"] if one["report"] == report["report"]]
        assert "are missing or empty" in asked["state"]
        await director.ask("answer_report", report=report["report"], action="CONTINUE", instructions="then so be it")
        assert (await trainer.ask("start_training", model="1", phase="full"))["run"] == "1-full-1"
        await trainer.watch("1-full-1")


async def test_a_column_that_the_design_lets_be_blank_keeps_no_gate_shut(place: Place) -> None:
    place.script(script(BLANK))
    design = place.root / "output/model/model_design_1.md"
    design.parent.mkdir(parents=True)
    design.write_text("## Computational Requirements\n- **Columns that may be blank**: `predicted`\n")
    async with place.trainer() as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        assert (await trainer.watch(run))["next"] == "quick passed: start_training(model='1', phase='full')"


async def test_the_newest_quick_run_of_the_script_decides(place: Place) -> None:
    place.script("import os\nassert os.environ['WATCHKEEPER_ATTEMPT'] == '1'\n" + GOOD)
    async with place.trainer() as trainer:
        first = await trainer.trained()
        second = await trainer.trained(follows=first)
        assert f"{second} has not passed" in await refused_full(trainer)


@pytest.mark.parametrize("action", [None, "TERMINATE"])
async def test_full_waits_for_the_director_when_the_quick_run_was_reported(place: Place, action: str | None) -> None:
    place.script(GOOD)
    async with place.trainer() as trainer, place.director() as director:
        run = await trainer.trained()
        report = await trainer.ask("report_error", run=run, what_happened="the posterior looks wrong to me")
        if action:
            await director.ask("answer_report", report=report["report"], action=action, instructions="give it up")
        text = await refused_full(trainer)
        assert ("TERMINATE: give it up" if action else "not answered yet") in text
        await director.ask("answer_report", report=report["report"], action="CONTINUE", instructions="it is right")
        assert await trainer.trained(phase="full") == "1-full-1"


@pytest.mark.parametrize(("most", "opens"), [(3, False), (9, True)])
async def test_the_ranges_that_a_design_gives_are_asked_by_the_quick_gate_too(
    place: Place, most: int, opens: bool
) -> None:
    design = place.root / "output/model/model_design_1.md"
    design.parent.mkdir(parents=True)
    design.write_text(f"Parameter | Value | Min | Max\n--|--|--|--\nMu | 2 | 0 | {most}\n", encoding="utf-8")
    place.script(GOOD)
    async with place.trainer() as trainer:
        await trainer.trained()
        if opens:
            assert await trainer.trained(phase="full") == "1-full-1"
        else:
            problem = "has 4.4 in mu, outside 0..3 (output/model/model_design_1.md:3)"
            assert problem in await refused_full(trainer)


SWALLOWED = """
import subprocess
leave_what_the_phase_asks_for()
inner = "print('epoch 1/3 loss 0.5')\\nraise RuntimeError('the inner training broke')"
code = subprocess.call([sys.executable, "-c", inner])
print("training failed")
print(f"exit code: {code}")
print("---")
print("bye")
"""
CUT_SHORT = """
for epoch in range(1, 5):
    print(f"Epoch {epoch}/50 - loss: {1 / epoch:.3f}")
print("Your input ran out of data; interrupting training.")
leave_what_the_phase_asks_for()
"""


@pytest.mark.parametrize(
    "body", [SWALLOWED, CUT_SHORT], ids=["a swallowed return code", "the announced total not reached"]
)
async def test_an_exit_with_0_behind_a_failure_in_the_log_opens_no_gate_and_is_not_approved(
    place: Place, body: str
) -> None:
    place.script(script(body))
    async with place.trainer() as trainer:
        run = await trainer.trained()
        text = await refused_full(trainer)
        verdict = await trainer.ask("verify_compute", run=run)
    assert "failures stand" in text
    assert verdict["met"] is False
