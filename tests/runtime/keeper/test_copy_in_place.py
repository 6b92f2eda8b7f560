"""A run that is played again sees a copy in the place of the workspace, and takes no more than it may."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from watchkeeper.server.runtime.keeper import guard, records
from watchkeeper.server.vocabulary.runs import RunState

from .helpers import Run

FORKS = "import os, time\nfor _ in range(8):\n    os.fork() or time.sleep(3600)\ntime.sleep(3600)"
GROWS = "import time\ntry:\n    bytearray(1 << 30)\nexcept MemoryError:\n    print('no room')"
WRITES = (
    "import signal\ntry:\n    open('big', 'wb').write(b'x' * (1 << 22))\nexcept OSError as e:\n    print(e.strerror)"
)


@pytest.fixture
def copy(workspace: Path) -> Path:
    """A copy of a workspace; skips where the kernel or a container allows no mount namespace, and says so."""
    copy = workspace / "state" / "copy"
    (copy / "runs").mkdir(parents=True)
    (copy / "input").write_text("of the start")
    (workspace / "input").write_text("of today")
    _, word = guard.tried(None, [], [(str(copy), str(workspace), False)])
    if word != guard.ON:
        pytest.skip(f"no mount namespace here: {word}")
    return copy


def mounted(workspace: Path, copy: Path, *more: list[str]) -> list[list[str]]:
    return [*more, [str(copy), str(workspace), "rw"]]


def test_what_it_writes_by_whichever_name_never_reaches_the_workspace(workspace: Path, copy: Path) -> None:
    inside = f"print(open('input').read())\nopen({str(workspace / 'result')!r}, 'w').write('again')\nprint('ended')"
    run = Run(workspace, inside, mounts=mounted(workspace, copy)).launch()
    assert run.ends().state is RunState.COMPLETED, run.said()
    assert run.said() == "of the start\nended\n"
    assert (copy / "result").read_text() == "again"
    assert not (workspace / "result").exists()
    assert not run.record(records.EXIT)["seal"], "nothing of the workspace is sealed as if this had left it"


def test_what_is_too_large_to_be_copied_is_seen_and_not_written(workspace: Path, copy: Path) -> None:
    (copy / "input").write_text("")
    seen = [str(workspace / "input"), str(copy / "input"), "ro"]
    tries = (
        "print(open('input').read())\ntry:\n    open('input', 'w')\nexcept OSError as error:\n    print(error.strerror)"
    )
    run = Run(workspace, tries, mounts=mounted(workspace, copy, seen)).launch()
    run.ends()
    assert run.said() == "of today\nRead-only file system\n"


def test_without_its_copy_it_is_never_started(workspace: Path) -> None:
    run = Run(workspace, "open('written', 'w')", mounts=[[str(workspace / "gone"), str(workspace), "rw"]]).launch()
    ended = run.ends()
    assert ended.state is RunState.NEVER_STARTED
    assert "could not be put in the place of the workspace" in ended.reason
    assert not (workspace / "written").exists()


def test_one_process_is_held_to_its_memory_and_its_files(workspace: Path) -> None:
    bounds = {"memory_bytes": 1 << 29, "file_bytes": 1 << 20}
    for script, said in ((GROWS, "no room\n"), (WRITES, "File too large\n")):
        run = Run(workspace, script, run=f"1-quick-{len(script)}", log=f"{len(script)}.log", bounds=bounds).launch()
        run.ends()
        assert run.said() == said


@pytest.mark.parametrize(
    ("bounds", "words"),
    [({"processes": 5}, "processes, more than the 5"), ({"free_bytes": 1 << 60}, "free on the disk")],
)
def test_what_takes_more_than_it_may_is_ended_with_all_that_it_started(
    workspace: Path, bounds: dict[str, int], words: str
) -> None:
    run = Run(workspace, FORKS, bounds=bounds, grace_s=0.1, argv=[sys.executable, "-S", "-c", FORKS]).launch()
    ended = run.ends()
    assert ended.state is RunState.STOPPED
    assert words in ended.reason
