"""Staying on watch: failures at once and once, cursors that lose nothing, quiet that costs nothing."""

from __future__ import annotations

import json
import re
import time

import anyio
import pytest

from ...limits import LONG_S
from ...play import DIVERGES, FAILS, GOOD, WAITS, WAITS_LONG, Agent, Place, script

pytestmark = pytest.mark.anyio

LINES = """\
  3: loading file 3
  4: loading file 4
  5: loading file 5
  6: loading file 6
  7: loading file 7
> 8: Traceback (most recent call last):
> 9:   File "{script}", line {line}, in <module>
> 10:     raise ValueError("Input X contains NaN")
> 11: ValueError: Input X contains NaN"""
TALKS = script("print('ready')\nwait_for('talk')\nprint('loss nan\\n' * 40)\nwait_for('go')\n")
DIES_LATER = script("print('ready')\nwait_for('talk')\nraise RuntimeError('shape mismatch')\n")


async def started(trainer: Agent, **arguments: object) -> str:
    """Start a quick run of model 1 and wait until its log says that it is ready."""
    run = str((await trainer.ask("start_training", model="1", phase="quick", **arguments))["run"])
    seen = await trainer.poll(run)
    while seen["state"] != "running":
        seen = await trainer.poll(run, cursor=seen["cursor"], wait_s=1)
    return run


class TestFailure:
    """A failure opens the answer, with its lines, once."""

    async def test_it_opens_the_answer_with_the_exact_line_and_its_surroundings(self, place: Place) -> None:
        place.script(FAILS)
        path = place.root / "output/implementation/code/model_1.py"
        line = FAILS.split("\n").index('raise ValueError("Input X contains NaN")') + 1
        async with place.trainer() as trainer:
            run = await trainer.trained()
            seen, text = await trainer.call("poll_training", run=run, wait_s=0)
        assert list(seen)[:4] == ["findings", "run", "state", "phase"]
        assert seen["findings"] == [
            {
                "id": "1-quick-1:L8",
                "level": "failure",
                "type": "data",
                "line": 8,
                "last_line": 11,
                "exception": "ValueError",
                "log": "output/implementation/logs/training_quick_1.log",
                "untrusted": {
                    "message": "Input X contains NaN",
                    "frame": f"{path}:{line}",
                    "lines": LINES.format(script=path, line=line),
                },
            }
        ]
        assert (seen["state"], seen["exit_code"]) == ("failed", 1)
        assert text.startswith("findings:\n- id: 1-quick-1:L8\n  level: failure")
        assert seen["next"] == f"report_error(run='{run}', finding='1-quick-1:L8', what_happened=…)"

    async def test_the_lines_are_those_of_grep_n_also_in_a_later_attempt_of_the_same_log(self, place: Place) -> None:
        place.script(FAILS)
        async with place.trainer() as trainer:
            first = await trainer.trained()
            second = await trainer.trained(follows=first)
            seen = await trainer.poll(second)
        (finding,) = seen["findings"]
        log = place.read(finding["log"]).split("\n")
        assert log[finding["line"] - 1] == "Traceback (most recent call last):"
        assert log[finding["last_line"] - 1] == "ValueError: Input X contains NaN"
        assert finding["line"] > 11

    async def test_its_lines_are_told_once(self, place: Place) -> None:
        place.script(FAILS)
        async with place.trainer() as trainer:
            run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
            await anyio.to_thread.run_sync(place.ends, run)
            answers = [await trainer.poll(run)]
            for _ in range(3):
                answers.append(await trainer.poll(run, wait_s=1, cursor=answers[-1]["cursor"]))
        with_lines = [one["id"] for seen in answers for one in seen["findings"] if "lines" in one["untrusted"]]
        assert with_lines == ["1-quick-1:L8"]
        assert answers[-1]["findings"] == []

    async def test_completed_beside_a_failure_does_not_read_as_success(self, place: Place) -> None:
        place.script(DIVERGES).go()
        async with place.trainer() as trainer:
            seen, text = await trainer.call("poll_training", run=await trainer.trained(), wait_s=0)
        assert seen["state"] == "completed"
        assert next(iter(seen)) == "findings"
        assert text.startswith("findings:")
        assert seen["next"].startswith("report_error(")

    async def test_it_wakes_a_poll_that_waits(self, place: Place) -> None:
        place.policy(WAITS_LONG).script(DIES_LATER)
        async with place.trainer() as trainer, anyio.create_task_group() as group:
            run = await started(trainer)
            cursor = (await trainer.poll(run))["cursor"]

            async def watch() -> None:
                seen = await trainer.poll(run, cursor=cursor, wait_s=LONG_S)
                assert [one["exception"] for one in seen["findings"]] == ["RuntimeError"]

            group.start_soon(watch)
            await anyio.wait_all_tasks_blocked()
            (place.root / "talk").touch()

    async def test_a_dead_training_that_said_nothing_is_a_failure_too(self, place: Place) -> None:
        place.script(script("os.kill(os.getpid(), 11)"))
        async with place.trainer() as trainer:
            run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
            seen = await trainer.watch(run)
        assert (seen["state"], seen["signal"]) == ("failed", 11)
        assert [one["level"] for one in seen["findings"]][-1] == "failure"

    async def test_no_failure_is_lost_when_there_are_more_than_an_answer_shows(self, place: Place) -> None:
        body = "".join(
            f"try:\n    raise {name}('trouble {name}')\nexcept {name}:\n    traceback.print_exc()\n"
            for name in ("KeyError", "ValueError", "TypeError", "IndexError", "OSError", "RuntimeError", "EOFError",
                         "NameError", "LookupError", "ArithmeticError", "AttributeError", "BufferError", "MemoryError")
        )  # fmt: skip
        place.script("import traceback\n" + script(body))
        async with place.trainer() as trainer:
            run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
            await anyio.to_thread.run_sync(place.ends, run)
            told: set[str] = set()
            seen = await trainer.poll(run)
            while seen["findings"] and not told.issuperset(one["id"] for one in seen["findings"]):
                told.update(one["id"] for one in seen["findings"])
                seen = await trainer.poll(run, cursor=seen["cursor"])
        assert told == {one.id for one in place.findings() if one.status in ("open", "flag")}


