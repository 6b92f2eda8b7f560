"""What was recorded of an end stands whatever becomes of the run directory; nothing there holds anybody up."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from watchkeeper.server.acts.poll import run_table
from watchkeeper.server.acts.watch.look import look_at, status_of
from watchkeeper.server.runtime.keeper import records
from watchkeeper.server.runtime.run_directory import judge, read_facts
from watchkeeper.server.vocabulary.runs import RunState

from ...play import Place, script
from ...runtime.keeper.helpers import processes_of, until

pytestmark = pytest.mark.anyio

ENDS_WITH_5 = script("work(0.05)\nsys.exit(5)\n")


def a_text(text: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_text(text)

    return write


def flipped(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 0x10
    path.write_bytes(content)


def a_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def a_folder(path: Path) -> None:
    path.unlink()
    (path / "inside").mkdir(parents=True)


def a_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


DAMAGES: dict[str, Callable[[Path], None]] = {
    "removed": Path.unlink,
    "cut": lambda path: os.truncate(path, path.stat().st_size // 9),
    "empty": lambda path: os.truncate(path, 0),
    "flip": lambda path: flipped(path, 40),
    "first byte": lambda path: flipped(path, 0),
    "fifo": a_fifo,
    "folder": a_folder,
    "link": a_link,
    "deep": a_text("[" * 60_000),
    "nan": a_text('{"version": 1, "outcome": "exited", "exit_code": NaN}\n'),
    "huge numbers": a_text(f'{{"version": 1, "outcome": "exited", "ended_at": 1e300, "wall_s": 1{"0" * 400}}}\n'),
    "huge": lambda path: os.truncate(path, 1 << 40),
    "another end": a_text('{"version": 1, "outcome": "exited", "exit_code": 0, "cpu_s": 9e9}\n'),
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_an_end_that_was_recorded_stands_whatever_becomes_of_its_file(place: Place, damage: str) -> None:
    place.script(ENDS_WITH_5)
    async with place.trainer() as trainer:
        run = await trainer.trained()
        desk = place.desk()
        before = status_of(desk, run)
        DAMAGES[damage](desk.workspace.run_dir(run) / records.EXIT)
        seen = await trainer.poll(run)
        assert (seen["state"], seen["exit_code"]) == ("failed", 5)
        after = status_of(desk, run)
        assert (after.cpu_s, after.elapsed_s, after.ended_at) == (before.cpu_s, before.elapsed_s, before.ended_at)
        assert [one["state"] for one in run_table.rows(desk)] == ["failed"]
        assert (await trainer.ask("verify_compute", run=run))["verdict"]
        assert (await trainer.ask("stop_training", run=run, reason="again"))["state"] == "failed"


@pytest.mark.parametrize("damage", ["removed", "cut", "fifo", "folder", "link"])
async def test_what_happened_to_the_file_is_told_beside_the_end(place: Place, damage: str) -> None:
    place.script(ENDS_WITH_5)
    async with place.trainer() as trainer:
        run = await trainer.trained()
        DAMAGES[damage](place.desk().workspace.run_dir(run) / records.EXIT)
        assert "exit.json was" in (await trainer.poll(run))["reason"]


async def test_a_flip_behind_the_record_changes_nothing_before_the_end_is_recorded_either(place: Place) -> None:
    place.script(ENDS_WITH_5)
    async with place.trainer() as trainer:
        run = str((await trainer.ask("start_training", model="1", phase="quick"))["run"])
        place.ends(run)
        path = place.desk().workspace.run_dir(run) / records.EXIT
        status = judge(read_facts(path.parent))
        while not status.settled:
            status = judge(read_facts(path.parent))
        flipped(path, path.read_bytes().index(b"\n") + 9)
        flipped(path, records.EXIT_BYTES - 1)
        assert look_at(place.desk(), run).status.exit_code == 5


NO_PLAIN_FILE, NO_RECORD = ("fifo", "folder", "link"), ("fifo", "folder", "link", "cut", "deep")
TOLD = {
    *(f"{name} {damage}" for name in (records.LOCK, records.USAGE) for damage in NO_PLAIN_FILE),
    *(f"{name} {damage}" for name in (records.SPEC, records.START) for damage in NO_RECORD),
    "start.json nan",
}
"""What is told. The content of a lock says only whom to wake, and what stands behind a record is padding."""


@pytest.mark.parametrize("name", [records.SPEC, records.START, records.STOP, records.USAGE, records.LOCK, records.ERR])
@pytest.mark.parametrize("damage", ["cut", "fifo", "folder", "link", "deep", "nan", "huge"])
async def test_whatever_a_training_plants_in_its_run_directory_every_tool_answers_and_it_can_be_stopped(
    place: Place, name: str, damage: str
) -> None:
    place.script(script("print('ready', flush=True)\nwait_for('go')\n"))
    async with place.trainer() as trainer:
        started = await trainer.ask("start_training", model="1", phase="quick")
        run = str(started["run"])
        place.says(started["log"], "ready")
        path = place.desk().workspace.run_dir(run) / name
        if not path.exists():
            path.touch()
        DAMAGES[damage](path)
        seen = await trainer.poll(run)
        rows = run_table.rows(place.desk())
        verdict = (await trainer.ask("verify_compute", run=run))["verdict"]
        if name == records.STOP:  # whatever it says, it asks for a stop
            assert seen["state"] in ("running", "stopped")
        else:
            state = "running" if name != records.START or damage == "huge" else "starting"
            assert (seen["state"], [one["state"] for one in rows], verdict) == (state, [state], "IN_PROGRESS")
            told = name in seen.get("reason", "")
            assert told == (f"{name} {damage}" in TOLD), seen
        stopped = await trainer.ask("stop_training", run=run, reason="it plants files")
        assert stopped["state"] == "stopped"
        assert "left_processes" not in stopped


@pytest.mark.parametrize("damage", ["fifo", "folder", "link", "another end", "cut"])
async def test_an_exit_record_that_the_training_planted_is_replaced_by_the_true_one(place: Place, damage: str) -> None:
    place.script(script("print('ready', flush=True)\nwait_for('go')\nsys.exit(7)\n"))
    async with place.trainer() as trainer:
        started = await trainer.ask("start_training", model="1", phase="quick")
        run = str(started["run"])
        place.says(started["log"], "ready")
        path = place.desk().workspace.run_dir(run) / records.EXIT
        path.touch()
        path.write_text("x" * 200)
        DAMAGES[damage](path)
        assert (await trainer.poll(run))["state"] == "running"
        place.go()
        seen = await trainer.watch(run)
    assert (seen["state"], seen["exit_code"]) == ("failed", 7)
    assert json.loads(path.read_bytes().partition(b"\n")[0])["exit_code"] == 7


async def test_a_run_directory_in_whose_place_something_else_lies_is_told_as_such(place: Place) -> None:
    place.script(ENDS_WITH_5)
    async with place.trainer() as trainer:
        run = str((await trainer.ask("start_training", model="1", phase="quick"))["run"])
        place.ends(run)
        run_dir = place.desk().workspace.run_dir(run)
        until(lambda: not processes_of(place.root), "the keeper is gone")
        shutil.rmtree(run_dir)
        run_dir.write_text("a file")
        status = status_of(place.desk(), run)
        assert (status.state, status.reason) == (RunState.LOST, "Something else lies where its run directory was.")
        assert (await trainer.poll(run))["state"] == "lost"
