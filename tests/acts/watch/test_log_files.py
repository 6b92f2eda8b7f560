"""A log that is renamed while its training writes to it does not blind the watch."""

from __future__ import annotations

import os

import pytest
from watchkeeper.server.vocabulary.runs import Level

from ...play import Place, script

pytestmark = pytest.mark.anyio

LOG = "output/implementation/logs/training_quick_1.log"
RENAMES = """
print("epoch 1 loss 0.5")
wait_for("go")
log = pathlib.Path("output/implementation/logs/training_quick_1.log")
log.rename(log.with_suffix(".log.1"))
"""


def failures(place: Place) -> list[tuple[str, int]]:
    failed = [one for one in place.findings() if one.level is Level.FAILURE]
    return [(str(one.exception), one.line) for one in failed if one.line]


async def test_what_is_written_on_into_the_renamed_log_is_read_there_with_its_lines(place: Place) -> None:
    place.script(script(f'{RENAMES}print("epoch 2 loss 0.25")\nraise ValueError("behind the rename")'))
    async with place.trainer() as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        place.says(LOG, "epoch 1")
        await trainer.poll(run)
        place.go()
        seen = await trainer.watch(run)
    assert failures(place) == [("ValueError", 3)]
    told = [one for one in place.findings() if one.kind == "log_renamed"]
    assert [one.message.partition(";")[0] for one in told] == [
        f"the log was renamed while the training wrote to it: it is {LOG}.1 now and read on there"
    ]
    assert seen["state"] == "failed"


async def test_the_file_that_takes_the_logs_name_is_read_too(place: Place) -> None:
    into_new = 'new = log.open("w")\nnew.write("epoch 2 loss 0.25\\nloss is nan\\n" * 3)\nnew.flush()\n'
    place.script(script(f"{RENAMES}{into_new}leave_what_the_phase_asks_for()"))
    async with place.trainer() as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        place.says(LOG, "epoch 1")
        await trainer.poll(run)
        place.go()
        await trainer.watch(run)
    kinds = {one.kind for one in place.findings()}
    assert {"log_renamed", "metric"} <= kinds


async def test_a_rename_before_the_first_look_is_followed_too(place: Place) -> None:
    place.script(script(f'{RENAMES}log.write_text("another program\\n" * 50)\nraise ValueError("behind the rename")'))
    place.go()
    async with place.trainer() as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        await trainer.watch(run)
    assert [name for name, _ in failures(place)] == ["ValueError"]


async def test_names_that_are_no_utf_8_stand_in_no_ones_way(place: Place) -> None:
    renames = 'os.rename(os.fsencode(log), os.fsencode(log) + b".\\xe9")\n'
    place.script(
        script(
            'import glob\nprint(len(glob.glob("data/*.csv")), "ready")\nwait_for("go")\n'
            f'log = os.readlink("/proc/self/fd/1")\n{renames}print("epoch 2")\nraise ValueError("behind the rename")'
        )
    )
    (place.root / "data").mkdir()
    (place.root / os.fsdecode(b"data/donn\xe9es.csv")).write_text("a\n1\n")
    async with place.trainer() as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        place.says(LOG, "1 ready")
        await trainer.poll(run)
        place.go()
        assert (await trainer.watch(run))["state"] == "failed"
        await trainer.poll()
    assert failures(place) == [("ValueError", 3)]
    (told,) = [one for one in place.findings() if one.kind == "log_renamed"]
    assert os.fsdecode(b"log.\xe9") in told.message
    desk = place.desk()
    assert desk.ledger.broken() == []
    desk.ledger.close()
