"""The process that serves HTTP: an application, a socket, and an end in which what waits is still answered."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
from collections.abc import Callable, Generator
from typing import NoReturn

import anyio
import uvicorn
from anyio.abc import TaskStatus
from starlette.types import ASGIApp

MOST_CONNECTIONS = 512
"""Beyond these uvicorn answers 503 itself: what opens connections and says nothing must not eat all descriptors."""
LARGEST_HEAD_BYTES = 32 << 10
TIDY_S = 10
"""Seconds that open requests get at the end; polls answer at once, a look at a long log takes up to five seconds."""
_ENDS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def serve(
    app: ASGIApp, listening: socket.socket, closing: Callable[[], None], telling: Callable[[], None] = lambda: None
) -> NoReturn:
    """Serve until a signal comes, let open requests answer, and end the process with 0.

    :param closing: is called once, in the event loop, when the end begins: what waits shall answer now.
    :param telling: is called once signals are heard: whoever reads the address there may end the process at once.
    """
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        h11_max_incomplete_event_size=LARGEST_HEAD_BYTES,
        timeout_graceful_shutdown=TIDY_S,
    )
    anyio.run(_serve, _Server(config), listening, closing, telling)
    sys.stderr.flush()
    os._exit(0)  # a thread may still be in a long look; nothing of it is needed


class _Server(uvicorn.Server):
    """uvicorn, but for signals: they are ours, so that what waits is told before connections are closed."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


async def _serve(
    server: _Server, listening: socket.socket, closing: Callable[[], None], telling: Callable[[], None]
) -> None:
    async with anyio.create_task_group() as tasks:
        await tasks.start(_end_on_signal, server, closing)
        telling()
        await server.serve(sockets=[listening])
        tasks.cancel_scope.cancel()


async def _end_on_signal(
    server: _Server, closing: Callable[[], None], *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED
) -> None:
    """Begin the end at the first signal; at the second, end at once.

    What is ignored since before us stays so: `nohup` asks for a server that goes on when its terminal is closed.
    """
    heard = (one for one in _ENDS if signal.getsignal(one) is not signal.SIG_IGN)
    with anyio.open_signal_receiver(*heard) as signals:
        task_status.started()
        async for _ in signals:
            if server.should_exit:
                os._exit(1)
            closing()
            server.should_exit = True
