"""The numbers of a run: gathered from log and files, judged, kept as training_history_{i}.csv."""

from __future__ import annotations

import importlib
import os
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from watchkeeper.server.acts.poll import status_line
from watchkeeper.server.acts.watch import event_files, histories
from watchkeeper.server.analysis.curves.series import History
from watchkeeper.server.runtime.run_status import RunStatus
from watchkeeper.server.storage.record import Finding
from watchkeeper.server.vocabulary.errors import InvalidArgument
from watchkeeper.server.vocabulary.runs import RunState

from ...limits import HANG_S
from ...play import Place, script
from ..poll.test_full_disk import fill
from ..prune.helpers import ended, state

pytestmark = pytest.mark.anyio

HISTORY = "output/implementation/logs/training_history_1.csv"
HEADER = "Epoch,Train Loss,Val Loss,Metric (RMSE),Gradient Norm,Time (s)\n"

OVERFITS = script("""
for epoch in range(60):
    train = 2.0 * 0.93**epoch
    val = 2.0 * 0.93 ** min(epoch, 25) + 0.03 * max(0, epoch - 25)
    print(f"Epoch {epoch + 1}/60 - loss: {train:.4f} - val_loss: {val:.4f}")
leave_what_the_phase_asks_for()
""")


async def test_a_curve_that_overfits_is_a_flag_and_the_history_is_kept_in_the_exact_columns(place: Place) -> None:
    place.script(OVERFITS)
    async with place.trainer() as trainer:
        started = await trainer.ask("start_training", model="1", phase="quick")
        seen = await trainer.watch(started["run"])
    flags = [(one["id"], one["level"]) for one in seen["findings"]]
    assert flags == [("1-quick-1:overfitting", "flag")]
    assert place.read(HISTORY).startswith(f"{HEADER}1,2,2,,,\n2,1.86,1.86,,,\n")
    assert len(place.read(HISTORY).splitlines()) == 61


async def test_a_history_that_the_script_writes_itself_is_judged_and_left_alone(place: Place) -> None:
    place.script(
        script(f"""
path = pathlib.Path("{HISTORY}")
path.parent.mkdir(parents=True, exist_ok=True)
rows = "".join(f"{{n}},{{2.0 * 0.93**n}},{{2.0 * 0.93**min(n, 25) + 0.03 * max(0, n - 25)}}\\n" for n in range(60))
path.write_text("epoch,loss,val_loss\\n" + rows)
leave_what_the_phase_asks_for()
""")
    )
    async with place.trainer() as trainer:
        started = await trainer.ask("start_training", model="1", phase="quick")
        seen = await trainer.watch(started["run"])
    assert [one["id"] for one in seen["findings"]] == ["1-quick-1:overfitting"]
    assert place.read(HISTORY).startswith("epoch,loss,val_loss\n0,2.0,2.0\n")


async def test_the_next_attempt_replaces_the_history_that_we_wrote(place: Place) -> None:
    place.script(OVERFITS)
    async with place.trainer() as trainer:
        first = await trainer.trained()
        place.script(script('print("Epoch 1/1 - loss: 7.5")\nleave_what_the_phase_asks_for()'))
        await trainer.trained(follows=first)
    assert place.read(HISTORY) == f"{HEADER}1,7.5,,,,\n"


async def test_a_nan_loss_is_one_failure_and_not_a_flag_besides(place: Place) -> None:
    lines = "for n in range(1, 30):\n    print(f\"epoch {n} loss {'nan' if n > 5 else 1.0 / n}\")\n"
    place.script(script(f"{lines}leave_what_the_phase_asks_for()"))
    async with place.trainer() as trainer:
        await trainer.trained()
    failures = [one for one in place.findings() if one.level != "noticed"]
    assert [one.type for one in failures] == ["convergence"]


