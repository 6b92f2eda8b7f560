"""A server over HTTP for the conformance suite: ours, with tools and prompts that the suite asks for beside our own.

Run as a program with a workspace; it prints its address. The suite cannot send a token, so each request gets one here.
"""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
from pydantic import BaseModel, PrivateAttr
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from watchkeeper.prompts import load
from watchkeeper.server.acts.desk import Desk, open_desk
from watchkeeper.server.acts.toolbox import Tool
from watchkeeper.server.interfaces.commands.cli import version
from watchkeeper.server.interfaces.commands.serving import brief
from watchkeeper.server.interfaces.mcp.app import build
from watchkeeper.server.interfaces.mcp.streamable import PATH, Endpoint
from watchkeeper.server.interfaces.network import address, process
from watchkeeper.server.interfaces.network.guard import Bearer, ExactNames
from watchkeeper.server.interfaces.network.tokens import Tokens
from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.vocabulary.errors import Refused
from watchkeeper.server.vocabulary.runs import Role
from watchkeeper.tools import TOOLS

TOKEN = "t" * 40
HEARTBEAT_S = 0.05
BEGUN: dict[str, float] = {}
"""When a computation with this label was first asked for."""


class Said(BaseModel):
    """What a tool says; `in_vain` as of a poll."""

    text: str
    _in_vain: bool = PrivateAttr(default=False)

    @property
    def in_vain(self) -> bool:
        return self._in_vain

    @classmethod
    def nothing_yet(cls) -> Said:
        said = cls(text="not done yet")
        said._in_vain = True
        return said


async def test_simple_text(desk: Desk) -> Said:
    """Say something."""
    return Said(text="This is a simple text response for testing.")


async def test_error_handling(desk: Desk) -> Said:
    """Refuse."""
    raise Refused("This tool intentionally returns an error for testing")


async def greet(desk: Desk, name: str) -> Said:
    """Greet somebody; never a task."""
    return Said(text=f"Hello, {name}!")


async def slow_compute(desk: Desk, seconds: float, label: str = "", wait_s: float = 60.0) -> Said:
    """Take some seconds; a task where the client knows them."""
    return Said(text=f"done after {seconds:g} s") if await worked(label, seconds, wait_s) else Said.nothing_yet()


async def failing_job(desk: Desk, wait_s: float = 60.0) -> Said:
    """Fail after a second."""
    if not await worked("failing_job", 1.0, wait_s):
        return Said.nothing_yet()
    raise Refused("the job failed")


async def test_tool_with_progress(desk: Desk) -> Said:
    """Take some beats of this server's heart."""
    await anyio.sleep(8 * HEARTBEAT_S)
    return Said(text="done")


async def worked(label: str, seconds: float, wait_s: float) -> bool:
    """Wait for the end of some work, which begins when it is first asked for; whether it came."""
    begun = BEGUN.setdefault(label, time.monotonic())
    left_s = begun + seconds - time.monotonic()
    await anyio.sleep(min(max(left_s, 0.0), wait_s))
    if left_s > wait_s:
        return False
    BEGUN.pop(label, None)
    return True


FIXTURES = tuple(
    Tool(one, one.__name__, Said, frozenset(Role))
    for one in (test_simple_text, test_error_handling, test_tool_with_progress, greet, slow_compute, failing_job)
)


@dataclass(frozen=True)
class Told:
    """A prompt that the suite asks for."""

    name: str
    text: str
    arguments: Mapping[str, str] = field(default_factory=dict[str, str])
    description: str = "for the suite"
    role: str = Role.TRAINER
    optional: Mapping[str, str] = field(default_factory=dict[str, str])

    def filled(self, values: dict[str, str]) -> str:
        return self.text.format(**values)


PROMPTS = (
    Told("test_simple_prompt", "This is a simple prompt for testing."),
    Told(
        "test_prompt_with_arguments",
        "Prompt with arguments: arg1='{arg1}', arg2='{arg2}'",
        {"arg1": "the first", "arg2": "the second"},
    ),
)


class WithToken:
    """Gives each request the trainer's token, behind the check of its names."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        bearer = (b"authorization", f"Bearer {TOKEN}".encode())
        await self._app({**scope, "headers": [*scope["headers"], bearer]}, receive, send)


def main() -> None:
    desk = open_desk(Workspace(Path(sys.argv[1])), Role.TRAINER, who="the conformance suite")
    tools, prompts = (*TOOLS, *FIXTURES), (*load(), *PROMPTS)
    endpoint = Endpoint({Role.TRAINER: build(desk, tools, prompts, version(), brief=brief, heartbeat_s=HEARTBEAT_S)})

    @asynccontextmanager
    async def running(_app: Starlette) -> AsyncGenerator[None]:
        async with endpoint.running():
            yield

    listening = address.listening(address.Address("127.0.0.1", 0))
    here = address.Address("127.0.0.1", listening.getsockname()[1])
    guarded = WithToken(Bearer(endpoint, Tokens({Role.TRAINER: TOKEN})))
    names = Middleware(ExactNames, names=address.names(here, []))
    app = Starlette(routes=[Route(PATH, guarded)], middleware=[names], lifespan=running)
    sys.stdout.write(f"http://{here.shown}{PATH}\n")
    sys.stdout.flush()
    process.serve(app, listening, lambda: None)


if __name__ == "__main__":
    main()
