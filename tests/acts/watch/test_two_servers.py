"""Two server processes on one workspace: whatever both do at the same moment is done once (P3)."""

from __future__ import annotations

import anyio
import pytest

from ...limits import LONG_S
from ...play import FAILS, WAITS, WAITS_LONG, Agent, Facts, Place

pytestmark = pytest.mark.anyio


async def at_once(*calls: tuple[Agent, str, Facts]) -> list[Facts]:
    """Make calls at the same moment and return their answers in the order of the calls."""
    answers: dict[int, Facts] = {}

    async def make(number: int, agent: Agent, tool: str, arguments: Facts) -> None:
        answers[number] = await agent.ask(tool, **arguments)

    async with anyio.create_task_group() as group:
        for number, call in enumerate(calls):
            group.start_soon(make, number, *call)
    return [answers[number] for number in range(len(calls))]


async def test_whatever_two_servers_are_asked_at_the_same_moment_is_done_once(place: Place) -> None:
    place.script(FAILS)
    start = {"model": "1", "phase": "quick"}
    async with place.served() as one, place.served() as other:
        first = await at_once((one, "start_training", start), (other, "start_training", start))
        assert {answer["run"] for answer in first} == {"1-quick-1"}
        assert sorted(answer.get("existing", False) for answer in first) == [False, True]
        await anyio.to_thread.run_sync(place.ends, "1-quick-1")

        looks = await at_once(*((agent, "poll_training", {"run": "1-quick-1"}) for agent in (one, other)))
        assert [one["findings"][0]["id"] for one in looks] == ["1-quick-1:L8"] * 2

        report = {"run": "1-quick-1", "what_happened": "NaN"}
        reports = await at_once((one, "report_error", report), (other, "report_error", report))
        assert {answer["report"] for answer in reports} == {"1-r1"}

        follow = {**start, "follows": "1-quick-1"}
        second = await at_once((one, "start_training", follow), (other, "start_training", follow))
        assert {answer["run"] for answer in second} == {"1-quick-2"}
        await one.watch("1-quick-2")

        verdicts = await at_once(*((agent, "verify_compute", {"run": "1-quick-2"}) for agent in (one, other)))
        assert {answer["verdict_id"] for answer in verdicts} == {"1-quick-2-v1"}

        entry = {"model": "1", "struggle": "s", "investigation": ["i"], "fix": "f", "why": "w"}
        entries = await at_once((one, "write_diary_entry", entry), (other, "write_diary_entry", entry))
        assert [answer["entry"] for answer in entries] == [1, 1]
    text = place.read("output/docs/insights/dev_diary_1.md")
    assert text.count("## Dev Diary Entry") == 1
    log = place.read("output/implementation/logs/training_quick_1.log")
    assert log.count("loading file 1\n") == 2, "each attempt ran once"
    assert len([one for one in place.findings() if one.run == "1-quick-1"]) == 1
    desk = place.desk()
    assert desk.ledger.broken() == []
    desk.ledger.close()


async def test_an_answer_wakes_the_trainer_in_another_server(place: Place) -> None:
    place.policy(WAITS_LONG).script(FAILS)
    async with place.served("trainer") as trainer, place.served("director") as director:
        run = await trainer.trained()
        await trainer.ask("report_error", run=run, what_happened="NaN")
        cursor = (await trainer.poll(run))["cursor"]
        told: list[Facts] = []

        async def wait() -> None:
            told.append(await trainer.poll(run, cursor=cursor, wait_s=LONG_S))

        async with anyio.create_task_group() as group:
            group.start_soon(wait)
            await director.poll(run)  # by now the trainer's server has its poll too
            await director.ask("answer_report", report="1-r1", action="RESTART", instructions="drop those rows")
    assert told[0]["answer"]["instructions"] == "drop those rows"


async def test_a_stop_by_the_director_ends_the_run_that_another_server_started(place: Place) -> None:
    place.script(WAITS)
    async with place.served("trainer") as trainer, place.served("director") as director:
        begun = await trainer.ask("start_training", model="1", phase="quick")
        await anyio.to_thread.run_sync(place.says, begun["log"], "ready")
        stopped = await director.ask("stop_training", run=begun["run"], reason="another one is better")
        seen = await trainer.watch(begun["run"])
    assert stopped["state"] == "stopped"
    assert (seen["state"], seen["reason"]) == ("stopped", "another one is better")
