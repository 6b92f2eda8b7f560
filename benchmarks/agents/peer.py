"""Tool set "backburner": a real server of somebody else's for background jobs, asked by a real MCP client over stdio.

backburner-mcp (PyPI, MIT): start a shell command as a task, ask for its state, which is made of the exit status, read
the end of its output, list, cancel. Tasks are kept in SQLite and outlive the session; a server that begins calls those
"interrupted" that were running when the one before it ended.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import anyio
from mcp import StdioServerParameters
from mcp.client import Client
from mcp_types import Implementation
from stories import SHORTEST_S
from toolset import Seen, Tally, compact, end_what_works_in

ME = Implementation(name="benchmark", version="1")
TAIL, ALL = 5, 50
WORKING, COMPLETED = "working", "completed"


class Peer:
    """An agent at that server's tools. Its server is a process of the session, as clients start it."""

    def __init__(self, folder: Path, aside: Path) -> None:
        self._folder, self._aside = folder, aside
        self.tally = Tally()
        self._session = AsyncExitStack()
        self._task = ""

    async def begin(self) -> None:
        server = StdioServerParameters(
            command=sys.executable,
            args=["-P", "-m", "backburner.server"],
            env={**os.environ, "BACKBURNER_HOME": str(self._aside / "backburner")},
            cwd=self._folder,
        )
        self._session = AsyncExitStack()
        self._client = await self._session.enter_async_context(Client(server, client_info=ME))
        tools = [one.model_dump(by_alias=True, exclude_none=True) for one in (await self._client.list_tools()).tools]
        taken = [{name: one[name] for name in ("name", "description", "inputSchema")} for one in tools]
        self.tally.definitions += (len(compact(taken)) + len(self._client.instructions or "")) / 4

    async def end(self) -> None:
        await self._session.aclose()
        self._task = ""

    async def _ask(self, tool: str, **arguments: object) -> list[dict[str, Any]]:
        """Call a tool, count call and answer, and return its JSON, one object a block; nothing where it was refused."""
        result = await self._client.call_tool(tool, arguments)
        texts = [str(getattr(block, "text", "")) for block in result.content]
        self.tally.read(tool, compact(arguments), *texts)
        return [] if result.is_error else [json.loads(one) for one in texts]

    async def _told(self, lines: int) -> dict[str, Any]:
        if not self._task:
            await self._ask("list_tasks")
            return {}
        answers = await self._ask("task_result", task_id=self._task, tail_lines=lines)
        return answers[0] if answers else {}

    async def start(self, script: str) -> None:
        command = f"{shlex.quote(sys.executable)} {shlex.quote(script)}"
        (started,) = await self._ask("start_task", command=command, cwd=str(self._folder))
        self._task = started["task_id"]

    async def find(self) -> None:
        tasks = await self._ask("list_tasks")
        self._task = tasks[0]["task_id"] if tasks else ""

    async def look(self, wait_s: float) -> Seen:
        await anyio.sleep(wait_s)
        return await self._read(TAIL)

    async def _read(self, lines: int) -> Seen:
        told = await self._told(lines)
        status = told.get("status", "")
        return Seen(told.get("output", ""), status != WORKING, status not in (WORKING, COMPLETED))

    async def inspect(self) -> Seen:
        return await self._read(ALL)

    async def give_up(self) -> None:
        if self._task:
            await self._ask("cancel_task", task_id=self._task)

    def log_is_mine(self) -> bool:
        return False

    async def accept(self) -> Seen:
        told = await self._told(ALL)
        held = told.get("status") == COMPLETED and told.get("duration_seconds", 0) >= SHORTEST_S
        return Seen(told.get("output", ""), over=True, failed=not held or not (self._folder / "results.csv").exists())

    async def close(self) -> None:
        if self._task:
            await self._client.call_tool("cancel_task", {"task_id": self._task})
        await self._session.aclose()
        end_what_works_in(self._folder)  # a server ends nothing that one before it started