async def test_a_keras_log_that_grows_beside_a_silent_run_is_read(place: Place) -> None:
    place.policy('[watch]\nhistories = ["runs/*.csv"]\n')
    place.script(
        script("""
pathlib.Path("runs").mkdir()
rows = "".join(f"{n},{2.0 * 0.5**n},{2.5 * 0.5**n}\\n" for n in range(30))
pathlib.Path("runs/keras.csv").write_text("epoch,loss,val_loss\\n" + rows)
leave_what_the_phase_asks_for()
""")
    )
    async with place.trainer() as trainer:
        await trainer.trained()
    assert place.read(HISTORY).startswith(f"{HEADER}0,2,2.5,,,\n1,1,1.25,,,\n")


async def test_what_a_script_tells_through_the_probe_is_its_history_and_its_progress(place: Place) -> None:
    place.script(
        script("""
import watchkeeper_probe
for epoch in range(1, 9):
    watchkeeper_probe.log(epoch=epoch, epochs_total=10, train_loss=2.0 / epoch, val_loss=2.5 / epoch)
    time.sleep(0.05)
print("waiting")
wait_for("go")
leave_what_the_phase_asks_for()
""")
    )
    async with place.trainer() as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        place.says("output/implementation/logs/training_quick_1.log", "waiting")
        cursor = (await trainer.poll(run))["cursor"]
        seen = await trainer.poll(run, cursor=cursor, wait_s=0.2)
        assert re.match(r"8/10 \(80%\), about 0:0\d:\d\d left", seen["progress"]), seen["progress"]
        place.go()
        await trainer.watch(run)
    assert place.read(HISTORY).startswith(f"{HEADER}1,2,2.5,,,\n2,1,1.25,,,\n")


@pytest.mark.parametrize("renamed", [False, True])
async def test_a_run_that_neither_prints_nor_works_is_a_stall_and_going_on_settles_it(
    place: Place, renamed: bool
) -> None:
    place.policy("[stalls]\nidle_s = 0.6\nidle_intervals = 1\nlongest_intervals = 1\n")
    place.script(
        script(f"""
log = os.readlink("/proc/self/fd/1")
if {renamed}:
    os.rename(log, log + ".1")
print("epoch 0 loss 2.0")
wait_for("go")
epoch = 0
while not pathlib.Path("end").exists():
    epoch += 1
    print("epoch", epoch, "loss", 2.0 / epoch)
    time.sleep(0.05)
""")
    )
    async with place.trainer() as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        stalled = await _until_level(place, run, "failure")
        assert stalled.message.startswith("hang: no new output and no work for ")
        place.go()
        assert (await _until_level(place, run, "noticed")).message == "it went on again"
        desk = place.desk()
        assert status_line.last_line(desk, place.recorded(run)).startswith("epoch ")
        desk.ledger.close()
        (place.root / "end").touch()
        await trainer.watch(run)


async def _until_level(place: Place, run: str, level: str) -> Finding:
    """Poll, which judges whenever there is nothing else to tell, until the run's stall has a level."""
    deadline, cursor = time.monotonic() + HANG_S, {}
    async with place.agent("observer") as observer:
        while True:
            cursor = {"cursor": (await observer.poll(run, wait_s=0.1, **cursor))["cursor"]}
            found = [one for one in place.findings() if one.id == f"{run}:stall"]
            if found and found[0].level == level:
                return found[0]
            assert time.monotonic() < deadline, f"no stall of level {level}: {found}"


async def test_every_half_hour_the_poll_says_how_the_run_stands(place: Place) -> None:
    place.policy("[watch]\nstatus_minutes = 0.005\n")
    place.script(script('print("epoch 1 \\x1b[31mloss\\x1b[0m 2.0")\nwait_for("go")\n'))
    async with place.trainer() as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        log = "output/implementation/logs/training_quick_1.log"
        place.says(log, "2.0")
        seen = await trainer.poll(run, wait_s=10)
        while "status" not in seen:
            seen = await trainer.poll(run, wait_s=10, cursor=seen["cursor"])
        assert seen["status"].startswith("model 1, PID ")
        assert seen["status"].endswith(f", {log}, running")
        assert seen["untrusted_last_line"] == "epoch 1 loss 2.0"
        place.go()
        await trainer.watch(run)


