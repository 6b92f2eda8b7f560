"""Five trainers and a director on one workspace, each with a server of its own: nothing is lost, nothing doubled.

Each trainer makes a few attempts; for the long run WATCHKEEPER_SOAK_S=600 has them go on for so many seconds.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import anyio
import pytest

from .limits import HANG_S
from .play import Agent, Place, script
from .runtime.keeper.helpers import processes_of

pytestmark = pytest.mark.anyio

SOAK_S = float(os.environ.get("WATCHKEEPER_SOAK_S", "0"))
ATTEMPTS = 4
"""The least that each trainer makes, however busy the machine is: two that fail and two that do not."""
MODELS = ("1", "2", "3", "4", "5")
EVERY_OTHER_FAILS = script("""
print("epoch 1 loss 0.5", flush=True)
if int(os.environ["WATCHKEEPER_ATTEMPT"]) % 2:
    raise ValueError(f"attempt {os.environ['WATCHKEEPER_ATTEMPT']} of {os.environ['WATCHKEEPER_MODEL']} fails")
leave_what_the_phase_asks_for()
""")
ENTRY = {
    "struggle": "An odd attempt stopped with a ValueError.",
    "investigation": ["Looked at the number of the attempt: it was odd."],
    "fix": "Started the next attempt.",
    "why": "Because the cities' data arrive every other hour, an odd attempt finds none: that is the root cause.",
}


async def train(trainer: Agent, model: str, until: float) -> None:
    """Start attempt after attempt, report what fails, wait for the answer, write the diary."""
    follows: dict[str, str] = {}
    owed = ""
    attempts = 0
    while attempts < ATTEMPTS or time.monotonic() < until or owed:
        run = await trainer.trained(model, **follows)
        attempts += 1
        seen = await trainer.poll(run)
        follows = {"follows": run}
        if seen["state"] == "failed":
            report = await trainer.ask("report_error", run=run, what_happened="a ValueError")
            owed = str(report["report"])
            while "answer" not in await trainer.poll(run, wait_s=20):
                pass  # the test as a whole has a limit
        else:
            await trainer.ask("write_diary_entry", model=model, report=owed, **ENTRY)
            owed = ""


async def direct(director: Agent, finished: anyio.Event) -> None:
    """Answer every report, until all trainers have finished."""
    cursor = ""
    while not finished.is_set():
        seen = await director.poll(wait_s=1, **({"cursor": cursor} if cursor else {}))
        cursor = seen["cursor"]
        for report in seen["reports"]:
            if report["status"] == "open":
                await director.ask("answer_report", report=report["report"], action="RESTART", instructions="again")


@asynccontextmanager
async def served(place: Place, role: str, lock: anyio.Lock) -> AsyncGenerator[Agent]:
    """Give an agent with a server of its own; one after the other, so that each knows which process is its server."""
    async with AsyncExitStack() as stack:
        async with lock:
            agent = await stack.enter_async_context(place.served(role))
        yield agent


async def play(place: Place) -> None:
    """Let all six work at once, each through its own server process."""
    finished, left, lock, until = anyio.Event(), set(MODELS), anyio.Lock(), time.monotonic() + SOAK_S

    async def one(model: str) -> None:
        async with served(place, "trainer", lock) as trainer:
            await train(trainer, model, until)
        left.discard(model)
        if not left:
            finished.set()

    async def other() -> None:
        async with served(place, "director", lock) as director:
            await direct(director, finished)

    async with anyio.create_task_group() as all_:
        all_.start_soon(other)
        for model in MODELS:
            all_.start_soon(one, model)


async def test_five_trainers_and_a_director_lose_nothing_and_double_nothing(place: Place) -> None:
    for model in MODELS:
        place.script(EVERY_OTHER_FAILS, model)
    with anyio.fail_after(SOAK_S + HANG_S):
        await play(place)
    runs, reports = place.runs(), place.reports()
    for model in MODELS:
        own = [one for one in runs if one.model == model]
        assert len(own) >= ATTEMPTS
        assert [one.id for one in own] == [f"{model}-quick-{number}" for number in range(1, len(own) + 1)]
        assert [one.outcome for one in own] == ["failed", "completed"] * (len(own) // 2)
        told = [one for one in reports if one.model == model]
        assert [one.run for one in told] == [one.id for one in own if one.outcome == "failed"]
        assert {one.status for one in told} == {"closed"}
        diary = place.read(f"output/docs/insights/dev_diary_{model}.md")
        numbers = [int(found) for found in re.findall(r"^## Dev Diary Entry #(\d+)", diary, re.MULTILINE)]
        assert numbers == list(range(1, len(told) + 1))
        log = place.read(f"output/implementation/logs/training_quick_{model}.log")
        assert [int(found) for found in re.findall(r"ValueError: attempt (\d+)", log)] == [*range(1, len(own), 2)], (
            "each attempt ran once"
        )
    desk = place.desk("observer")
    try:
        assert desk.ledger.broken() == []
    finally:
        desk.ledger.close()
    assert processes_of(place.root) == []
    print(f"{len(runs)} runs, {len(reports)} reports in {SOAK_S:g} s")  # noqa: T201 (the long run's figure)
