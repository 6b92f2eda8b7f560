"""A poll as a task, for clients that declare the extension: durable, and its end is not the training's."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Literal, cast

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.client import Client
from mcp.client.extension import ClaimContext, ClientExtension, ResultClaim
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, Request, Result
from watchkeeper.prompts import load
from watchkeeper.server.interfaces.commands.cli import version
from watchkeeper.server.interfaces.mcp.app import build
from watchkeeper.server.interfaces.mcp.tasks import EXTENSION, LONGEST_S, OfTask, Waiting, waiting
from watchkeeper.tools import TOOLS

from ...limits import HANG_S
from ...play import ME, WAITS, Facts, Place

pytestmark = pytest.mark.anyio


VALID = {"cursor": "", "next": ""}
"""What the schema of a poll's answer asks for."""


class Task(Result):
    """A task as the client sees it."""

    result_type: Literal["task"]
    task_id: str
    status: str


class Whatever(Result, extra="allow"):
    """What comes back."""


class Asked(Request[OfTask, str]):
    """A request about a task."""

    method: str
    params: OfTask


async def _as_it_is(task: Task, _context: ClaimContext) -> CallToolResult:
    """The test asks for itself: it is told the task's id as if it were a result."""
    return CallToolResult(content=[], structured_content={"task": task.task_id, **VALID})


class Tasks(ClientExtension):
    identifier = EXTENSION

    def claims(self) -> list[ResultClaim[Any]]:
        return [ResultClaim(result_type="task", model=Task, resolve=_as_it_is)]


@asynccontextmanager
async def agent(place: Place, *, declared: bool = True) -> AsyncGenerator[Client]:
    """Give a client of a server that knows nothing of the ones before it."""
    desk = place.desk()
    try:
        extensions = [Tasks()] if declared else []
        async with Client(build(desk, TOOLS, load(), version()), client_info=ME, extensions=extensions) as client:
            yield client
    finally:
        desk.ledger.close()


async def called(client: Client, tool: str, **arguments: object) -> Facts:
    found = (await client.call_tool(tool, arguments)).structured_content
    assert found is not None
    return found


async def asked(client: Client, method: str, task: str) -> Facts:
    found = await client.session.send_request(cast("Any", Asked(method=method, params=OfTask(task_id=task))), Whatever)
    return found.model_dump(by_alias=True, exclude_none=True)


async def ended(client: Client, task: str) -> Facts:
    """Ask for a task until it has ended."""
    with anyio.fail_after(HANG_S):
        while (found := await asked(client, "tasks/get", task))["status"] == "working":
            assert found["pollIntervalMs"] > 0
    return found


async def test_a_poll_that_would_wait_is_a_task_whose_result_comes_with_the_news_from_whichever_server(
    place: Place,
) -> None:
    place.script(WAITS)
    async with agent(place) as client:
        run = (await called(client, "start_training", model="1", phase="quick"))["run"]
        seen = await called(client, "poll_training", run=run, wait_s=0)
        assert seen["state"] in ("starting", "running")
        task = (await called(client, "poll_training", run=run, cursor=seen["cursor"]))["task"]
        assert (await asked(client, "tasks/get", task))["status"] == "working"
    place.go()
    place.ends(run)
    async with agent(place) as client:  # the server was another one, and is gone
        done = await ended(client, task)
        again = await asked(client, "tasks/get", task)
    assert done["status"] == "completed"
    assert done["result"]["structuredContent"]["state"] == "completed"
    assert "phase='full'" in done["result"]["structuredContent"]["next"]
    assert again["result"]["structuredContent"] == done["result"]["structuredContent"]


async def test_a_task_tells_of_a_run_that_hangs_though_none_of_its_looks_waits(place: Place) -> None:
    place.policy("[stalls]\nidle_s = 0.6\nidle_intervals = 1\nlongest_intervals = 1\n").script(WAITS)
    async with agent(place) as client:
        run = (await called(client, "start_training", model="1", phase="quick"))["run"]
        seen = await called(client, "poll_training", run=run, wait_s=0)
        found = await called(client, "poll_training", run=run, cursor=seen["cursor"])
        if "task" in found:  # it hangs already by now on a slow machine
            found = (await ended(client, found["task"]))["result"]["structuredContent"]
        place.go()
        place.ends(run)
    assert [one["id"] for one in found["findings"]] == [f"{run}:stall"]
    assert found["findings"][0]["level"] == "failure"


