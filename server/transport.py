"""MCP over standard input and output: bounded lines in, nothing but the protocol out, and a prompt end.

The SDK reads lines of any length into memory, and its stdio server neither ends at once on SIGTERM nor while a thread
waits for input. All state is on disk at every moment, so ending at once loses nothing.
"""

from __future__ import annotations

import io
import os
import re
import signal
import sys
from types import FrameType
from typing import Any, NoReturn, TextIO, cast

import anyio
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

LONGEST_LINE_BYTES = 1 << 20
_ENDS = 512
_ID_FIRST = re.compile(rb'^\s*\{(?:"jsonrpc":\s*"2\.0",\s*)?"id":\s*(\d+|"[^"\\]{0,100}")')
_ID_LAST = re.compile(rb'"id":\s*(\d+|"[^"\\]{0,100}")\s*\}\s*$')


class BoundedLines(io.TextIOBase):
    """Reads lines of at most 1 MiB; a longer one is dropped unread and answered with an error in its place.

    :param source: where the lines come from.
    :param reply: where the error is written.
    """

    def __init__(self, source: io.BufferedReader, reply: io.TextIOWrapper) -> None:
        self._source = source
        self._reply = reply

    def readline(self, size: int = -1, /) -> str:  # noqa: ARG002 (the signature is io's)
        """Return the next line that is short enough; empty at the end of the input."""
        while True:
            line = self._source.readline(LONGEST_LINE_BYTES + 1)
            if len(line) <= LONGEST_LINE_BYTES:
                return line.decode("utf-8", "replace")
            self._refuse(line[:_ENDS], self._skip(line))

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

    def _refuse(self, head: bytes, tail: bytes) -> None:
        found = _ID_FIRST.search(head) or _ID_LAST.search(tail)
        request = found.group(1).decode() if found else "null"
        text = "message longer than 1 MiB refused; send less in one call"
        self._reply.write(f'{{"jsonrpc":"2.0","id":{request},"error":{{"code":-32600,"message":"{text}"}}}}\n')
        self._reply.flush()


def serve(server: Server[Any]) -> NoReturn:
    """Serve one client until its input ends or a signal comes, then end the process at once."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _leave)
    wire_in, wire_out = _claimed()
    anyio.run(_serve, server, wire_in, wire_out)
    os._exit(0)  # a thread may still wait in a read or in a long look; nothing of it is needed


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    os._exit(0)


def _claimed() -> tuple[io.BufferedReader, io.TextIOWrapper]:
    """Take the two wires for the protocol alone: stray prints go to standard error, stray reads get end of file."""
    wire_in, wire_out = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return os.fdopen(wire_in, "rb"), os.fdopen(wire_out, "w", encoding="utf-8", newline="\n")


async def _serve(server: Server[Any], wire_in: io.BufferedReader, wire_out: io.TextIOWrapper) -> None:
    lines = cast("TextIO", BoundedLines(wire_in, wire_out))
    async with stdio_server(anyio.wrap_file(lines), anyio.wrap_file(wire_out)) as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())
