"""A place to train in for each test of the tools, and the proof that no process of the test outlives it."""

from __future__ import annotations

import signal
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from .play import Place
from .runtime.keeper.helpers import end_processes_of, processes_of, until

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what runs in its background so, and children would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)

FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def nothing_left(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[None]:
    """Wait for the end of what the test began; what a failed test could not end any more is ended for it."""
    yield
    try:
        if not request.node.stash.get(FAILED, False):
            until(lambda: not processes_of(tmp_path), "the test left no process behind")
    finally:
        end_processes_of(tmp_path)


@pytest.fixture
def place(tmp_path: Path, nothing_left: None) -> Place:
    return Place(tmp_path)


@pytest.fixture
def workspace(tmp_path: Path, nothing_left: None) -> Path:
    """A folder for real keepers and trainings, without a policy."""
    return tmp_path
