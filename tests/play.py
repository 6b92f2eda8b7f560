"""What the tests of the tools play with: a workspace, agents that call tools over real MCP, and small trainings."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeVar

import anyio
import psutil
from mcp import StdioServerParameters
from mcp.client import Client
from mcp_types import CallToolResult, Implementation
from watchkeeper.prompts import load
from watchkeeper.server.acts.desk import Desk, open_desk
from watchkeeper.server.interfaces.commands.cli import version
from watchkeeper.server.interfaces.mcp.app import build
from watchkeeper.server.runtime.run_directory import judge, read_facts
from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.storage.record import Entry, Finding, Ledger, Record, Report, Run, Search, Verdict
from watchkeeper.server.storage.record.records import RunEnded
from watchkeeper.server.vocabulary.runs import Role
from watchkeeper.tools import TOOLS

from .limits import HANG_S, LONG_S
from .runtime.keeper.helpers import until
from .warm import COLD
from .warm_servers import warm_servers

Mode = Literal["auto", "legacy"]
ME = Implementation(name="a-test", version="1")
"""A client of no known name: its polls may wait as long as the policy says."""
Facts = dict[str, Any]
R = TypeVar("R", bound=Record)

POLICY = """
[quick]
max_minutes = 30.0
[full]
min_hours = 0.00004
max_hours = 0.25
[keeper]
sample_s = 0.1
grace_s = 30.0
"""
"""Short: 0.144 seconds of full training where a real policy asks for hours."""
FULL_S = 0.144
STARVED = "min_cores = 0.01\n"
"""For the table [compute]: where ten others want each core, an honest run gets less than the tenth that is usual."""
WAITS_LONG = f"[watch]\nmax_wait_s = {LONG_S}\n"
"""A table for the policy: a poll may be asked to wait for so long that what ends it is news, never its time."""

_BEGINNING = """
import os, pathlib, sys, time
def leave(*names):
    for name in names:
        path = pathlib.Path(os.environ["WATCHKEEPER_" + name])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("draw,mu\\n1,4.4\\n")
def work(seconds):  # of CPU time, which a busy machine does not make less
    begun = time.process_time()
    while time.process_time() - begun < seconds:
        sum(range(1000))
def wait_for(name):
    while not pathlib.Path(name).exists():
        time.sleep(0.01)
def leave_what_the_phase_asks_for():
    leave("RESULTS", *(["FINAL_MODEL"] if os.environ["WATCHKEEPER_PHASE"] == "full" else []))
"""
GOOD = f"""{_BEGINNING}
print("sampling", flush=True)
work(0.16 if os.environ["WATCHKEEPER_PHASE"] == "full" else 0.0)
leave_what_the_phase_asks_for()
print("done")
"""
"""Works for as long as the policy asks for and leaves what its phase should leave."""
WAITS = f"""{_BEGINNING}
print("ready")
wait_for("go")
leave_what_the_phase_asks_for()
print("done")
"""
"""Goes on until the test says go."""
FAILS = f"""{_BEGINNING}
for number in range(1, 8):
    print(f"loading file {{number}}")
raise ValueError("Input X contains NaN")
"""
"""Ends by an exception; the traceback begins at line 8 of the log."""
DIVERGES = f"""{_BEGINNING}
print("epoch 1 loss 0.5")
for epoch in range(2, 40):
    print(f"epoch {{epoch}} loss nan")
wait_for("go")
leave_what_the_phase_asks_for()
"""
"""Its loss becomes NaN and it goes on all the same, until the test says go."""


def script(body: str) -> str:
    """Return a training with the helpers of the others: leave, work, wait_for, leave_what_the_phase_asks_for."""
    return _BEGINNING + body


class Agent:
    """Somebody who calls tools through an MCP client.

    :ivar client: the client, for what is not a tool call.
    :ivar server: the server's process; None in memory.
    """

    def __init__(self, client: Client, server: psutil.Process | None = None) -> None:
        self.client = client
        self._server = server

    @property
    def server(self) -> psutil.Process:
        assert self._server is not None
        return self._server

    async def _called(self, tool: str, arguments: Facts) -> tuple[CallToolResult, str]:
        with anyio.fail_after(HANG_S):
            result = await self.client.call_tool(tool, arguments)
        return result, "\n".join(getattr(block, "text", "") for block in result.content)

    async def call(self, tool: str, **arguments: object) -> tuple[Facts, str]:
        """Return the structured answer and the text of a call that must succeed."""
        result, text = await self._called(tool, arguments)
        assert not result.is_error, f"{tool}({arguments}): {text}"
        assert result.structured_content is not None
        return result.structured_content, text

    async def ask(self, tool: str, **arguments: object) -> Facts:
        """Return the structured answer of a call that must succeed."""
        return (await self.call(tool, **arguments))[0]

    async def refused(self, tool: str, **arguments: object) -> str:
        """Return the error text of a call that must be refused on purpose."""
        result, text = await self._called(tool, arguments)
        assert result.is_error, f"{tool}({arguments}) was not refused: {text}"
        assert "inside watchkeeper" not in text, text
        return text

    async def poll(self, run: str | None = None, **arguments: object) -> Facts:
        """Poll once; without waiting if no time is named."""
        about = {"run": run} if run else {}
        return await self.ask("poll_training", **about, **{"wait_s": 0, **arguments})

    async def watch(self, run: str, **arguments: object) -> Facts:
        """Poll until the run's end is on record; return the last answer, with all findings told on the way."""
        told: dict[str, Facts] = {}
        deadline = time.monotonic() + HANG_S
        seen = await self.poll(run, **arguments)
        merge(told, seen["findings"])
        while seen["state"] in ("starting", "queued", "running", "running_unattended"):
            assert time.monotonic() < deadline, f"{run} did not end: {seen}"
            seen = await self.poll(run, wait_s=5, cursor=seen["cursor"])
            merge(told, seen["findings"])
        last = await self.poll(run, wait_s=1, cursor=seen["cursor"])  # comes back when all that it left is known
        merge(told, last["findings"])
        return {**seen, **last, "findings": list(told.values())}

    async def trained(self, model: str = "1", phase: str = "quick", **arguments: object) -> str:
        """Start a run, watch it to its end and return its id."""
        started = await self.ask("start_training", model=model, phase=phase, **arguments)
        await self.watch(started["run"])
        return str(started["run"])


