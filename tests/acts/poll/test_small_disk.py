"""A disk that takes nothing: looking needs no write, and a stop stops; what could not be recorded is made up for."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import anyio
import pytest
from watchkeeper.server.acts.poll import run_table
from watchkeeper.server.runtime.run_directory import judge, read_facts

from ...play import Agent, Place, script
from ...runtime.keeper.helpers import processes_of, until

pytestmark = [pytest.mark.anyio, pytest.mark.training]

TALKS_LATER = script(
    "print('ready', flush=True)\n"
    "gate = pathlib.Path(os.environ['GATE'])\n"
    "while not gate.exists():\n    time.sleep(0.01)\n"
    "raise ValueError('shape mismatch')\n"
)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Place]:
    """Give a workspace on a disk of its own; what a test lets go on lies beside it, where there is room."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "watchkeeper-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("no right to mount a small tmpfs")
    yield Place(folder).policy(f'[environment]\nGATE = "{tmp_path / "gate"}"\n')
    (tmp_path / "gate").touch()
    until(lambda: not processes_of(folder), "its processes end")
    subprocess.run(["umount", "-l", str(folder)], check=True)  # lazily: a desk of the test may not be collected yet


def fill(place: Place) -> Path:
    """Take the last byte of the disk."""
    filler = place.root / "filler"
    for size in (65536, 4096, 1):
        with filler.open("ab", buffering=0) as file, suppress(OSError):
            while True:
                file.write(b"\n" * size)
    assert os.statvfs(place.root).f_bavail == 0
    return filler


@contextmanager
def no_more_names(folder: Path) -> Generator[None]:
    """Put a disk in the place of a folder that takes one name and no second one."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "nr_inodes=2", "watchkeeper-test", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


async def begun(place: Place, trainer: Agent) -> str:
    started = await trainer.ask("start_training", model="1", phase="quick")
    await anyio.to_thread.run_sync(place.says, started["log"], "ready")
    await trainer.poll(started["run"])
    return str(started["run"])


async def test_poll_and_status_answer_and_tell_that_nothing_can_be_recorded(small: Place) -> None:
    small.script(TALKS_LATER)
    async with small.trainer() as trainer:
        run = await begun(small, trainer)
        filler = fill(small)
        (small.root.parent / "gate").touch()
        run_dir = small.root / ".watchkeeper/runs" / run
        until(lambda: judge(read_facts(run_dir)).settled and (run_dir / "exit.json").exists(), "it ends")
        fill(small)  # what was set aside for its end is free again
        assert [one["state"] for one in run_table.rows(small.desk())] == ["failed"]
        seen = await trainer.poll(run)
        assert (seen["state"], seen["exit_code"]) == ("failed", 1)
        assert "ledger" in seen["more"]
        brief = await trainer.poll()
        assert [one["state"] for one in brief["runs"]] == ["failed"]
        assert "ledger" in brief["more"]
        filler.unlink()
        assert [one["exception"] for one in (await trainer.watch(run))["findings"]] == ["ValueError"]


async def test_a_server_that_is_started_on_a_full_disk_answers(small: Place) -> None:
    small.script(TALKS_LATER)
    async with small.trainer() as trainer:
        run = await begun(small, trainer)
    filler = fill(small)
    async with small.trainer() as other:
        assert (await other.poll(run))["state"] == "running"
        assert (await other.ask("stop_training", run=run, reason="no room"))["state"] == "stopped"
    filler.unlink()


async def test_a_stop_stops_and_is_recorded_once_there_is_room(small: Place) -> None:
    small.script(TALKS_LATER)
    async with small.trainer() as trainer:
        run = await begun(small, trainer)
        filler = fill(small)
        stopped = await trainer.ask("stop_training", run=run, reason="no room")
        assert stopped["state"] == "stopped"
        assert "left_processes" not in stopped
        until(lambda: not processes_of(small.root), "all of it is gone")
        filler.unlink()
        assert (await trainer.watch(run))["state"] == "stopped"
    assert small.ending(run).state == "stopped"


async def test_a_start_whose_directory_finds_no_room_is_refused_in_words_and_goes_on_with_the_next_look(
    small: Place,
) -> None:
    small.script(script("print('done')\nleave_what_the_phase_asks_for()\n"))
    runs = small.root / ".watchkeeper/runs"
    async with small.trainer() as trainer:
        await trainer.poll()
        with no_more_names(runs):
            refusal = await trainer.refused("start_training", model="1", phase="quick")
            stop = await trainer.refused("stop_training", run="1-quick-1", reason="no")
            brief = await trainer.poll()
        assert (
            "The directory of 1-quick-1 could not be written: No space left on device. Its start is on record"
            in refusal
        )
        assert "could not be written" in stop
        assert "1-quick-1" in str(brief)
        seen = await trainer.watch("1-quick-1")
    assert seen["state"] == "completed"
