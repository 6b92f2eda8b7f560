"""Where an agent sits: an MCP client with a server process of its own, over standard input and output."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import anyio
import psutil
from anyio.abc import TaskGroup, TaskStatus
from mcp import StdioServerParameters
from mcp.client import Client
from mcp.shared.exceptions import MCPError
from mcp_types import Implementation
from pydantic import JsonValue

from ...vocabulary.errors import WatchkeeperError
from .abstracting import facts_of
from .schema import Header

Era = Literal["auto", "legacy"]
CONNECTS_WITHIN_S = 30.0
_ME = Implementation(name="watchkeeper-replay", version="1")


class ServerGone(WatchkeeperError):
    """The server of an agent did not come up, or ended while it was asked."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call came to: its structured content (of a plot, which has none, the facts of its text), and its text.

    An error has no content.
    """

    content: JsonValue
    text: str
    is_error: bool


class _Seat:
    """One connection, held open by a task of its own until somebody leaves it."""

    def __init__(self, parameters: StdioServerParameters, era: Era) -> None:
        self._parameters = parameters
        self._era: Era = era
        self._client: Client | None = None
        self._server: psutil.Process | None = None
        self._came_up = False
        self._leave = anyio.Event()
        self._left = anyio.Event()

    async def hold(self, *, task_status: TaskStatus[None]) -> None:
        before = set(psutil.Process().children())
        try:
            async with Client(self._parameters, mode=self._era, client_info=_ME) as self._client:
                self._server = next((one for one in psutil.Process().children() if one not in before), None)
                self._came_up = True
                task_status.started()
                await self._leave.wait()
        except Exception:
            if not self._came_up:
                raise
            # A server that was killed makes leaving noisy; the next call finds out that it is gone.
        finally:
            self._left.set()

    async def call(self, tool: str, arguments: dict[str, Any]) -> Answer:
        assert self._client is not None  # noqa: S101 (a seat is handed out once its client is there)
        result = await self._client.call_tool(tool, arguments)
        text = "\n".join(getattr(block, "text", "") for block in result.content)
        content = cast("JsonValue", result.structured_content)
        if content is None and not result.is_error:
            content = facts_of(text)
        return Answer(content, text, bool(result.is_error))

    async def kill(self) -> None:
        if self._server is None:
            raise ServerGone("The server's process could not be made out, so it was not killed.")
        self._server.kill()
        await self.leave()

    async def leave(self) -> None:
        self._leave.set()
        await self._left.wait()


class Seats:
    """The agents of a transcript; each is seated when it makes its first call, and again after its server was killed.

    :param group: where the connections are held open; it outlives every call.
    """

    def __init__(self, group: TaskGroup, root: Path, header: Header, era: Era) -> None:
        self._group = group
        self._root = root
        self._header = header
        self._era: Era = era
        self._taken: dict[str, _Seat] = {}
        self._one_at_a_time = anyio.Lock()

    async def call(self, agent: str, tool: str, arguments: dict[str, Any]) -> Answer:
        """Call a tool as an agent.

        :raises ServerGone: its server did not come up or ended meanwhile.
        """
        seat = await self._seated(agent)
        try:
            return await seat.call(tool, arguments)
        except (MCPError, anyio.ClosedResourceError, anyio.BrokenResourceError) as error:
            raise ServerGone(f"The server of {agent} did not answer: {error}.") from error

    async def kill(self, agent: str) -> None:
        """End an agent's server by SIGKILL; does nothing when it has none."""
        async with self._one_at_a_time:
            if agent in self._taken:
                await self._taken.pop(agent).kill()

    async def leave(self) -> None:
        """Close every connection; its server ends by that."""
        while self._taken:
            await self._taken.popitem()[1].leave()

    async def _seated(self, agent: str) -> _Seat:
        async with self._one_at_a_time:  # so that the new child of this process is the one that was just started
            if agent not in self._taken:
                seat = _Seat(self._parameters(agent), self._era)
                try:
                    with anyio.fail_after(CONNECTS_WITHIN_S):
                        await self._group.start(seat.hold)
                except Exception as error:  # the SDK raises groups of what its tasks raise
                    raise ServerGone(f"The server of {agent} did not come up: {_first(error)}.") from error
                self._taken[agent] = seat
            return self._taken[agent]

    def _parameters(self, agent: str) -> StdioServerParameters:
        role = self._header.agents[agent].value
        words = ["-P", "-m", "watchkeeper.server", "--workspace", str(self._root), "serve", "--role", role]
        return StdioServerParameters(command=sys.executable, args=words, env=dict(self._header.env))


def _first(error: BaseException) -> BaseException:
    """Return the first error in a group of groups."""
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseException", error.exceptions[0])
    return error
