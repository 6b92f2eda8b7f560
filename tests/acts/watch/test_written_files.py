"""What a run wrote is its own: a file that somebody else wrote meanwhile is not taken for its results."""

from __future__ import annotations

import json

import pytest
from watchkeeper.server.acts.watch import written_files

from ...play import Place
from ..prune.helpers import ended, state

PRINTS = """
import pathlib, time
print("ready", flush=True)
while not pathlib.Path("go").exists():
    time.sleep(0.01)
"""


def research(place: Place) -> Place:
    (place.root / "watchkeeper.toml").write_text('profile = "research"\n', encoding="utf-8")
    return place


def elsewhere(place: Place, name: str) -> None:
    path = place.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('{"loss": 0.1}')


@pytest.mark.anyio
async def test_a_witnessed_run_that_wrote_nothing_takes_no_file_of_somebody_else(place: Place) -> None:
    (research(place).root / "train.py").write_text(PRINTS, encoding="utf-8")
    async with place.trainer() as trainer:
        run = (await trainer.ask("start_training", model="m", phase="full", script="train.py"))["run"]
        desk = place.desk()
        found = desk.ledger.run(run)
        assert found is not None
        place.says(found.log, "ready")
        elsewhere(place, "runs/other/metrics.json")
        place.go()
        await trainer.watch(run)
    found = desk.ledger.run(run)
    assert found is not None
    left = written_files.told(desk, found)
    assert left is not None
    assert (left.paths, left.known_by) == ((), written_files.WITNESSED)
    assert written_files.results(desk, found) == ""
    desk.ledger.close()


def test_by_time_alone_a_file_that_another_run_sealed_is_that_ones(place: Place) -> None:
    research(place)
    ended(place, "1-full-1", ago_s=0.0, lasted_s=3600.0)
    ended(place, "2-full-1", ago_s=0.0, lasted_s=3600.0)
    for name in ("runs/1/metrics.json", "runs/2/metrics.json"):
        elsewhere(place, name)
    sealed = {"files": {"runs/2/metrics.json": {"bytes": 13}}}
    state(place, "runs", "2-full-1", "seal.json").write_text(json.dumps(sealed))
    desk = place.desk()
    told = {one.id: written_files.told(desk, one) for one in desk.ledger.runs()}
    assert [(one.paths, one.known_by) for one in told.values() if one is not None] == [
        (("runs/1/metrics.json",), written_files.BY_TIME),
        (("runs/2/metrics.json",), written_files.WITNESSED),
    ]
    desk.ledger.close()


SAVES = """
import os, pathlib
print("epoch 1 loss 0.5", flush=True)
pathlib.Path(os.environ["WATCHKEEPER_RESULTS"]).write_text("row,value\\n1,2.5\\n2,3.5\\n")
folder = pathlib.Path(os.environ["WATCHKEEPER_FINAL_MODEL"]).parent
for member in range(2):
    (folder / f"member_{member}.pt").write_bytes(bytes([member]))
"""


@pytest.mark.anyio
async def test_folders_of_named_files_are_there_and_members_in_the_models_folder_are_the_model(
    place: Place,
) -> None:
    place.script(SAVES)
    async with place.trainer() as trainer:
        run = await trainer.trained()
    desk = place.desk()
    found = desk.ledger.run(run)
    assert found is not None
    assert written_files.model(desk, found) == "output/implementation/models/member_1.pt"
    assert not (place.root / "output/implementation/models").stat().st_mode & 0o022
    desk.ledger.close()
