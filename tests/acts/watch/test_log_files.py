"""A log that is renamed while its training writes to it does not blind the watch."""

from __future__ import annotations

import json
import os

import pytest
from watchkeeper.server.acts.watch import look
from watchkeeper.server.vocabulary.runs import Level

from ...play import FAILS, GOOD, Place, script
from ...runtime.keeper.helpers import until

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


async def test_a_file_of_a_terabyte_that_takes_the_logs_name_holds_no_call_up(place: Place) -> None:
    into_new = (
        'new = log.open("w")\nnew.truncate(1 << 40)\nnew.seek(0, 2)\nnew.write("\\nloss is nan\\n" * 3)\nnew.flush()\n'
    )
    place.script(script(f"{RENAMES}{into_new}leave_what_the_phase_asks_for()"))
    place.go()
    async with place.trainer() as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        await trainer.watch(run)
    assert {"log_renamed", "metric"} <= {one.kind for one in place.findings()}


async def test_what_takes_the_logs_name_is_read_within_the_time_of_a_look_and_never_twice(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look, "FEED_BYTES", 4096)
    into_new = 'log.write_text("another program\\n" * 2048 + "loss is nan\\n" * 3)\n'
    place.script(script(f"{RENAMES}{into_new}leave_what_the_phase_asks_for()"))
    place.go()
    async with place.trainer() as trainer:
        run = str((await trainer.ask("start_training", model="1", phase="quick"))["run"])
        place.ends(run)
        desk = place.desk()
        left = [look.look_at(desk, run, within_s=0.0).behind_bytes for _ in range(4)]
        assert [one - left[-1] for one in left] == [3 * 4096, 2 * 4096, 4096, 0]
        await trainer.watch(run)
    (nan,) = [one for one in place.findings() if one.kind == "metric"]
    assert nan.line == 1 + 2048 + 1


@pytest.mark.parametrize("renamed", [False, True])
async def test_a_device_that_has_another_number_after_a_restart_makes_no_other_file_of_the_log(
    place: Place, renamed: bool
) -> None:
    place.script(FAILS)
    async with place.trainer() as trainer:
        await trainer.trained()
        place.script(GOOD)
        await trainer.ask("start_training", model="1", phase="quick", follows="1-quick-1")
        place.ends("1-quick-2")
        path = place.root / ".watchkeeper/runs/1-quick-2/start.json"
        start = json.loads(path.read_text())
        path.write_text(json.dumps({**start, "log_device": start["log_device"] + 1}) + "\n")
        if renamed:
            (place.root / LOG).rename(place.root / f"{LOG}.1")
        seen = await trainer.watch("1-quick-2")
    assert seen["state"] == "completed"
    assert [one["id"] for one in seen["findings"]] == ["1-quick-2:log-renamed"] * renamed
    told = [one.message for one in place.findings() if one.kind == "log_renamed"]
    assert [f"it is {LOG}.1 now and read on there" in one for one in told] == [True] * renamed


CUT = script(
    "import traceback\nlog = os.readlink('/proc/self/fd/1')\n"
    "def tell(error):\n    try:\n        raise error\n    except Exception:\n        traceback.print_exc()\n"
    "print('a', flush=True)\ntell(ValueError('the first'))\nprint('b' * 2000, flush=True)\n"
    "for number in (1, 2):\n    wait_for(f'cut {number}')\n    os.truncate(log, 0)\n"
    "    print('a', flush=True)\n    tell(KeyError(f'after cut {number}'))\n"
    "    print('b' * (1500 - 500 * number), flush=True)\n"
    "    pathlib.Path(f'was cut {number}').touch()\n"
    "wait_for('go')\nleave_what_the_phase_asks_for()\nsys.exit(3)\n"
)


async def test_what_stands_at_an_accepted_failures_line_after_the_log_was_cut_is_not_accepted_with_it(
    place: Place,
) -> None:
    place.script(CUT)
    async with place.trainer() as trainer, place.director() as director:
        run = str((await trainer.ask("start_training", model="1", phase="quick"))["run"])
        place.says(LOG, "bbb")
        seen = await trainer.poll(run, wait_s=5)
        assert [one["id"] for one in seen["findings"]] == [f"{run}:L2"]
        await trainer.ask("report_error", run=run, finding=f"{run}:L2", what_happened="it is caught")
        await director.ask("answer_report", report="1-r1", action="CONTINUE", instructions="as it should be")
        for number in (1, 2):
            (place.root / f"cut {number}").touch()
            until((place.root / f"was cut {number}").exists, "the log is cut")
            await trainer.poll(run)  # each by a look of its own
        place.go()
        await trainer.watch(run)
    found = {one.id.partition(":")[2]: one for one in place.findings()}
    assert [(key, one.exception) for key, one in found.items() if one.line == 2] == [
        ("L2", "ValueError"), ("c1-L2", "KeyError"), ("c2-L2", "KeyError"),
    ]  # fmt: skip
    assert [one for one in found if one.endswith("log-cut")] == ["log-cut", "c1-log-cut"]
    assert (found["L2"].status, found["c2-L2"].status) == ("accepted", "open")
