"""Servers that cost no start: a process that has imported everything forks one for each act, on pipes of its own.

What such a server does is what `watchkeeper serve` does, from the command line on; only its imports were done before.
The process that forks must have one thread, so this is for scripts (`python -m tests.torture.kill_servers`), not for
pytest.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import psutil
import watchkeeper.tools
from watchkeeper.server.interfaces.commands import cli
from watchkeeper.server.interfaces.mcp import thin_sdk

Facts = dict[str, Any]
META: Facts = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "kills", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
ROOMS = ("vocabulary", "analysis", "documents", "storage", "acts", "interfaces.mcp", "interfaces.commands")
NO_THREADS = {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}
"""Libraries that start threads when they are imported are told not to."""
ELSEWHERE = ("http_service", "ui", "__main__")
"""Modules of other doors, which a server over standard input and output never imports."""
READ_ELSEWHERE = "watchkeeper.server.analysis.artefacts."
"""What these import (SciPy and xarray, 2.6 of 3.4 s) only the confined process that reads a file needs; those that a
server needs itself come with the other rooms."""


def load() -> None:
    """Import all that a server may import while it serves, and see that this process has one thread still."""
    before = dict(os.environ)
    os.environ |= NO_THREADS
    thin_sdk.thin()
    for room in ROOMS:
        package = importlib.import_module(f"watchkeeper.server.{room}")
        for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if one.name.rpartition(".")[2] not in ELSEWHERE and not one.name.startswith(READ_ELSEWHERE):
                importlib.import_module(one.name)
    for one in pkgutil.walk_packages(watchkeeper.tools.__path__, "watchkeeper.tools."):
        importlib.import_module(one.name)
    anyio.run(anyio.sleep, 0)  # the event loop's own modules
    os.environ.clear()
    os.environ.update(before)
    assert len(os.listdir("/proc/self/task")) == 1, "what has threads cannot be forked as it is"
    gc.collect()
    gc.freeze()


class Forked:
    """A server process of one workspace and role, and the client's end of its pipes.

    :param armed: what `failpoint.c` shall do in it, where it stands before this process.
    :ivar status: how it ended, as wait() gives it; 9 (SIGKILL) unless it had ended by itself.
    """

    def __init__(self, workspace: Path, role: str, errors: Path, armed: dict[str, str] | None = None) -> None:
        to_read, self._to_write = os.pipe2(os.O_CLOEXEC)
        self._to_read, to_write = os.pipe2(os.O_CLOEXEC)
        self._asked, self._rest, self.status = 0, b"", 0
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            _serve(workspace, role, to_read, to_write, errors, armed)
        os.close(to_read)
        os.close(to_write)

    def ask(self, tool: str, arguments: Facts) -> None:
        """Send a call; a server that has gone is noticed when its answer is waited for."""
        self._asked += 1
        params = {"name": tool, "arguments": arguments, "_meta": META}
        message = {"jsonrpc": "2.0", "id": self._asked, "method": "tools/call", "params": params}
        with suppress(BrokenPipeError):
            os.write(self._to_write, json.dumps(message).encode() + b"\n")

    def answer(self, within_s: float) -> Facts | None:
        """Return the result of the last call; None if it did not come in time, or its server ended."""
        deadline = time.monotonic() + within_s
        while (left_s := deadline - time.monotonic()) > 0:
            line, newline, rest = self._rest.partition(b"\n")
            if newline:
                self._rest = rest
                found = json.loads(line)
                if found.get("id") == self._asked:
                    return found.get("result") or {"isError": True, "content": [{"text": str(found["error"])}]}
                continue
            if select.select([self._to_read], [], [], left_s)[0]:
                data = os.read(self._to_read, 1 << 16)
                if not data:
                    return None
                self._rest += data
        return None

    def kill(self, *, tree: bool = False) -> None:
        """End it by SIGKILL, with `tree` also all that it started and did not let go, and reap it."""
        children = psutil.Process(self.pid).children(recursive=True) if tree else []
        os.kill(self.pid, signal.SIGKILL)
        for one in children:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        self.status = os.waitpid(self.pid, 0)[1]
        os.close(self._to_read)
        os.close(self._to_write)


def _serve(workspace: Path, role: str, to_read: int, to_write: int, errors: Path, armed: dict[str, str] | None) -> None:
    """Become the server. Never returns."""
    status = 1
    try:
        os.setsid()  # as the SDK's client launches one
        told = os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for source, target in ((to_read, 0), (to_write, 1), (told, 2)):
            os.dup2(source, target)
        os.closerange(3, 256)
        if armed:
            os.environ |= armed
            ctypes.CDLL(None).wk_arm()
        status = cli.main(["--workspace", str(workspace), "serve", "--role", role])
    finally:
        os._exit(status)