async def test_a_cancelled_task_ends_the_wait_and_never_the_training_also_after_a_restart(place: Place) -> None:
    place.script(WAITS)
    async with agent(place) as client:
        run = (await called(client, "start_training", model="1", phase="quick"))["run"]
        seen = await called(client, "poll_training", run=run, wait_s=0)
        task = (await called(client, "poll_training", run=run, cursor=seen["cursor"]))["task"]
        assert "status" not in await asked(client, "tasks/cancel", task)
        assert "status" not in await asked(client, "tasks/cancel", task)
    async with agent(place) as client:
        assert (await asked(client, "tasks/get", task))["status"] == "cancelled"
        place.go()
        place.ends(run)
        assert (await called(client, "poll_training", run=run, wait_s=0))["state"] == "completed"
        assert (await asked(client, "tasks/get", task))["status"] == "cancelled"


async def test_news_that_are_there_and_errors_come_at_once_and_no_other_tool_becomes_a_task(place: Place) -> None:
    place.script(WAITS)
    async with agent(place) as client:
        brief = await called(client, "poll_training")
        assert "task" not in brief
        wrong = await client.call_tool("poll_training", {"run": "9-quick-1"})
        assert wrong.is_error
        started = await called(client, "start_training", model="1", phase="quick")
        assert "task" not in started
        place.go()
        place.ends(started["run"])
        last = await called(client, "poll_training", run=started["run"])
        if "task" in last:  # its keeper was just about to leave
            last = (await ended(client, last["task"]))["result"]["structuredContent"]
        assert last["state"] == "completed"


async def test_who_does_not_declare_tasks_gets_none_and_may_ask_for_none(place: Place) -> None:
    place.policy("[watch]\nwait_s = 1.0\nmax_wait_s = 1.0\n").script(WAITS)
    async with agent(place, declared=False) as client:
        run = (await called(client, "start_training", model="1", phase="quick"))["run"]
        seen = await called(client, "poll_training", run=run, wait_s=0)
        assert "task" not in await called(client, "poll_training", run=run, cursor=seen["cursor"])
        known = Waiting("poll_training", {"run": run}, 1_800_000_000_000).id
        for method in ("tasks/get", "tasks/cancel"):
            with pytest.raises(MCPError, match="needs the client's capability"):
                await asked(client, method, known)
        place.go()
        place.ends(run)


@pytest.mark.parametrize(
    "task", ["", "wk1-", "wk1-!!", "786512e2-9e0d-44bd-8f29-789f320fe840", "wk1-W10", "wk1-WzEsMiwzXQ"]
)
async def test_a_task_that_is_none_of_ours_is_refused(place: Place, task: str) -> None:
    async with agent(place) as client:
        with pytest.raises(MCPError, match="There is no such task"):
            await asked(client, "tasks/get", task)


async def test_a_task_for_a_tool_that_never_waits_is_refused(place: Place) -> None:
    task = Waiting("report_error", {"model": "1", "what_happened": "x"}, 1_800_000_000_000).id
    async with agent(place) as client:
        with pytest.raises(MCPError, match="There is no such task"):
            await asked(client, "tasks/get", task)
    assert place.reports() == []


async def test_a_task_that_waited_for_an_hour_ends_like_a_poll_whose_time_is_over(place: Place) -> None:
    place.script(WAITS)
    async with agent(place) as client:
        run = (await called(client, "start_training", model="1", phase="quick"))["run"]
        cursor = (await called(client, "poll_training", run=run, wait_s=0))["cursor"]
        task = waiting((await called(client, "poll_training", run=run, cursor=cursor))["task"])
        assert task is not None
        old = Waiting(task.tool, task.arguments, task.created_ms - int(LONGEST_S * 1000) - 1)
        done = await asked(client, "tasks/get", old.id)
        place.go()
        place.ends(run)
    assert done["status"] == "completed"
    assert done["result"]["structuredContent"]["state"] in ("starting", "running")
    assert "poll_training" in done["result"]["structuredContent"]["next"]


VALUES = st.text(max_size=20) | st.booleans() | st.integers()


@given(st.dictionaries(st.text(max_size=10), VALUES, max_size=4), st.integers(0, 4_000_000_000_000))
def test_an_id_says_all_of_its_call(arguments: dict[str, object], created_ms: int) -> None:
    call = Waiting("poll_training", arguments, created_ms)
    assert waiting(call.id) == call


@given(st.text(max_size=60))
def test_no_other_text_is_an_id(text: str) -> None:
    found = waiting(f"wk1-{text}")
    assert found is None or found.id == f"wk1-{text}"
