"""The transcripts beside this test pass: the stories of a training's life, told as calls and answers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from watchkeeper.server.interfaces.replay.client_process import Era
from watchkeeper.server.interfaces.replay.expectations import OPERATORS
from watchkeeper.server.interfaces.replay.schema import FORMS, Header

from ...limits import HANG_S
from ...play import Place
from ...runtime.keeper.helpers import until
from ...runtime.keeper.test_disk_and_memory import CGROUPS
from .helpers import TRANSCRIPTS, played

STORIES = sorted(one.name for one in TRANSCRIPTS.glob("*.jsonl"))
IN_THE_OLD_ERA = ("session_lost.jsonl", "answer_wakes.jsonl")
"""Played a second time as a client of the handshake era does it: a session that ends and comes back, a wait that is
woken. Plain calls, answers and refusals of both eras are compared in `mcp/test_stdio.py` and `mcp/test_resources.py`;
that all go either way, `watchkeeper replay` shows."""
LIMIT_BYTES = 400_000_000
PLAYS_WITHIN = """
import os, sys
open(sys.argv[1] + "/cgroup.procs", "w").write(str(os.getpid()))
os.execv(sys.executable, [sys.executable, "-P", "-m", "watchkeeper.server", "replay", sys.argv[2]])
"""


def test_there_are_at_least_fifteen_stories() -> None:
    assert len(STORIES) >= 15


def documented() -> str:
    return (TRANSCRIPTS.parents[1] / "docs" / "transcripts.md").read_text("utf-8")


@pytest.mark.anyio
async def test_the_example_of_the_documentation_passes(place: Place) -> None:
    example = documented().split("```json\n")[1].split("```")[0]
    (place.root / "watchkeeper.toml").unlink()
    came = await played(example.encode(), place.root)
    assert came.failure is None, str(came.failure)


def test_the_documentation_names_every_key_step_and_operator() -> None:
    keys = [key for form in (Header, *FORMS) for key in form.model_fields]
    assert [one for one in (*keys, *OPERATORS) if one not in documented()] == []


@pytest.mark.anyio
@pytest.mark.parametrize("name", STORIES)
async def test_a_story_passes(name: str, place: Place) -> None:
    await _passes(name, place, "auto")


@pytest.mark.anyio
@pytest.mark.parametrize("name", IN_THE_OLD_ERA)
async def test_a_story_passes_in_the_era_of_the_handshake(name: str, place: Place) -> None:
    await _passes(name, place, "legacy")


async def _passes(name: str, place: Place, era: Era) -> None:
    (place.root / "watchkeeper.toml").unlink()
    data = (TRANSCRIPTS / name).read_bytes()
    came = await played(data, place.root, era, name, cold=b"kill_server" in data)
    assert came.failure is None, str(came.failure)


@pytest.fixture
def small_memory() -> Iterator[Path]:
    for parent, limit in CGROUPS.items():
        group = Path(parent) / f"watchkeeper-replay-{os.getpid()}"
        try:
            group.mkdir()
            (group / limit).write_text(str(LIMIT_BYTES))
        except OSError:
            if group.exists():
                group.rmdir()
            continue
        yield group
        until(lambda group=group: not (group / "cgroup.procs").read_text(), "the cgroup is empty")
        group.rmdir()
        return
    pytest.skip("no memory cgroup can be made here, so no OOM killer comes")


@pytest.mark.training
def test_what_the_oom_killer_ended_is_told_from_a_crash(small_memory: Path) -> None:
    story = str(TRANSCRIPTS / "within_400_mb" / "out_of_memory.jsonl")
    command = [sys.executable, "-c", PLAYS_WITHIN, str(small_memory), story]
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANG_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
