"""A run without its directory: one that was never made blocks nothing, one that was removed hides no training."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from watchkeeper.server.acts import launch
from watchkeeper.server.acts.desk import Desk
from watchkeeper.server.acts.start import start
from watchkeeper.server.runtime import run_directory
from watchkeeper.server.vocabulary.runs import Phase, RunState

from ...play import GOOD, WAITS, Place
from ...runtime.keeper.helpers import processes_of, until

pytestmark = pytest.mark.anyio


def _killed_in_a_start(place: Place, monkeypatch: pytest.MonkeyPatch) -> Desk:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    place.script(GOOD)
    desk = place.desk()
    wanted = start.request(desk, "1", Phase.QUICK, None, [], None)
    with monkeypatch.context() as patch:
        patch.setattr(launch, "launch", killed)
        with pytest.raises(KeyboardInterrupt):
            start.start(desk, wanted)
    return desk


async def test_a_start_whose_server_was_killed_before_it_made_anything_never_started_and_blocks_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = _killed_in_a_start(place, monkeypatch)
    desk.ledger.close()
    async with place.trainer() as trainer:
        with monkeypatch.context() as patch:
            patch.setattr(run_directory, "LAUNCH_WITHIN_S", -1.0)  # nobody looked for a minute
            seen = await trainer.poll("1-quick-1")
        stopped = await trainer.ask("stop_training", run="1-quick-1", reason="not this one")
        assert await trainer.trained(follows="1-quick-1") == "1-quick-2"
    assert seen["state"] == "never_started"
    assert [one["untrusted"]["message"] for one in seen["findings"]] == [run_directory.NEVER_CAME]
    assert stopped["state"] == "never_started"
    assert place.ending("1-quick-2").state is RunState.COMPLETED


async def test_a_start_whose_server_was_killed_between_the_directory_and_its_spec_is_completed_by_the_next_look(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = _killed_in_a_start(place, monkeypatch)
    desk.workspace.run_dir("1-quick-1").mkdir(parents=True)
    desk.ledger.close()
    async with place.trainer() as trainer:
        assert (await trainer.watch("1-quick-1"))["state"] == "completed"
    assert [one.id for one in place.runs()] == ["1-quick-1"]


def removed(run_dir: Path) -> None:
    shutil.rmtree(run_dir)


def a_link_in_its_place(run_dir: Path) -> None:
    run_dir.rename(run_dir.with_name("elsewhere"))
    run_dir.symlink_to("elsewhere")


def a_file_in_its_place(run_dir: Path) -> None:
    shutil.rmtree(run_dir)
    run_dir.touch()


@pytest.mark.parametrize("done", [removed, a_link_in_its_place, a_file_in_its_place])
async def test_what_lives_of_a_run_without_its_directory_is_named_and_can_be_ended(
    place: Place, done: Callable[[Path], None]
) -> None:
    place.script(WAITS)
    async with place.trainer() as trainer:
        begun = await trainer.ask("start_training", model="1", phase="quick")
        await anyio.to_thread.run_sync(place.says, begun["log"], "ready")
        done(place.root / ".watchkeeper/runs/1-quick-1")
        seen = await trainer.poll("1-quick-1")
        refusal = await trainer.refused("start_training", model="1", phase="quick", follows="1-quick-1")
        stopped = await trainer.ask("stop_training", run="1-quick-1", reason="left over")
        assert "left_processes" not in stopped
        until(lambda: processes_of(place.root) == [], "its keeper left with it")
    assert seen["state"] == "lost"
    assert "of it lived then: " in seen["findings"][0]["untrusted"]["message"]
    assert "stop_training(run='1-quick-1', reason='left over')" in refusal
