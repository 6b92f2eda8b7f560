"""Warm servers for the SDK's own client: within `warm_servers` it gets one forked where it asks for one over stdio.

The client, its messages, the pipes and the server's process are real; the server's imports were done before.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from multiprocessing.connection import Connection
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals
from typing import Any, TextIO, cast

import anyio
from anyio.abc import ByteReceiveStream, ByteSendStream, Process

from . import warm
from .warm import COLD

_started: ContextVar[list[Process] | None] = ContextVar("started", default=None)


@contextmanager
def warm_servers() -> Generator[list[Process]]:
    """Fork the servers that tasks started within it launch; give those that were."""
    warm.ready()
    _installed()
    started = list[Process]()
    before = _started.set(started)
    try:
        yield started
    finally:
        _started.reset(before)


@functools.cache
def _installed() -> None:
    """Put ourselves where the SDK asks for processes; whoever is not within `warm_servers` gets what he got before."""
    cold = anyio.open_process

    async def opened(command: Sequence[str], **how: Any) -> Process:
        started = _started.get()
        if started is None or tuple(command[: len(COLD)]) != COLD:
            return await cold(command, **how)
        assert how.keys() == {"env", "stderr", "cwd", "start_new_session"}, how
        started.append(WarmServer(tuple(command[len(COLD) :]), how["env"], how["stderr"], how["cwd"] or Path.cwd()))
        return started[-1]

    setattr(anyio, "open_process", opened)  # noqa: B010 (a stand-in for one of many signatures)


class WarmServer(Process):
    """A server process and the client's ends of its pipes, as `anyio.open_process` gives them.

    :param errors: the file of its standard error.
    """

    def __init__(self, words: tuple[str, ...], environment: Mapping[str, str], errors: TextIO, folder: object) -> None:
        to_read, to_write, mine = *warm.CONTEXT.Pipe(duplex=False), os.dup(errors.fileno())
        from_it, its = warm.CONTEXT.Pipe(duplex=False)
        theirs = [to_read, its, Connection(mine, readable=False)]
        self._forked = warm.forked(words, theirs, str(folder), environment)
        for one in theirs:
            one.close()
        self._pid, self._status = cast("int", self._forked.pid), cast("int | None", None)
        self._stdin, self._stdout = _Sends(to_write), _Receives(from_it)

    @property
    def stdin(self) -> ByteSendStream:
        return self._stdin

    @property
    def stdout(self) -> ByteReceiveStream:
        return self._stdout

    @property
    def stderr(self) -> None:
        return None

    @property
    def pid(self) -> int:
        return self._pid

    @property
    def returncode(self) -> int | None:
        if self._status is None and (status := self._forked.exitcode) is not None:
            self._status = status
            self._forked.close()
        return self._status

    async def wait(self) -> int:
        while (status := self.returncode) is None:  # noqa: ASYNC110 (the SDK looks so as well)
            await anyio.sleep(0.01)
        return status

    def send_signal(self, signal: Signals) -> None:
        if self.returncode is None:
            os.kill(self._pid, signal)

    def terminate(self) -> None:
        self.send_signal(SIGTERM)

    def kill(self) -> None:
        self.send_signal(SIGKILL)

    async def aclose(self) -> None:
        with anyio.CancelScope(shield=True):
            await self._stdin.aclose()
            self.kill()
            await self.wait()
            await self._stdout.aclose()


class _Sends(ByteSendStream):
    def __init__(self, end: Connection) -> None:
        self._end = end
        os.set_blocking(end.fileno(), False)

    async def send(self, item: bytes) -> None:
        view = memoryview(item)
        while view:
            if self._end.closed:
                raise anyio.ClosedResourceError
            try:
                view = view[os.write(self._end.fileno(), view) :]
            except BlockingIOError:
                await anyio.wait_writable(self._end.fileno())
            except OSError as error:
                raise anyio.BrokenResourceError from error

    async def aclose(self) -> None:
        _close(self._end)


class _Receives(ByteReceiveStream):
    def __init__(self, end: Connection) -> None:
        self._end = end

    async def receive(self, max_bytes: int = 65536) -> bytes:
        if self._end.closed:
            raise anyio.ClosedResourceError
        await anyio.wait_readable(self._end.fileno())
        if data := os.read(self._end.fileno(), max_bytes):
            return data
        raise anyio.EndOfStream

    async def aclose(self) -> None:
        _close(self._end)


def _close(end: Connection) -> None:
    if not end.closed:
        anyio.notify_closing(end.fileno())
        end.close()
