"""The record is guarded for an ordinary user as it is for root: by a user namespace of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from watchkeeper.server.runtime.keeper import guard

from ...limits import HANG_S

NOBODY = 65534
TRIES = """
import os, sys
sys.path.append(sys.argv[1])
from keeper import guard
state = sys.argv[2]
wall, word = guard.tried(state, [state + "/own"])
print(word, flush=True)
pid = os.fork()
if pid == 0:
    wall.enter()
    for path in (state + "/ledger", state + "/own/line", os.path.dirname(state) + "/results"):
        try:
            open(path, "w").close()
            print("written", os.path.basename(path), flush=True)
        except OSError as error:
            print(error.strerror, os.path.basename(path), flush=True)
    os._exit(0)
print(wall.settle(pid), flush=True)
os.waitpid(pid, 0)
"""


def as_nobody(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, user=NOBODY, group=NOBODY, extra_groups=[], cwd="/", capture_output=True, text=True,
        timeout=HANG_S, check=False,
    )  # fmt: skip


@pytest.fixture
def theirs() -> Iterator[Path]:
    """A workspace of an ordinary user, in which `.watchkeeper/own` is the training's own."""
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / ".watchkeeper" / "own").mkdir(parents=True)
        for path in (Path(name), *Path(name).rglob("*")):
            os.chown(path, NOBODY, NOBODY)
        yield Path(name)


def interpreter() -> str:
    """A Python that an ordinary user may run; that of the tests may lie in root's home."""
    for one in (sys.executable, "/usr/bin/python3"):
        try:
            if as_nobody(one, "-c", "import sys; assert sys.version_info >= (3, 11)").returncode == 0:
                return one
        except OSError:
            continue
    return ""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become an ordinary user")
def test_an_ordinary_users_training_cannot_write_to_the_record_either(theirs: Path) -> None:
    python = interpreter()
    if not python:
        pytest.skip("no Python 3.11 here that an ordinary user may run")
    runtime = Path(guard.__file__).resolve().parent.parent
    done = as_nobody(python, "-I", "-S", "-c", TRIES, str(runtime), str(theirs / ".watchkeeper"))
    said = done.stdout.splitlines()
    if said and said[0].startswith(guard.UNAVAILABLE):
        pytest.skip(f"no guard for ordinary users here: {said[0]}")
    assert said[:1] == [guard.ON], done.stderr
    assert sorted(said[1:]) == ["Read-only file system ledger", "on", "written line", "written results"], done.stderr
    assert (theirs / "results").stat().st_uid == NOBODY
