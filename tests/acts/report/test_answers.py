"""What the director answers, and what becomes of it."""

from __future__ import annotations

import anyio
import pytest
from watchkeeper.server.documents.error_report import HOLD

from ...limits import LONG_S
from ...play import FAILS, GOOD, WAITS, Facts, Place
from ...runtime.keeper.helpers import processes_of, until
from .helpers import FAILS_AT_FIRST, carried_out_by, diverging, failed, instructions_of, report_of

pytestmark = pytest.mark.anyio


class TestAnswer:
    """What a director decides, and what becomes of it."""

    async def test_it_wakes_the_trainer_who_waits_and_is_told_in_full(self, place: Place) -> None:
        told: list[Facts] = []
        async with place.trainer() as trainer, place.director() as director:
            run, reported = await failed(place, trainer)
            cursor = (await trainer.poll(run))["cursor"]

            async def wait() -> None:
                told.append(await trainer.poll(run, cursor=cursor, wait_s=LONG_S))

            async with anyio.create_task_group() as group:
                group.start_soon(wait)
                await anyio.wait_all_tasks_blocked()
                await director.ask(
                    "answer_report",
                    report=reported["report"],
                    action="restart",
                    instructions="drop the rows with NaN",
                    changes_applied="features_1.csv",
                    next_steps="quick run again",
                )
        assert told[0]["answer"] == {
            "report": "1-r1",
            "action": "RESTART",
            "instructions": "drop the rows with NaN",
            "changes_applied": "features_1.csv",
            "next_steps": "quick run again",
        }
        assert told[0]["next"] == "start_training(model='1', phase='quick', follows='1-quick-1') with the fix"

    async def test_restart_is_applied_by_the_start_that_follows(self, place: Place) -> None:
        async with place.trainer() as trainer, place.director() as director:
            run, reported = await failed(place, trainer, FAILS_AT_FIRST)
            await director.ask("answer_report", report=reported["report"], action="RESTART", instructions="again")
            await trainer.poll(run)
            assert report_of(place, "1-r1").status == "answered"
            second = await trainer.trained(follows=run)
        report = report_of(place, "1-r1")
        assert (report.status, carried_out_by(report)) == ("applied", second)
        assert place.recorded(second).env["WATCHKEEPER_RESUME"] == "start"

    async def test_resume_tells_the_new_run_to_go_on_from_its_checkpoint(self, place: Place) -> None:
        async with place.trainer() as trainer, place.director() as director:
            run, reported = await failed(place, trainer, FAILS_AT_FIRST + "print(os.environ['WATCHKEEPER_RESUME'])\n")
            await director.ask("answer_report", report=reported["report"], action="Resume", instructions="go on")
            second = await trainer.trained(follows=run)
        assert place.read(place.recorded(second).log).rstrip().endswith("checkpoint")
        assert (
            place.recorded(second).env["WATCHKEEPER_CHECKPOINT_DIR"]
            == place.recorded(run).env["WATCHKEEPER_CHECKPOINT_DIR"]
        )

    async def test_terminate_ends_the_tree_and_nothing_starts_until_another_answer(self, place: Place) -> None:
        async with place.trainer() as trainer, place.director() as director:
            run, reported = await diverging(place, trainer)
            cursor = (await trainer.poll(run))["cursor"]
            await director.ask("answer_report", report=reported["report"], action="TERMINATE", instructions="useless")
            until(lambda: not processes_of(place.root), "the tree is gone")
            told = await trainer.poll(run, cursor=cursor, wait_s=5)
            seen = await trainer.watch(run)
            text = await trainer.refused("start_training", model="1", phase="quick", follows=run)
            assert "The director answered 1-r1 with TERMINATE: useless" in text
            await director.ask("answer_report", report=reported["report"], action="RESTART", instructions="try this")
            place.script(GOOD)
            assert await trainer.trained(follows=run) == "1-quick-2"
        assert told["answer"] == {"report": "1-r1", "action": "TERMINATE", "instructions": "useless"}
        assert (seen["state"], seen["reason"]) == ("stopped", "director's answer to 1-r1: TERMINATE")
        assert seen["next"].startswith("write_diary_entry(model='1', report='1-r1'")

    async def test_terminate_about_an_earlier_attempt_ends_the_one_that_began_meanwhile(self, place: Place) -> None:
        async with place.trainer() as trainer, place.director() as director:
            run, reported = await failed(place, trainer, FAILS)
            place.script(WAITS)
            second = await trainer.ask("start_training", model="1", phase="quick", follows=run)
            place.says(second["log"], "ready")
            await director.ask("answer_report", report=reported["report"], action="TERMINATE", instructions="useless")
            seen = await trainer.watch(second["run"])
            text = await trainer.refused("start_training", model="1", phase="quick", follows=second["run"])
        assert (seen["state"], seen["reason"]) == ("stopped", "director's answer to 1-r1: TERMINATE")
        assert "The director answered 1-r1 with TERMINATE: useless" in text

    async def test_continue_accepts_the_finding_which_stays_visible_and_no_longer_blocks(self, place: Place) -> None:
        async with place.trainer() as trainer, place.director() as director:
            run, reported = await diverging(place, trainer)
            answered = await director.ask(
                "answer_report", report=reported["report"], action="CONTINUE", instructions="a column nobody uses"
            )
            place.go()
            await trainer.watch(run)
            assert await trainer.trained(phase="full") == "1-full-1"
            verdict = await director.ask("verify_compute", run=run)
        assert answered["accepted_finding"] == f"{run}:L2"
        finding = next(one for one in place.findings() if one.id == f"{run}:L2")
        assert (finding.status, finding.accepted_because) == ("accepted", "a column nobody uses")
        evidence = next(one["evidence"] for one in verdict["checks"] if one["check"] == "failures")
        assert evidence == f"no failure stands; accepted by the director: {run}:L2"

    async def test_continue_is_done_when_the_trainer_has_it_and_told_again_until_then(self, place: Place) -> None:
        async with place.trainer() as trainer, place.director() as director:
            run, reported = await failed(place, trainer)
            cursor = (await trainer.poll(run))["cursor"]
            await director.ask("answer_report", report=reported["report"], action="CONTINUE", instructions="harmless")
            told = await trainer.poll(run, cursor=cursor)
            again = await trainer.poll(run, cursor=cursor)
            async with place.trainer() as later:  # whose predecessor may have died before that answer came
                anew = [await later.poll(run), (await later.poll())["reports"][0]]
                assert report_of(place, "1-r1").status == "answered"
                gone_on = await later.poll(run, cursor=anew[0]["cursor"])
        assert told["answer"]["instructions"] == "harmless"
        assert again["answer"] == told["answer"], "the same cursor gives the same news"
        assert [one["answer"]["instructions"] for one in anew] == ["harmless"] * 2
        assert "answer" not in gone_on
        assert report_of(place, "1-r1").status == "applied"

    async def test_a_restart_of_a_run_that_goes_on_asks_for_its_stop_first(self, place: Place) -> None:
        async with place.trainer() as trainer, place.director() as director:
            run, reported = await diverging(place, trainer)
            await director.ask("answer_report", report=reported["report"], action="RESTART", instructions="lower lr")
            seen = await trainer.poll(run)
            await trainer.ask("stop_training", run=run, reason="answer to 1-r1")
            place.script(GOOD)
            assert await trainer.trained(follows=run) == "1-quick-2"
        assert seen["next"] == f"stop_training(run='{run}', reason='answer to 1-r1'), then start with the fix"
        assert len(place.reports()) == 1

    async def test_the_same_answer_twice_is_one_and_another_one_replaces_it(self, place: Place) -> None:
        async with place.trainer() as trainer, place.director() as director:
            run, reported = await failed(place, trainer, FAILS_AT_FIRST)
            answer = {"report": reported["report"], "action": "RESTART", "instructions": "again"}
            await director.ask("answer_report", **answer)
            await trainer.trained(follows=run)
            async with place.served("director") as elsewhere:
                await elsewhere.ask("answer_report", **answer)
            assert report_of(place, "1-r1").status == "applied"
            await director.ask("answer_report", **{**answer, "instructions": "no, differently"})
        report = report_of(place, "1-r1")
        assert (report.status, instructions_of(report)) == ("answered", "no, differently")
        assert "**Instructions**: no, differently" in place.read(reported["path"])

    async def test_an_answer_to_a_report_without_a_run_is_applied_by_the_first_start(self, place: Place) -> None:
        place.script(GOOD)
        async with place.trainer() as trainer, place.director() as director:
            await trainer.ask("report_error", model="1", what_happened="the features are missing")
            await director.ask("answer_report", report="1-r1", action="RESTART", instructions="they are there now")
            run = await trainer.trained()
        assert carried_out_by(report_of(place, "1-r1")) == run

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            ({"report": "1-r9", "action": "RESTART", "instructions": "x"}, "Open reports: 1-r1."),
            ({"report": "1-r1", "action": "APPROVE", "instructions": "x"}, "RESTART, RESUME, TERMINATE, CONTINUE"),
            ({"report": "1-r1", "action": "RESTART", "instructions": "  "}, "An answer needs instructions"),
            ({"report": "1-r1", "action": "RESTART"}, "answer_report needs instructions"),
        ],
    )
    async def test_what_is_no_answer_is_refused_with_what_is(
        self, place: Place, arguments: dict[str, str], says: str
    ) -> None:
        async with place.trainer() as trainer, place.director() as director:
            await trainer.ask("report_error", model="1", what_happened="the features are missing")
            assert says in await director.refused("answer_report", **arguments)
            assert "no tool 'answer_report' for the role trainer" in await trainer.refused("answer_report", **arguments)
        assert report_of(place, "1-r1").status == "open"

    async def test_after_the_deadline_the_default_holds_and_a_late_answer_counts(self, place: Place) -> None:
        place.policy("[report]\ndeadline_minutes = 0.0001\n")
        async with place.trainer() as trainer, place.director() as director:
            run, reported = await failed(place, trainer)
            seen = await trainer.poll(run)
            assert seen["next"] == f"no answer in time; {HOLD}. End your turn, call poll_training() when you are back"
            await director.ask("answer_report", report=reported["report"], action="RESTART", instructions="at last")
            late = await trainer.poll(run, cursor=seen["cursor"])
        assert late["answer"]["instructions"] == "at last"
        assert late["next"].startswith("start_training(")
