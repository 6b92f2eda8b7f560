"""MCP over standard input and output: bounded lines in, nothing but the protocol out, and a prompt end.

The SDK reads lines of any length into memory, says nothing about those it cannot read, and its stdio server ends at
once neither on SIGTERM nor while a thread waits for input. All state is on disk at every moment: ending loses nothing.
"""

from __future__ import annotations

import io
import os
import re
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, NoReturn, TextIO, cast

import anyio
import mcp_types as types
from mcp.server.context import CallNext, HandlerResult
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

from . import escaped

LONGEST_LINE_BYTES = 1 << 20
_TOO_LONG = "message longer than 1 MiB refused, nothing was done; send less in one call"
_UNREADABLE = "no JSON-RPC message, nothing was done: the JSON is broken or half of a surrogate pair stands in it"
_ENDS = 512
_LISTS = {"tools/list", "prompts/list", "resources/list", "resources/templates/list"}
_OF_A_START = _LISTS | {"initialize", "server/discover", "notifications/initialized", "ping"}
"""What clients ask before they do anything, many of them all lists at once; the rest of a start may follow these."""
REST_S = 1.0
"""How long the rest waits for a client that asks for nothing more."""
_TEXT_MEMBERS = rb'(?:"[a-z]{1,10}"\s*:\s*"[^"\\]{0,100}"\s*,\s*)*'
_ID = rb'"id"\s*:\s*(-?\d{1,18}|"[^"\\]{0,100}")'
_ID_FIRST = re.compile(rb"^\s*\{\s*" + _TEXT_MEMBERS + _ID + rb"\s*[,}]")
_ID_LAST = re.compile(_ID + rb"\s*\}\s*$")


class ReadableLines(io.TextIOBase):
    """Reads lines that are messages of at most 1 MiB; others are answered with an error in their place.

    The SDK would drop what it cannot read in silence, and a client that waits for that answer would wait for ever.

    :param source: where the lines come from.
    :param reply: where the error is written.
    """

    def __init__(self, source: io.BufferedReader, reply: WholeWrites) -> None:
        self._source = source
        self._reply = reply

    def readline(self, size: int = -1, /) -> str:  # noqa: ARG002 (the signature is io's)
        """Return the next line that the SDK can read; empty at the end of the input."""
        while True:
            line = self._source.readline(LONGEST_LINE_BYTES + 1)
            if len(line) > LONGEST_LINE_BYTES:
                self._refuse(types.INVALID_REQUEST, _TOO_LONG, line[:_ENDS], self._skip(line))
                continue
            text = line.decode("utf-8", "replace")
            if not line or _is_message(text):
                return text
            if not text.isspace():
                self._refuse(types.PARSE_ERROR, _UNREADABLE, line[:_ENDS], line[-_ENDS:])

    def __next__(self) -> str:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def _skip(self, line: bytes) -> bytes:
        """Read the rest of a line away and return its last bytes."""
        tail = line[-_ENDS:]
        while not line.endswith(b"\n"):
            line = self._source.readline(LONGEST_LINE_BYTES)
            if not line:
                break
            tail = (tail + line[-_ENDS:])[-_ENDS:]
        return tail

    def _refuse(self, code: int, text: str, head: bytes, tail: bytes) -> None:
        """Answer with an error; with the id null, as JSON-RPC 2.0 (5.1) wants it, where none can be made out."""
        found = _ID_FIRST.search(head) or _ID_LAST.search(tail)
        request = found.group(1).decode("utf-8", "replace") if found else "null"
        self._reply.write(f'{{"jsonrpc":"2.0","id":{request},"error":{{"code":{code},"message":"{text}"}}}}\n')


def _is_message(text: str) -> bool:
    """Whether the SDK can read a line."""
    try:
        types.jsonrpc_message_adapter.validate_json(text, by_name=False)
    except ValueError:
        return False
    return True


class WholeWrites(io.TextIOBase):
    """Writes text so that two threads never mix their lines: the SDK's answers and our refusals share the wire."""

    def __init__(self, target: io.BufferedWriter) -> None:
        self._target = target

    def write(self, text: str, /) -> int:
        """Write a text in one piece; what UTF-8 cannot carry (a lone surrogate) becomes a question mark.

        When the client has closed its end, the process ends: nobody is left to serve.
        """
        try:
            self._target.write(text.encode("utf-8", "replace"))  # a BufferedWriter serialises its callers
            self._target.flush()
        except BrokenPipeError:
            os._exit(0)
        return len(text)


class Rest:
    """What a start left for later: done once, by the thread of the event loop, before anything but a start needs it."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._left = [work]

    async def __call__(self, ctx: Any, call_next: CallNext) -> HandlerResult:  # noqa: ANN401 (the SDK's context)
        """Handle a request; this is the SDK's middleware."""
        if ctx.method not in _OF_A_START:
            self.do()
        return await call_next(ctx)

    async def later(self) -> None:
        """Do it when the client had its time for the requests of a start."""
        await anyio.sleep(REST_S)
        self.do()

    def do(self) -> None:
        """Do it, unless it is done. Where it fails the process ends: half a server would refuse call after call."""
        try:
            while self._left:
                self._left.pop()()
        except Exception as error:
            try:
                escaped.tell(error)
            finally:
                os._exit(1)


def serve(server: Server[Any], rest: Callable[[], None] = lambda: None) -> NoReturn:
    """Serve one client until its input ends or a signal comes, then end the process at once.

    :param rest: what the start left for later; called once, when the client has the tools.
    """
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _leave)
    wire_in, wire_out = _claimed()
    anyio.run(_serve, server, Rest(rest), wire_in, wire_out)
    os._exit(0)  # a thread may still wait in a read or in a long look; nothing of it is needed


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    os._exit(0)


def _claimed() -> tuple[io.BufferedReader, WholeWrites]:
    """Take the two wires for the protocol alone: stray prints go to standard error, stray reads get end of file."""
    wire_in, wire_out = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return os.fdopen(wire_in, "rb"), WholeWrites(os.fdopen(wire_out, "wb"))


async def _serve(server: Server[Any], rest: Rest, wire_in: io.BufferedReader, wire_out: WholeWrites) -> None:
    server.middleware.append(rest)
    lines = cast("TextIO", ReadableLines(wire_in, wire_out))
    async with (
        stdio_server(anyio.wrap_file(lines), anyio.wrap_file(cast("TextIO", wire_out))) as (reading, writing),
        anyio.create_task_group() as beside,
    ):
        beside.start_soon(rest.later)
        await server.run(reading, writing, server.create_initialization_options())
        beside.cancel_scope.cancel()
