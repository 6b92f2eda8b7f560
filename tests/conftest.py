"""A place to train in for each test of the tools, and the proof that no process of the test outlives it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from watchkeeper.server.runtime.keeper import procfs

from .play import Place
from .runtime.keeper.helpers import processes_of, until

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what runs in its background so, and children would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    yield Place(tmp_path)
    try:
        until(lambda: not processes_of(tmp_path), "the test left no process behind", within_s=5.0)
    finally:
        for process in processes_of(tmp_path):
            procfs.send(*process, signal.SIGKILL)
