"""Tool set "watchkeeper": its own tools, asked by a real MCP client over stdio, as a client starts the server."""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from common import until_unkept
from mcp import StdioServerParameters
from mcp.client import Client
from mcp_types import Implementation
from stories import SHORTEST_S
from toolset import Seen, Tally, compact

ME = Implementation(name="benchmark", version="1")
GOING_ON = ("starting", "queued", "running", "running_unattended")
POLICY = f"""profile = "research"
[python]
interpreter = "{sys.executable}"
[full]
min_hours = {SHORTEST_S / 3600:.6f}
[judge]
told_only = ["method", "iterations", "convergence", "completion diary", "completion history"]
[keeper]
sample_s = 0.1
grace_s = 0.2
[stalls]
idle_s = 0.5
busy_s = 1.0
"""
"""The usual profile, its clocks shortened as the stories are, and the minimum of time that the others know as well."""


class Kept:
    """An agent at watchkeeper's tools, as trainer; whoever asked looks at the verdict."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "watchkeeper.toml").write_text(POLICY, encoding="utf-8")
        self.tally = Tally()
        self._session = AsyncExitStack()
        self._run, self._cursor, self._failure = "", "", ""

    async def begin(self) -> None:
        serve = ["--workspace", str(self._folder), "serve", "--role", "trainer"]
        server = StdioServerParameters(
            command=sys.executable, args=["-P", "-m", "watchkeeper.server", *serve], cwd=self._folder
        )
        self._session = AsyncExitStack()
        client = Client(server, client_info=ME)
        self._client = await self._session.enter_async_context(client)
        tools = [one.model_dump(by_alias=True, exclude_none=True) for one in (await self._client.list_tools()).tools]
        taken = [{name: one[name] for name in ("name", "description", "inputSchema")} for one in tools]
        self.tally.definitions += (len(compact(taken)) + len(self._client.instructions or "")) / 4

    async def end(self) -> None:
        await self._session.aclose()
        self._run, self._cursor, self._failure = "", "", ""

    async def ask(self, tool: str, **arguments: object) -> dict[str, Any]:
        """Call a tool, count call and answer, and return the answer; a refusal is an answer under "refused"."""
        result = await self._client.call_tool(tool, arguments)
        refusal = "\n".join(getattr(block, "text", "") for block in result.content)
        answer: dict[str, Any] = result.structured_content if not result.is_error else {"refused": refusal}
        self.tally.read(tool, compact(arguments), compact(answer))
        return answer

    async def start(self, script: str) -> None:
        again = {"follows": self._run} if self._run else {}
        answer = await self.ask("start_training", model="train", phase="full", script=script, **again)
        self._run, self._cursor = answer.get("run", ""), answer.get("cursor", "")

    async def find(self) -> None:
        runs = (await self.ask("poll_training", wait_s=0)).get("runs", [])
        self._run, self._cursor = (runs[-1]["run"] if runs else ""), ""

    async def look(self, wait_s: float) -> Seen:
        if not self._run:
            return Seen("", over=True, failed=True, log=False)
        since = {"cursor": self._cursor} if self._cursor else {}
        seen = await self.ask("poll_training", run=self._run, wait_s=wait_s, **since)
        self._cursor = seen["cursor"]
        failures = [one for one in seen["findings"] if one["level"] == "failure"]
        if failures:
            self._failure = failures[0]["id"]
        over = seen["state"] not in GOING_ON
        failed = bool(failures) or (over and seen["state"] != "completed")
        return Seen("", over, failed, log=False, epoch=seen.get("metrics", {}).get("epoch", 0))

    async def inspect(self) -> Seen:
        return await self._verdict()

    async def _verdict(self) -> Seen:
        if not self._run:
            return Seen("", over=True, failed=True, log=False)
        verdict = await self.ask("verify_compute", run=self._run)
        return Seen("", over=True, failed=not verdict.get("met", False), log=False)

    async def give_up(self) -> None:
        if not self._run:
            return
        about = {"finding": self._failure} if self._failure else {}
        await self.ask("report_error", run=self._run, what_happened="The training failed; see its lines.", **about)
        await self.ask("stop_training", run=self._run, reason="it failed")

    def log_is_mine(self) -> bool:
        return False

    async def accept(self) -> Seen:
        return await self._verdict()

    async def close(self) -> None:
        if self._run:
            await self._client.call_tool("stop_training", {"run": self._run, "reason": "the story is over"})
        await self._session.aclose()
        until_unkept(self._folder)