class TestCursor:
    """A cursor says what its holder was told; whatever it is, nothing is lost and nothing is an error."""

    async def test_without_one_everything_unsettled_is_told(self, place: Place) -> None:
        place.script(FAILS)
        async with place.trainer() as trainer:
            run = await trainer.trained()
            unsettled = [one["id"] for one in (await trainer.poll(run))["findings"]]
            assert unsettled == [one["id"] for one in (await trainer.poll(run))["findings"]]
            assert unsettled == [one["id"] for one in (await trainer.poll())["findings"]]
            await trainer.ask("report_error", run=run, what_happened="NaN in the data")
            assert (await trainer.poll(run))["findings"] == []
        assert unsettled == ["1-quick-1:L8"]

    @pytest.mark.parametrize("cursor", ["", "garbage", "zzzzzzzzzzzz", "a" * 500, "' OR 1=1", "é", "0", "-1", "🙂"])
    async def test_garbage_is_as_good_as_none(self, place: Place, cursor: str) -> None:
        place.script(FAILS)
        async with place.trainer() as trainer:
            run = await trainer.trained()
            assert [one["id"] for one in (await trainer.poll(run, cursor=cursor))["findings"]] == ["1-quick-1:L8"]

    async def test_one_of_another_run_or_of_the_brief_is_as_good_as_none(self, place: Place) -> None:
        place.script(FAILS).script(GOOD, model="2")
        async with place.trainer() as trainer:
            run, other = await trainer.trained(), await trainer.trained(model="2")
            for foreign in ((await trainer.poll(other))["cursor"], (await trainer.poll())["cursor"]):
                assert [one["id"] for one in (await trainer.poll(run, cursor=foreign))["findings"]] == ["1-quick-1:L8"]

    async def test_the_same_one_gives_the_same_news_again_from_another_server_too(self, place: Place) -> None:
        place.script(FAILS)
        async with place.trainer() as trainer:
            begun = await trainer.ask("start_training", model="1", phase="quick")
            await anyio.to_thread.run_sync(place.ends, begun["run"])
            first = await trainer.poll(begun["run"], cursor=begun["cursor"])
            again = await trainer.poll(begun["run"], cursor=begun["cursor"])
        async with place.trainer() as other:
            elsewhere = await other.poll(begun["run"], cursor=begun["cursor"])
        assert first["findings"]
        assert first["findings"] == again["findings"] == elsewhere["findings"]

    async def test_every_answer_has_a_new_one_of_at_most_twelve_characters(self, place: Place) -> None:
        place.script(WAITS)
        async with place.trainer() as trainer:
            run = await started(trainer)
            cursors = [(await trainer.poll(run))["cursor"]]
            for _ in range(5):
                cursors.append((await trainer.poll(run, cursor=cursors[-1]))["cursor"])
            place.go()
            await trainer.watch(run)
        assert len(set(cursors)) == len(cursors)
        assert all(re.fullmatch(r"[0-9A-Za-z]{5,12}", one) for one in cursors)


