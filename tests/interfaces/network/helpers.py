"""Requests to an ASGI application as they stand, headers twice and all, and a real server over HTTP."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import AsyncGenerator, Generator, Iterable
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import anyio
import httpx2
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import Implementation
from starlette.types import ASGIApp, Message

from ...limits import HANG_S
from ...play import ME, Agent, Mode
from ...runtime.keeper.helpers import until

Pairs = Iterable[tuple[str, str]]
JSON = (("content-type", "application/json"), ("accept", "application/json, text/event-stream"))


@dataclass(frozen=True)
class Answer:
    """What came back; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


async def asked(
    app: ASGIApp, method: str, headers: Pairs, body: bytes = b"", path: str = "/mcp", query: bytes = b""
) -> Answer:
    """Send one request to an application and return its whole answer."""
    sent: list[Message] = []
    told = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Message:
        for message in told:
            return message
        await anyio.sleep_forever()  # a client that stays
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    pairs = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": unquote(path), "raw_path": path.encode(), "query_string": query, "root_path": "", "headers": pairs,
        "server": ("127.0.0.1", 1), "client": ("127.0.0.1", 2), "state": {},
    }  # fmt: skip
    await app(scope, receive, send)
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], found, b"".join(one.get("body", b"") for one in sent[1:]))


def call(tool: str, **arguments: object) -> bytes:
    """Return a call of a tool as a client of the older era sends it."""
    params = {"name": tool, "arguments": arguments}
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()


class Served:
    """A server process over HTTP.

    :ivar url: where MCP is served.
    :ivar tokens: the token of each role.
    """

    def __init__(self, root: Path, tokens: Path) -> None:
        arguments = ["serve", "--http", "127.0.0.1:0", "--tokens", str(tokens)]
        self._errors = tokens.with_suffix(".err")
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "watchkeeper.server", "--workspace", str(root), *arguments],
                stdin=subprocess.DEVNULL,
                stderr=errors,
            )
        self.tokens: dict[str, str] = tomllib.loads(tokens.read_text("utf-8"))
        self.url = until(self._where, "the server listens")

    def _where(self) -> str | None:
        assert self.process.poll() is None, self.errors
        words = self.errors.partition("\n")[0].split(" ")
        return words[words.index("at") + 1] if "\n" in self.errors else None

    @property
    def errors(self) -> str:
        """What it wrote to its standard error so far."""
        return self._errors.read_text("utf-8")

    @asynccontextmanager
    async def agent(
        self, role: str, mode: Mode = "auto", client: Implementation | None = ME, token: str | None = None
    ) -> AsyncGenerator[Agent]:
        """Give an agent whose client is the SDK's, over this server's socket."""
        bearer = {"Authorization": f"Bearer {token or self.tokens[role]}"}
        async with httpx2.AsyncClient(headers=bearer, timeout=httpx2.Timeout(HANG_S)) as http:
            transport = streamable_http_client(self.url, http_client=http)
            async with Client(transport, mode=mode, client_info=client) as connected:
                yield Agent(connected)


@contextmanager
def served(root: Path, tokens: Path) -> Generator[Served]:
    """Give a server process; it does not outlive the test."""
    server = Served(root, tokens)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.wait(HANG_S)
