"""Requests to an ASGI application as they stand, headers twice and all, and a real server over HTTP."""

from __future__ import annotations

import json
import tomllib
from collections.abc import AsyncGenerator, Generator, Iterable, Sequence
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
from ...warm import Begun

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

    :ivar process: the command. :ivar url: where MCP is served.
    :ivar tokens: the token of each role.
    """

    def __init__(self, process: Begun, tokens: Path) -> None:
        self.process = process
        self.tokens: dict[str, str] = tomllib.loads(tokens.read_text("utf-8"))
        self.url = until(self._where, "the server listens")

    def _where(self) -> str | None:
        assert self.process.status is None, self.process.err
        first, newline, _ = self.process.err.partition("\n")
        words = first.split(" ")
        return words[words.index("at") + 1] if newline else None

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
def served(root: Path, tokens: Path, ignored: Sequence[int] = ()) -> Generator[Served]:
    """Give a server process, which ignores some signals from its beginning; it does not outlive the test."""
    words = ("serve", "--http", "127.0.0.1:0", "--tokens", str(tokens))
    with Begun("--workspace", str(root), *words, ignored=ignored) as process:
        yield Served(process, tokens)