class TestQuiet:
    """Nothing happened: a small answer, after the time that was asked for."""

    async def test_a_quiet_answer_has_at_most_240_characters_as_text_and_as_json(self, place: Place) -> None:
        place.script(WAITS)
        async with place.trainer() as trainer:
            run = await started(trainer)
            cursor = (await trainer.poll(run))["cursor"]
            quiet, text = await trainer.call("poll_training", run=run, cursor=cursor, wait_s=0)
            place.go()
            await trainer.watch(run)
        assert list(quiet) == ["run", "state", "phase", "elapsed_s", "findings", "cursor", "next"]
        assert quiet["next"] == f"poll_training(run='{run}', cursor='{quiet['cursor']}', wait_s=10)"
        assert len(text) <= 240
        assert len(json.dumps(quiet, separators=(",", ":"))) <= 240

    async def test_it_stays_that_small_while_an_answer_of_the_director_is_known(self, place: Place) -> None:
        place.script(DIVERGES)
        async with place.trainer() as trainer, place.director() as director:
            run = await started(trainer)
            report = await trainer.ask("report_error", run=run, what_happened="the loss is NaN")
            await director.ask("answer_report", report=report["report"], action="CONTINUE", instructions="let it be")
            told = await trainer.poll(run)
            quiet, text = await trainer.call("poll_training", run=run, cursor=told["cursor"], wait_s=0)
            place.go()
            await trainer.watch(run)
        assert told["answer"]["instructions"] == "let it be"
        assert "answer" not in quiet
        assert len(text) <= 240

    async def test_it_waits_as_long_as_it_was_asked_to(self, place: Place) -> None:
        place.policy(f"{WAITS_LONG}wait_s = {LONG_S}\n").script(WAITS)
        async with place.trainer() as trainer:
            run = await started(trainer)
            cursor = (await trainer.poll(run))["cursor"]
            begun = time.monotonic()
            await trainer.poll(run, cursor=cursor, wait_s=0.5)
            assert time.monotonic() - begun >= 0.5
            place.go()
            await trainer.watch(run)

    @pytest.mark.parametrize("wait_s", [1e9, "1e9", -5, "0.3"])
    async def test_a_wait_out_of_range_is_clamped(self, place: Place, wait_s: object) -> None:
        place.policy("[watch]\nwait_s = 0.2\nmax_wait_s = 0.4\n").script(WAITS)
        async with place.trainer() as trainer:
            run = await started(trainer)
            cursor = (await trainer.poll(run))["cursor"]
            assert (await trainer.poll(run, cursor=cursor, wait_s=wait_s))["state"] == "running"
            place.go()
            await trainer.watch(run)

    async def test_an_ended_run_with_an_open_report_waits_for_the_director(self, place: Place) -> None:
        place.policy(WAITS_LONG).script(FAILS)
        async with place.trainer() as trainer:
            run = await trainer.trained()
            ended = await trainer.poll(run)
            await trainer.poll(run, cursor=ended["cursor"], wait_s=LONG_S)  # there is nothing to wait for
            await trainer.ask("report_error", run=run, what_happened="NaN")
            begun = time.monotonic()
            seen = await trainer.poll(run, cursor=ended["cursor"], wait_s=0.6)
            assert time.monotonic() - begun >= 0.6
        assert seen["next"] == f"poll_training(run='{run}', cursor='{seen['cursor']}')"

    async def test_a_run_that_is_not_there_is_answered_with_those_that_are(self, place: Place) -> None:
        place.script(GOOD)
        async with place.trainer() as trainer:
            assert "Nothing was started yet" in await trainer.refused("poll_training", run="1-quick-1")
            await trainer.trained()
            assert "Known runs: 1-quick-1." in await trainer.refused("poll_training", run="1-quick-9")


