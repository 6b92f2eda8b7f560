"""A workspace for each test, and the proof that no process of the test outlives it."""

from __future__ import annotations

import ctypes
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from watchkeeper.server.runtime.keeper import procfs

from .helpers import ended_children, processes_of, until

PR_SET_CHILD_SUBREAPER = 36


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    try:
        until(lambda: not processes_of(tmp_path), "the test left no process behind", within_s=3.0)
    finally:
        for process in processes_of(tmp_path):
            procfs.send(*process, signal.SIGKILL)


@pytest.fixture
def reaper() -> Iterator[None]:
    """Let the test inherit what is orphaned, so that it decides when a zombie is reaped, whatever init does here."""
    libc = ctypes.CDLL(None)
    assert libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    yield
    until(lambda: not ended_children(), "every child of the test was reaped")
    assert libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) == 0
