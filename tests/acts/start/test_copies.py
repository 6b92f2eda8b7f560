"""A copy of a workspace is another workspace: its server says so, and has no power over the original's trainings."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import anyio
import pytest
from watchkeeper.server.runtime.keeper import lock, procfs, records

from ...play import GOOD, WAITS, Agent, Place
from ...runtime.keeper.helpers import until

pytestmark = pytest.mark.anyio


def copied(place: Place, target: Path) -> Place:
    subprocess.run(["cp", "-a", f"{place.root}/.", str(target)], check=True)
    return Place(target)


async def begun(place: Place, trainer: Agent) -> tuple[str, int, int]:
    started = await trainer.ask("start_training", model="1", phase="quick")
    await anyio.to_thread.run_sync(place.says, started["log"], "ready")
    pid = int(started.get("pid") or (await trainer.ask("start_training", model="1", phase="quick"))["pid"])
    found = procfs.stat(pid)
    assert found is not None
    return str(started["run"]), pid, found.start_ticks


async def test_a_stop_in_a_copy_does_not_reach_the_original(
    place: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place.script(WAITS)
    async with place.trainer() as trainer:
        run, *process = await begun(place, trainer)
        copy = copied(place, tmp_path_factory.mktemp("copy"))
        async with copy.trainer() as other:
            seen = await other.poll(run)
            assert (seen["state"], str(place.root) in seen["reason"]) == ("lost", True)
            stopped = await other.ask("stop_training", run=run, reason="a copy")
            assert (stopped["state"], "left_processes" in stopped) == ("lost", False)
            assert procfs.alive(process[0], process[1])
            copy.script(GOOD)
            assert (await other.poll(await other.trained(follows=run)))["state"] == "completed"
        assert (await trainer.poll(run))["state"] == "running"
        place.go()
        assert (await trainer.watch(run))["state"] == "completed"


async def test_a_copy_of_a_run_that_has_ended_tells_how_it_ended(
    place: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place.script(GOOD)
    async with place.trainer() as trainer:
        run = str((await trainer.ask("start_training", model="1", phase="quick"))["run"])
        place.ends(run)
    folder = place.root / ".watchkeeper/runs" / run
    # What a keeper takes away last must not vanish under `cp`.
    until(lambda: not [*folder.glob("exit.reserved*")] and not lock.held(folder / records.LOCK), "its keeper has ended")
    copy = copied(place, tmp_path_factory.mktemp("copy"))
    async with copy.trainer() as other:
        assert (await other.watch(run))["state"] == "completed"


async def test_a_workspace_that_was_moved_is_no_copy(place: Place, tmp_path_factory: pytest.TempPathFactory) -> None:
    place.script(WAITS)
    async with place.trainer() as trainer:
        run, *_ = await begun(place, trainer)
    target = tmp_path_factory.mktemp("elsewhere") / "project"
    os.rename(place.root, target)
    try:
        async with Place(target).trainer() as other:
            assert (await other.poll(run))["state"] == "running"
            assert (await other.ask("stop_training", run=run, reason="moved"))["state"] == "stopped"
    finally:
        os.rename(target, place.root)