def _events(folder: Path, steps: int) -> Path:
    """Write an event file as TensorBoard's own writer does."""
    events: Any = importlib.import_module("tensorboard.compat.proto.event_pb2")
    summaries: Any = importlib.import_module("tensorboard.compat.proto.summary_pb2")
    writing: Any = importlib.import_module("tensorboard.summary.writer.event_file_writer")
    writer = writing.EventFileWriter(str(folder))
    for step in range(steps):
        values = [
            summaries.Summary.Value(tag="Loss/train", simple_value=1.0 / 2**step),
            summaries.Summary.Value(tag="Loss/val", simple_value=2.0 / 2**step),
        ]
        writer.add_event(events.Event(step=step, summary=summaries.Summary(value=values)))
    writer.close()
    (path,) = folder.iterdir()
    return path


def _read(path: Path) -> History:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return event_files.read_events(descriptor)
    finally:
        os.close(descriptor)


def test_the_scalars_of_a_tensorboard_file_are_read_as_a_history(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    expected = History(epochs=[0.0, 1.0, 2.0], train_loss=[1.0, 0.5, 0.25], val_loss=[2.0, 1.0, 0.5])
    assert _read(_events(tmp_path, 3)) == expected


def test_a_torn_event_file_gives_what_was_complete(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    path = _events(tmp_path, 3)
    path.write_bytes(path.read_bytes()[:-5])
    assert _read(path).epochs == [0.0, 1.0]


def test_an_event_file_of_any_size_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "events.out.tfevents.1"
    path.touch()
    os.truncate(path, 1 << 40)
    with pytest.raises(InvalidArgument, match="more than 256 MiB"):
        _read(path)


GOES_ON = script("""
checkpoint = pathlib.Path(os.environ["WATCHKEEPER_CHECKPOINT_DIR"], "epoch")
resumed = os.environ["WATCHKEEPER_RESUME"] == "checkpoint"
first = int(checkpoint.read_text()) if resumed else 0
for epoch in range(first, first + 6):
    print(f"epoch {epoch} loss {10 - epoch}")
if not resumed:
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    checkpoint.write_text("5")
    raise ConnectionResetError("the node went away")
leave_what_the_phase_asks_for()
""")


async def test_an_attempt_that_goes_on_from_a_checkpoint_continues_the_history_of_the_one_before_it(
    place: Place,
) -> None:
    place.script(GOES_ON)
    async with place.trainer() as trainer, place.director() as director:
        first = await trainer.trained()
        report = await trainer.ask("report_error", run=first, what_happened="the node went away")
        await director.ask("answer_report", report=report["report"], action="RESUME", instructions="go on")
        await trainer.trained(follows=first)
    rows = "".join(f"{epoch},{10 - epoch},,,,\n" for epoch in range(11))
    assert place.read(HISTORY) == HEADER + rows


async def test_an_accuracy_does_not_stand_in_the_column_of_the_rmse(place: Place) -> None:
    lines = 'for n in range(1, 4):\n    print(f"Epoch {n}/3\\nloss: {1 / n} - val_accuracy: 0.5 - val_mae: 0.1")\n'
    place.script(script(f"{lines}leave_what_the_phase_asks_for()"))
    async with place.trainer() as trainer:
        await trainer.trained()
    assert place.read(HISTORY).startswith(f"{HEADER}1,1,,,,\n2,0.5,,,,\n3,")


async def test_the_results_of_ultralytics_are_read_where_it_writes_them(place: Place) -> None:
    place.script(
        script("""
folder = pathlib.Path("runs/detect/train")
folder.mkdir(parents=True)
head = "epoch, train/box_loss, train/cls_loss, val/box_loss, val/cls_loss\\n"
rows = "".join(f"{n}, {0.5 / n}, {0.5 / n}, {1.0 / n}, {1.0 / n}\\n" for n in range(1, 9))
(folder / "results.csv").write_text(head + rows)
leave_what_the_phase_asks_for()
""")
    )
    async with place.trainer() as trainer:
        await trainer.trained()
    assert place.read(HISTORY).startswith(f"{HEADER}1,1,2,,,\n2,0.5,1,,,\n")


@pytest.mark.parametrize("tune", ["NaN", "Infinity", "1" + "0" * 400, "true"])
def test_divergences_are_judged_whatever_a_script_says_of_its_tuning(place: Place, tune: str) -> None:
    ended(place, "1-full-1")
    told = (
        f'{{"kind": "arguments", "at": 1, "call": "pymc.sample", "values": {{"tune": {tune}}}}}\n'
        '{"kind": "draws", "at": 2, "chain": 0, "draw": 1000, "draws": 1000, "divergences": 500}\n'
    )
    state(place, "runs", "1-full-1", "metrics.jsonl").write_text(told)
    desk = place.desk()
    run = desk.ledger.run("1-full-1")
    assert run is not None
    status = RunStatus(run=run.id, state=RunState.COMPLETED, started_at=run.at, ended_at=run.at)
    histories.update(desk, run, status)
    assert [one.id for one in desk.ledger.findings(run=run.id)] == ["1-full-1:divergences"]
    desk.ledger.close()


def test_a_table_that_the_run_wrote_elsewhere_is_a_history_where_it_names_epochs_or_is_called_one(place: Place) -> None:
    ended(place, "1-full-1")
    rows = "".join(f"{one},{1 / one},{2 / one}\n" for one in range(1, 11))
    tables = {
        "out/cv_metrics.csv": f"fold,train_loss,val_loss\n{rows}",
        "out/losses.csv": f"epoch,train_loss,val_loss\n{rows}",
        "out/history.json": '{"loss": [0.5, 0.4, 0.3], "val_loss": [0.6, 0.5, 0.4]}',
    }
    for path, text in tables.items():
        (place.root / path).parent.mkdir(exist_ok=True)
        (place.root / path).write_text(text, encoding="utf-8")
    desk = place.desk()
    run = desk.ledger.run("1-full-1")
    assert run is not None
    found = [path for path, _ in histories.written(desk, run, time.time(), list(tables))]
    assert found == ["out/losses.csv", "out/history.json"]
    desk.ledger.close()


def test_a_look_that_has_nothing_new_to_record_waits_for_no_writer(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended(place, "1-full-1")
    losses = '{"at": 1, "epoch": 1, "train_loss": 0.5}\n'
    state(place, "runs", "1-full-1", "metrics.jsonl").write_text(losses)
    desk = place.desk()
    run = desk.ledger.run("1-full-1")
    assert run is not None
    running = RunStatus(run=run.id, state=RunState.RUNNING, started_at=run.at)
    histories.update(desk, run, running)
    with monkeypatch.context() as full:
        fill(full)
        histories.update(desk, run, running)
    desk.ledger.close()


def test_the_history_of_a_run_that_goes_on_is_written_every_other_second_and_that_of_one_that_ended_at_once(
    place: Place,
) -> None:
    ended(place, "1-full-1")
    told = state(place, "runs", "1-full-1", "metrics.jsonl")
    desk = place.desk()
    run = desk.ledger.run("1-full-1")
    assert run is not None
    lines, goes_on = "", RunStatus(run=run.id, state=RunState.RUNNING, started_at=run.at)
    for epoch, later_s, status, rows in (
        (1, 0.0, goes_on, 1),
        (2, 0.0, goes_on, 1),
        (3, histories.REWRITTEN_EVERY_S, goes_on, 3),
        (4, 0.0, replace(goes_on, state=RunState.COMPLETED), 4),
    ):
        lines += f'{{"at": {epoch}, "epoch": {epoch}, "train_loss": 0.5}}\n'
        told.write_text(lines)
        written = place.root / HISTORY
        at = written.stat().st_mtime + later_s if written.exists() else time.time()
        histories.update(replace(desk, clock=lambda at=at: at), run, status)
        assert len(place.read(HISTORY).splitlines()) == 1 + rows
    desk.ledger.close()
