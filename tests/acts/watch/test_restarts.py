"""Servers come and go, over real standard input and output; runs and what was acknowledged stay (P1, P2, P4)."""

from __future__ import annotations

import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import anyio
import psutil
import pytest
from mcp.shared.exceptions import MCPError
from watchkeeper.tools import TOOLS

from ...analysis.evidence.trainings import HONEST, TRAINING, design
from ...limits import HANG_S
from ...play import FAILS, WAITS, Agent, Facts, Mode, Place, kill, script
from ...runtime.keeper.helpers import processes_of

pytestmark = pytest.mark.anyio

ENTRY: Facts = {"model": "1", "struggle": "it broke", "investigation": ["a test"], "fix": "a fix", "why": "a cause"}


async def lost(place: Place, role: str, act: Callable[[Agent], Awaitable[Facts]]) -> Facts:
    """Do something through a server that is killed the moment it has answered, and return the answer."""
    answer: Facts = {}
    try:
        async with AsyncExitStack() as stack:
            agent = await stack.enter_async_context(place.served(role))
            answer = await act(agent)
            kill(agent.server)
    except* (MCPError, anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
        pass  # the client notices that its server is gone
    return answer


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_day_in_both_eras_of_the_protocol(place: Place, mode: Mode) -> None:
    place.script(script(TRAINING + HONEST))
    design(place)
    async with place.served(mode=mode) as trainer:
        era = trainer.client.protocol_version
        listed = await trainer.client.list_tools()
        quick, text = await trainer.call("start_training", model="1", phase="5A")
        await trainer.watch(quick["run"])
        run = await trainer.trained(phase="5B")
        verdict = await trainer.ask("verify_compute", run=run)
        refusal = await trainer.refused("poll_training", run_id=run)
        prompts = await trainer.client.list_prompts()
    assert (era >= "2026") == (mode == "auto")
    assert {tool.name for tool in listed.tools} == {tool.name for tool in TOOLS} - {"answer_report"}
    assert text.startswith("run: 1-quick-1\nstate: ")
    assert verdict["verdict"] == "APPROVE"
    assert "Did you mean run?" in refusal
    assert prompts.prompts


async def test_a_run_goes_on_when_its_server_and_its_group_are_killed_and_a_new_one_finds_it(place: Place) -> None:
    place.script(WAITS)

    async def start(agent: Agent) -> Facts:
        begun = await agent.ask("start_training", model="1", phase="quick")
        for child in agent.server.children(recursive=True):
            kill(child)
        if os.getpgid(agent.server.pid) != os.getpgid(0):
            os.killpg(os.getpgid(agent.server.pid), signal.SIGKILL)
            psutil.wait_procs([agent.server], timeout=HANG_S)
        return begun

    begun = await lost(place, "trainer", start)
    assert processes_of(place.root), "training and keeper live on"
    async with place.served() as trainer:
        brief = await trainer.poll()
        place.go()
        seen = await trainer.watch(begun["run"])
    assert [(one["run"], one["state"]) for one in brief["runs"]] == [(begun["run"], "running")]
    assert brief["next"] == f"poll_training(run='{begun['run']}')"
    assert (seen["state"], seen["exit_code"], seen["findings"]) == ("completed", 0, [])
    assert place.read(begun["log"]) == "ready\ndone\n"


async def test_a_failure_that_nobody_saw_is_told_by_the_next_server(place: Place) -> None:
    place.script(FAILS)
    begun = await lost(place, "trainer", lambda agent: agent.ask("start_training", model="1", phase="quick"))
    await anyio.to_thread.run_sync(place.ends, begun["run"])
    async with place.trainer() as trainer:
        seen = await trainer.poll(begun["run"], cursor=begun["cursor"])
    assert (seen["state"], seen["exit_code"]) == ("failed", 1)
    assert [one["id"] for one in seen["findings"]] == ["1-quick-1:L8"]


async def test_every_act_that_was_acknowledged_is_there_after_the_server_was_killed(place: Place) -> None:
    place.script(FAILS)
    begun = await lost(place, "trainer", lambda agent: agent.ask("start_training", model="1", phase="quick"))
    await anyio.to_thread.run_sync(place.ends, begun["run"])
    assert [one.id for one in place.runs()] == [begun["run"]]

    reported = await lost(
        place, "trainer", lambda agent: agent.ask("report_error", run=begun["run"], what_happened="NaN")
    )
    assert [one.id for one in place.reports()] == [reported["report"]]
    assert place.read(reported["path"]).startswith("## Phase 5A Error Report")

    answer = {"report": reported["report"], "action": "RESTART", "instructions": "drop those rows"}
    answered = await lost(place, "director", lambda agent: agent.ask("answer_report", **answer))
    (report,) = place.reports()
    assert report.answer is not None
    assert (report.status, report.answer.instructions) == ("answered", "drop those rows")
    assert "drop those rows" in place.read(answered["path"])

    verdict = await lost(place, "observer", lambda agent: agent.ask("verify_compute", run=begun["run"]))
    assert [one.id for one in place.verdicts()] == [verdict["verdict_id"]]
    assert verdict["verdict"] in place.read(verdict["path"])

    entry = await lost(place, "trainer", lambda agent: agent.ask("write_diary_entry", **ENTRY, report="1-r1"))
    assert place.read(entry["path"]).count("## Dev Diary Entry #1\n") == 1
    assert [one.status for one in place.reports()] == ["closed"]

    desk = place.desk()
    assert desk.ledger.broken() == []
    desk.ledger.close()


async def test_a_stop_that_was_acknowledged_stays_after_the_server_was_killed(place: Place) -> None:
    place.script(WAITS)

    async def start_and_stop(agent: Agent) -> Facts:
        begun = await agent.ask("start_training", model="1", phase="quick")
        await anyio.to_thread.run_sync(place.says, begun["log"], "ready")
        return await agent.ask("stop_training", run=begun["run"], reason="not this one")

    stopped = await lost(place, "trainer", start_and_stop)
    async with place.trainer() as trainer:
        seen = await trainer.poll(stopped["run"])
    assert (stopped["state"], seen["state"], seen["reason"]) == ("stopped", "stopped", "not this one")