class TestNumbers:
    """Metrics are told as JSON can carry them."""

    async def test_a_nan_stays_valid_json(self, place: Place) -> None:
        place.script(script("print('epoch 3 loss nan val_loss inf lr 0.001 acc 1e400')\nwait_for('go')\n"))
        async with place.trainer() as trainer:
            run = await started(trainer)
            seen = await trainer.poll(run)
            while "metrics" not in seen:
                seen = await trainer.poll(run, cursor=seen["cursor"], wait_s=1)
            place.go()
            await trainer.watch(run)
        assert seen["metrics"]["loss"] == "nan"
        assert seen["metrics"]["val_loss"] == "inf"
        assert (seen["metrics"]["epoch"], seen["metrics"]["lr"]) == (3, 0.001)
        json.dumps(seen, allow_nan=False)

    async def test_a_loss_that_became_nan_is_a_failure_while_the_run_goes_on(self, place: Place) -> None:
        place.script(DIVERGES)
        async with place.trainer() as trainer:
            run = await started(trainer)
            seen = await trainer.poll(run)
            while not seen["findings"]:
                seen = await trainer.poll(run, cursor=seen["cursor"], wait_s=1)
            place.go()
            await trainer.watch(run)
        assert seen["state"] == "running"
        assert [(one["level"], one["type"], one["line"]) for one in seen["findings"]] == [("failure", "convergence", 2)]


class TestBrief:
    """Without a run: where everything stands, for a new session."""

    async def test_an_empty_workspace_says_how_to_begin_and_nobody_waits_there(self, place: Place) -> None:
        place.policy(WAITS_LONG)
        async with place.trainer() as trainer:
            seen = await trainer.poll(wait_s=LONG_S)
        assert seen["runs"] == []
        assert seen["reports"] == []
        assert seen["next"] == "nothing was started: start_training(model=…, phase='quick')"

    @pytest.mark.parametrize("role", ["trainer", "director", "observer"])
    async def test_it_names_runs_and_reports_whatever_state_they_are_in(self, place: Place, role: str) -> None:
        place.script(GOOD).script(FAILS, model="2").script(WAITS, model="3")
        async with place.trainer() as trainer:
            await trainer.trained()
            failed = await trainer.trained(model="2")
            await trainer.ask("report_error", run=failed, what_happened="NaN")
            await trainer.ask("start_training", model="3", phase="quick")
            async with place.agent(role) as agent:
                seen = await agent.poll()
            place.go()
            await trainer.watch("3-quick-1")
        states = {one["run"]: one["state"] for one in seen["runs"]}
        assert states.pop("3-quick-1") in ("starting", "running")
        assert states == {"1-quick-1": "completed", "2-quick-1": "failed"}
        assert [(one["report"], one["run"], one["status"]) for one in seen["reports"]] == [("2-r1", failed, "open")]

    async def test_a_director_who_comes_new_need_not_wait_for_an_open_report(self, place: Place) -> None:
        place.policy(WAITS_LONG).script(WAITS)
        async with place.trainer() as trainer, place.director() as director:
            run = await started(trainer)
            await trainer.ask("report_error", run=run, what_happened="it looks wrong to me")
            seen = await director.poll(wait_s=LONG_S)
            place.go()
            await trainer.watch(run)
        assert seen["next"].startswith("answer_report(report='1-r1', ")

    async def test_the_answer_to_a_report_reaches_a_trainer_who_watches_everything(self, place: Place) -> None:
        place.policy(WAITS_LONG)
        async with place.trainer() as trainer, place.director() as director:
            report = await trainer.ask("report_error", model="1", what_happened="the features are missing")
            brief = await trainer.poll()
            await director.ask(
                "answer_report", report=report["report"], action="RESTART", instructions="they are there now"
            )
            seen = await trainer.poll(cursor=brief["cursor"], wait_s=LONG_S)
            again = await trainer.poll()
        assert "they are there now" in str(seen["reports"])
        assert "they are there now" in str(again["reports"])
