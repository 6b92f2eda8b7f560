"""A script that launches the real training detached and exits with 0 is running for as long as that lives."""

from __future__ import annotations

import time

import pytest
from watchkeeper.server.acts.watch.look import look_at

from ...play import GOOD, Place, script

pytestmark = pytest.mark.anyio

LOG = "output/implementation/logs/training_quick_1.log"
DETACHED = """
leave_what_the_phase_asks_for()
import subprocess
inner = '''
import pathlib, sys, time
while not pathlib.Path("go").exists():
    time.sleep(0.01)
print("epoch 1/3 loss 0.5", flush=True)
{body}
'''
subprocess.Popen([sys.executable, "-c", inner], start_new_session=True, stdin=subprocess.DEVNULL)
print("launched", flush=True)
"""
CRASHES = script(DETACHED.replace("{body}", 'raise RuntimeError("the real one broke")'))
ENDS_WELL = script(DETACHED.replace("{body}", 'print("done")'))


async def test_a_run_whose_detached_training_lives_is_running_and_its_later_error_is_read(place: Place) -> None:
    place.script(CRASHES)
    async with place.trainer() as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        place.ends(run)
        living = await trainer.poll(run, wait_s=2)
        full = await trainer.refused("start_training", model="1", phase="full")
        verdict = await trainer.ask("verify_compute", run=run)
        place.go()
        seen = await trainer.watch(run)
        after = await trainer.refused("start_training", model="1", phase="full")
    assert living["state"] == "running"
    assert "what it left goes on" in living["reason"]
    assert living["next"].startswith("poll_training(")
    assert "it has not ended yet" in full
    assert f"poll_training(run={run!r})" in full
    assert "start_training" not in full
    assert verdict["verdict"] == "IN_PROGRESS"
    assert "NOT MET" not in verdict["text"]
    assert any(one.get("exception") == "RuntimeError" and one["level"] == "failure" for one in seen["findings"])
    assert "failures stand" in after


async def test_its_end_is_recorded_when_the_last_of_them_is_gone(place: Place) -> None:
    place.script(ENDS_WELL)
    async with place.trainer() as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        place.ends(run)
        assert (await trainer.poll(run, wait_s=2))["state"] == "running"
        place.go()
        seen = await trainer.watch(run)
        assert (seen["state"], seen["exit_code"]) == ("completed", 0)
    assert place.ending(run).log_end == (place.root / LOG).stat().st_size
    assert "done" in place.read(LOG)


async def test_what_is_no_part_of_the_training_is_ended_by_a_stop(place: Place) -> None:
    place.script(ENDS_WELL)
    async with place.trainer() as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        place.ends(run)
        living = await trainer.poll(run, wait_s=2)
        assert f"stop_training(run={run!r}" in living["reason"]
        stopped = await trainer.ask("stop_training", run=run, reason="a helper that stayed")
        assert "left_processes" not in stopped
        assert (await trainer.watch(run))["state"] == "completed"


async def test_what_was_left_is_ended_at_the_limit_of_the_quick_phase(place: Place) -> None:
    place.script(ENDS_WELL)
    async with place.trainer() as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        place.ends(run)
        assert (await trainer.poll(run, wait_s=2))["state"] == "running"
        look_at(place.desk(clock=lambda: time.time() + 3600), run)  # an hour later
        seen = await trainer.watch(run)
        after = await trainer.refused("start_training", model="1", phase="full")
    assert seen["state"] == "completed"
    assert "done" not in place.read(LOG)
    assert f"failures stand: {run}:limit" in after


async def test_a_run_whose_log_was_removed_while_it_went_on_ends_all_the_same(place: Place) -> None:
    place.script(script("print('epoch 1/9 loss 0.5', flush=True)\nwait_for('go')\nleave_what_the_phase_asks_for()"))
    async with place.trainer() as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        place.says(LOG, "epoch 1")
        await trainer.poll(run)
        (place.root / LOG).unlink()
    place.go()
    place.ends(run)
    async with place.trainer() as trainer:  # a new session, whose server never saw the log
        seen = await trainer.watch(run)
        stopped = await trainer.ask("stop_training", run=run, reason="is it over?")
        place.script(GOOD)
        again = await trainer.ask("start_training", model="1", phase="quick", follows=run)
        await trainer.watch(again["run"])
    assert seen["state"] == "completed"
    assert stopped["state"] == "completed"
    assert again["run"] == "1-quick-2"
