"""A real server process with raw JSON-RPC on its wires, as a client sees it that knows nothing of the SDK."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .limits import HANG_S, LONG_S

MODERN = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "raw", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}

Message = dict[str, Any]


def server_command(workspace: Path, role: str = "trainer") -> list[str]:
    """Return how a client launches a server."""
    return [sys.executable, "-P", "-m", "watchkeeper.server", "--workspace", str(workspace), "serve", "--role", role]


class Wire:
    """The client's end of a server process. Use it as a context manager; it leaves no process behind.

    :ivar lines: everything that the server wrote to its standard output, line by line.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
        )
        self.lines: list[str] = []
        self._errors: list[str] = []
        self._answers: queue.Queue[Message | None] = queue.Queue()
        self._kept: list[Message] = []
        self._next_id = 0
        self._modern = False
        self._readers = [threading.Thread(target=self._read), threading.Thread(target=self._read_errors)]
        for reader in self._readers:
            reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait(HANG_S)
        for reader in self._readers:
            reader.join(HANG_S)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe:
                pipe.close()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.decode())
            try:
                self._answers.put(json.loads(line))
            except ValueError:
                self._answers.put({"no json": line.decode()})
        self._answers.put(None)

    def _read_errors(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self._errors.append(line.decode(errors="replace"))

    @property
    def errors(self) -> str:
        """What the server wrote to its standard error so far."""
        return "".join(self._errors)

    def send_bytes(self, data: bytes) -> None:
        assert self.process.stdin
        view = memoryview(data)
        while view:
            view = view[self.process.stdin.write(view) or 0 :]

    def send(self, message: Message) -> None:
        self.send_bytes(json.dumps(message).encode() + b"\n")

    def close_input(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()

    def request(self, method: str, params: Message | None = None) -> int:
        """Send a request and return its id without waiting."""
        self._next_id += 1
        content = dict(params or {})
        if self._modern:
            content["_meta"] = {**MODERN, **content.get("_meta", {})}
        self.send({"jsonrpc": "2.0", "id": self._next_id, "method": method, "params": content})
        return self._next_id

    def answer_to(self, request: int | str | None) -> Message:
        """Wait for the answer to a request; other messages are kept for later."""
        return self.message(lambda one: "method" not in one and one.get("id") == request)

    def message(self, wanted: Callable[[Message], bool]) -> Message:
        """Wait for the first message that fits; others are kept for later."""
        for place, one in enumerate(self._kept):
            if wanted(one):
                return self._kept.pop(place)
        deadline = time.monotonic() + HANG_S
        while True:
            one = self._answers.get(timeout=max(0.01, deadline - time.monotonic()))
            if one is None:
                raise AssertionError(f"the server ended: {self.errors}")
            if wanted(one):
                return one
            self._kept.append(one)

    def ask(self, method: str, params: Message | None = None) -> Message:
        """Send a request and wait for its answer."""
        return self.answer_to(self.request(method, params))

    def call(self, tool: str, **arguments: object) -> Message:
        """Call a tool and return its result."""
        return self.ask("tools/call", {"name": tool, "arguments": arguments})["result"]

    def refused(self, tool: str, **arguments: object) -> str:
        """Call a tool that shall refuse, and return what it says."""
        result = self.call(tool, **arguments)
        assert result["isError"] is True
        assert "structuredContent" not in result
        return result["content"][0]["text"]

    def hello(self, era: str = "initialize") -> Message:
        """Open the connection in the old or the new way and return what the server tells about itself."""
        if era == "server/discover":
            self._modern = True
            return self.ask(era)["result"]
        client = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}
        result = self.ask("initialize", client)["result"]
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return result

    def waiting_poll(self, wait_s: float = LONG_S, **meta: object) -> int:
        """Send a poll that has nothing to tell and return its id as soon as the server is waiting in it."""
        cursor = self.call("poll_training", wait_s=0)["structuredContent"]["cursor"]
        params: Message = {"name": "poll_training", "arguments": {"cursor": cursor, "wait_s": wait_s}}
        if meta:
            params["_meta"] = meta
        request = self.request("tools/call", params)
        self.call("poll_training", wait_s=0)  # answered after the other one was taken up
        return request

    def end(self) -> int:
        """Wait for the process to end and return its status."""
        return self.process.wait(HANG_S)