def with_tables(text: str = "", instead_of: str = "", by: str = "") -> str:
    """Return the policy of the tests with tables added, or a line of it replaced."""
    if "min_cores" not in text:
        first, found, rest = text.partition("[compute]\n")
        text = f"{first}[compute]\n{STARVED}{rest}" if found else f"{text}\n[compute]\n{STARVED}"
    return POLICY.replace(instead_of, by) + text


class Place:
    """A workspace with a policy, scripts, and agents that share nothing else."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.policy()

    def policy(self, text: str = "", *, instead_of: str = "", by: str = "") -> Place:
        """Write the policy of the tests with tables added, or a line of it replaced."""
        assert instead_of in POLICY
        (self.root / "watchkeeper.toml").write_text(with_tables(text, instead_of, by), encoding="utf-8")
        return self

    def script(self, text: str, model: str = "1") -> Place:
        """Write the training of a model."""
        path = self.root / f"output/implementation/code/model_{model}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return self

    def go(self) -> None:
        """Let the trainings that wait go on."""
        (self.root / "go").touch()

    def read(self, path: str) -> str:
        return (self.root / path).read_text(encoding="utf-8")

    def desk(self, role: str = "trainer", clock: Callable[[], float] = time.time) -> Desk:
        return replace(open_desk(Workspace(self.root), Role(role), who=f"{role} of the test"), clock=clock)

    def runs(self) -> list[Run]:
        return self._asked(lambda record: record.runs())

    def findings(self) -> list[Finding]:
        return self._asked(lambda record: record.findings())

    def reports(self) -> list[Report]:
        return self._asked(lambda record: record.reports())

    def verdicts(self) -> list[Verdict]:
        return self._asked(lambda record: record.verdicts())

    def entries(self) -> list[Entry]:
        return self._asked(lambda record: record.entries())

    def searches(self, model: str) -> list[Search]:
        return self._asked(lambda record: record.searches(model))

    def _asked(self, question: Callable[[Ledger], list[R]]) -> list[R]:
        desk = self.desk()
        try:
            return question(desk.ledger)
        finally:
            desk.ledger.close()

    def ends(self, run: str) -> None:
        """Wait for the end of a run without letting any server look at it.

        Its exit record is written twice: a poll in between still waits for what the main process left behind.
        """
        folder = self.root / ".watchkeeper/runs" / run
        until(lambda: (folder / "exit.json").exists() and judge(read_facts(folder)).settled, f"{run} ends")

    def says(self, log: str, word: str) -> None:
        """Wait until a log says a word."""
        path = self.root / log
        until(lambda: path.exists() and word in path.read_text("utf-8", "replace"), f"{log} says {word}")

    def ending(self, run: str) -> RunEnded:
        """Return how a run ended, as it is on record."""
        end = self.recorded(run).end
        assert end is not None, f"{run} has not ended"
        return end

    def recorded(self, run: str) -> Run:
        """Return what is on record of a run."""
        return next(one for one in self.runs() if one.id == run)

    @asynccontextmanager
    async def agent(
        self, role: str, clock: Callable[[], float] = time.time, client: Implementation | None = ME
    ) -> AsyncGenerator[Agent]:
        """Give an agent whose server lives in this process: real MCP messages, no wire."""
        desk = self.desk(role, clock)
        try:
            async with Client(build(desk, TOOLS, load(), version()), client_info=client) as connected:
                yield Agent(connected)
        finally:
            desk.ledger.close()

    def trainer(self) -> AbstractAsyncContextManager[Agent]:
        return self.agent("trainer")

    def director(self) -> AbstractAsyncContextManager[Agent]:
        return self.agent("director")

    @asynccontextmanager
    async def served(self, role: str = "trainer", mode: Mode = "auto") -> AsyncGenerator[Agent]:
        """Give an agent with a server process of its own, a warm one, over standard input and output."""
        arguments = [*COLD[1:], "--workspace", str(self.root), "serve", "--role", role]
        parameters = StdioServerParameters(command=COLD[0], args=arguments)
        async with AsyncExitStack() as stack:
            with warm_servers() as started:
                client = await stack.enter_async_context(Client(parameters, mode=mode, client_info=ME))
            (server,) = started
            yield Agent(client, psutil.Process(server.pid))


def merge(told: dict[str, Facts], findings: Sequence[Facts]) -> None:
    """Add findings to those that were told before: lines are told once, the rest may have moved."""
    for one in findings:
        before = told.get(one["id"], {})
        untrusted = {**before.get("untrusted", {}), **one.get("untrusted", {})}
        told[one["id"]] = {**before, **one, **({"untrusted": untrusted} if untrusted else {})}


def kill(process: psutil.Process) -> None:
    """End a process by SIGKILL and wait until it is gone."""
    os.kill(process.pid, signal.SIGKILL)
    psutil.wait_procs([process], timeout=HANG_S)
