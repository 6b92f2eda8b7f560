"""A place to train in for each test of the tools, and the proof that no process of the test outlives it."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import gc
import json
import os
import signal
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from .limits import examples
from .runtime.keeper.helpers import end_processes_of, none_of, until

if TYPE_CHECKING:  # the process that hands out the tests to others needs none of the server
    from .play import Place

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what runs in its background so, and children would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)

HERE = Path(__file__).parent
FAILED = pytest.StashKey[bool]()
NAME_CHARS = 100
"""How much of a text that a test is given stands in the test's name."""
TRAINING = frozenset({"nothing_left", "sampled", "plain", "wire", "shared", "noisy", "shared_head", "shared_cluster"})
"""Fixtures of tests that train, sample or serve; `make check` leaves these tests out."""

# How long an example takes, or how long it takes to think of one, is no verdict.
settings.register_profile(
    "tests", max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tests")


TRAINING_FOLDERS = ("agents", "runtime/probe", "runtime/witness")
"""Their tests train in processes of their own, whatever fixtures they ask for."""
SHARED = ("sampled", "plain", "shared", "drawn", "plays")
"""Fixtures that are expensive to make: the tests that ask for one run in one process, one after the other."""
IMPORTED_ONCE = {"analysis/artefacts": "sampled", "interfaces/commands": "warm"}
"""Folders whose quick tests run in one process, by its group: it imports SciPy, HDF5 and pyarrow; a warm command."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without looking for rubbish: what is made lives to the end, and is not looked through again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Let one process at a time collect a file: the first compiles it, and what it imports, for the others.

    All processes of pytest-xdist collect the same files in the same order; in a fresh clone each would compile them.
    """
    if not (isinstance(collector, pytest.Module) and "PYTEST_XDIST_WORKER" in os.environ):
        return (yield)
    with collector.path.open("rb") as file:
        with contextlib.suppress(OSError):  # where the file system knows no locks, each compiles for itself
            fcntl.flock(file, fcntl.LOCK_EX)
        return (yield)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name a test after the beginning of a long text: whole ones make 7 MB of names, sent from process to process."""
    if isinstance(val, str | bytes) and len(val) > NAME_CHARS:
        return f"{str(val[:NAME_CHARS], 'latin-1') if isinstance(val, bytes) else val[:NAME_CHARS]}~{len(val)}"
    return None


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist, which reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        asked = set(item.fixturenames) if isinstance(item, pytest.Function) else set[str]()
        folder, _, _ = (name := _name(item.path)).rpartition("/")
        trains = TRAINING & asked or folder in TRAINING_FOLDERS
        if trains:
            item.add_marker(pytest.mark.training)
        for name in asked.intersection(SHARED):
            item.add_marker(pytest.mark.xdist_group(name))
        if not (trains or item.get_closest_marker("xdist_group")):
            # One process imports and compiles what a file of quick tests needs, and pytest-xdist, which goes through
            # all groups after each test, has hundreds of them and not thousands.
            item.add_marker(pytest.mark.xdist_group(IMPORTED_ONCE.get(folder, name)))


@functools.cache
def _name(path: Path) -> str:
    """Return a file of tests as its groups are named: `analysis/logs/test_corpus`."""
    return path.relative_to(HERE).with_suffix("").as_posix()


@pytest.fixture(scope="session", autouse=True)
def schemas_checked_once() -> Iterator[None]:
    """Let the SDK's client check the schema of a tool once: each of its sessions would do it anew, dear as a call."""
    from jsonschema import Draft202012Validator

    check = Draft202012Validator.check_schema

    @functools.cache
    def checked_text(text: str) -> None:
        check(json.loads(text))

    def checked(schema: object) -> None:
        checked_text(json.dumps(schema, sort_keys=True))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Draft202012Validator, "check_schema", checked)
        yield


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
    node: pytest.Item = getattr(request, "node")  # noqa: B009  (pytest 9.1 gives it no type that pyright reads)
    ended = False
    try:
        if not node.stash.get(FAILED, False):
            ended = until(lambda: none_of(tmp_path), "the test left no process behind")
    finally:
        if not ended:
            end_processes_of(tmp_path)


@pytest.fixture
def place(tmp_path: Path, nothing_left: None) -> Place:
    from .play import Place

    return Place(tmp_path)


@pytest.fixture
def workspace(tmp_path: Path, nothing_left: None) -> Path:
    """A folder for real keepers and trainings, without a policy."""
    return tmp_path
