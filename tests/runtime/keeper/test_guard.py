"""A training cannot write to the record of its run, and the start says whether that is so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from watchkeeper.server.runtime.keeper import guard, records
from watchkeeper.server.vocabulary.runs import RunState

from .helpers import Run

TRIES = """
import os, sys
for path in sys.argv[1:]:
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "a") as file:
            file.write("x")
        print("written", path)
    except OSError as error:
        print(error.strerror, path)
"""


def guarded(workspace: Path, script: str = TRIES, *arguments: str, **said: object) -> Run:
    """A run whose record is guarded; its own folder and file in it are not."""
    state = workspace / ".watchkeeper"
    own = state / "runs" / "1-quick-1"
    for folder in (own / "witness", state / "checkpoints"):
        folder.mkdir(parents=True)
    (own / "metrics.jsonl").touch()
    writable = [str(own / "witness"), str(own / "metrics.jsonl"), str(state / "checkpoints")]
    return Run(
        workspace, script, guarded=str(state), writable=writable, argv=["python3", "-c", script, *arguments], **said
    )  # fmt: skip


@pytest.fixture(autouse=True)
def possible(workspace: Path) -> None:
    """Skip where the kernel or a container allows no mount namespace, and say so."""
    state = workspace / "probe"
    state.mkdir()
    _, word = guard.tried(str(state), [])
    if word != guard.ON:
        pytest.skip(f"no guard here: {word}")


def test_the_record_cannot_be_written_and_the_workspace_can(workspace: Path) -> None:
    state = workspace / ".watchkeeper"
    refused = [
        state / "ledger.sqlite3", state / "runs" / "1-full-1" / "spec.json", state / "runs" / "1-quick-1" / "exit.json",
    ]  # fmt: skip
    allowed = [
        workspace / "new.txt", workspace / "new" / "folder" / "a.txt", state / "checkpoints" / "c.pt",
        state / "runs" / "1-quick-1" / "witness" / "1.jsonl", state / "runs" / "1-quick-1" / "metrics.jsonl",
    ]  # fmt: skip
    run = guarded(workspace, TRIES, *map(str, [*refused, *allowed])).launch()
    assert run.ends().state is RunState.COMPLETED, run.said()
    said = run.said().splitlines()
    assert said == [*(f"Read-only file system {path}" for path in refused), *(f"written {path}" for path in allowed)]
    assert run.record(records.START)["guard"] == guard.ON
    assert not refused[0].exists()


UNDOES = """
import ctypes, os, sys
state = os.fsencode(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
print("remount", libc.mount(None, state, None, 32 | 4096, None))
print("unmount", libc.umount2(state, 2))
try:
    open(f"/proc/{os.getppid()}/root{sys.argv[1]}/way_round", "w")
    print("round")
except OSError as error:
    print("no way round")
"""


def test_the_guard_cannot_be_taken_down_from_behind_it(workspace: Path) -> None:
    state = workspace / ".watchkeeper"
    run = guarded(workspace, UNDOES, str(state)).launch()
    run.ends()
    assert run.said().splitlines() == ["remount -1", "unmount -1", "no way round"]
    assert not (state / "way_round").exists()


def test_the_training_keeps_its_user_and_its_rights_to_other_files(workspace: Path) -> None:
    secret = workspace / "secret"
    secret.write_text("readable by its owner only")
    secret.chmod(0o600)
    script = "import os, sys\nprint(os.getuid(), os.getgid(), open(sys.argv[1]).read())"
    run = guarded(workspace, script, str(secret)).launch()
    run.ends()
    assert run.said().strip() == f"{os.getuid()} {os.getgid()} readable by its owner only"


def test_a_folder_that_is_not_there_is_no_reason_not_to_start(workspace: Path) -> None:
    run = Run(workspace, "print('ran')", guarded=str(workspace / "gone"), writable=[]).launch()
    assert run.ends().state is RunState.COMPLETED
    assert run.said() == "ran\n"
    assert str(run.record(records.START)["guard"]).startswith(guard.UNAVAILABLE)


def test_without_the_policy_nothing_is_guarded_and_the_start_says_so(workspace: Path) -> None:
    run = Run(workspace, "print('ran')").launch()
    run.ends()
    assert run.record(records.START)["guard"] == guard.OFF
