"""`log` writes what it is given, whatever that is, and never stands in a script's way."""

from __future__ import annotations

import ast
import json
import math
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import numpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from watchkeeper.server.runtime.probe import PATH_FOLDER
from watchkeeper.server.runtime.probe.reading import read_probe

from ...limits import examples
from .helpers import FILE, loaded, run, told

SOURCE = Path(PATH_FOLDER, "watchkeeper_probe.py").read_text(encoding="utf-8")


@pytest.fixture
def probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    module = loaded(tmp_path, monkeypatch)
    # Nothing but an epoch, a flush or the first of a series writes a line in these tests.
    monkeypatch.setattr(module, "INTERVAL_S", 3600.0)
    yield module
    module.flush()


def lines(folder: Path) -> list[dict[str, object]]:
    """Return the file's records without time and process."""
    records = [json.loads(line) for line in (folder / FILE).read_text(encoding="ascii").splitlines()]
    return [{name: value for name, value in record.items() if name not in ("at", "pid")} for record in records]


def test_numbers_are_written_and_everything_else_is_left_out(probe: ModuleType, tmp_path: Path) -> None:
    probe.log(
        epoch=numpy.int64(3),
        train_loss=numpy.float32(0.5),
        val_loss=numpy.array([0.25]),
        lr=Decimal("0.001"),
        nan=math.nan,
        inf=numpy.inf,
        low=-math.inf,
        flag=True,
        nothing=None,
        text="0.5",
        raw=b"1",
        table=numpy.ones(3),
        odd=object(),
        complex=1j,
        huge=10**400,
    )
    assert lines(tmp_path) == [
        {
            "epoch": 3,
            "train_loss": 0.5,
            "val_loss": 0.25,
            "lr": 0.001,
            "nan": "nan",
            "inf": "inf",
            "low": "-inf",
            "flag": 1,
        }
    ]


def test_a_value_that_raises_when_it_is_read_is_left_out(probe: ModuleType, tmp_path: Path) -> None:
    class Broken:
        def __float__(self) -> float:
            raise RuntimeError("device lost")

    probe.log(epoch=1, train_loss=Broken(), val_loss=2.0)
    assert lines(tmp_path) == [{"epoch": 1, "val_loss": 2.0}]


def test_names_of_the_record_itself_cannot_be_forged(probe: ModuleType, tmp_path: Path) -> None:
    probe.log(kind=1, at=2, pid=3, loss=4)
    assert lines(tmp_path) == [{"loss": 4}]


def test_a_series_keeps_its_newest_value_until_it_is_flushed(probe: ModuleType, tmp_path: Path) -> None:
    for step in range(1000):
        probe.log(step=step, loss=1.0 / (step + 1))
    assert lines(tmp_path) == [{"step": 0, "loss": 1.0}]
    probe.flush()
    assert lines(tmp_path) == [{"step": 0, "loss": 1.0}, {"step": 999, "loss": 0.001}]


def test_a_value_that_was_kept_back_is_written_once_it_is_due(
    probe: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "INTERVAL_S", 0.0)
    for step in range(3):
        probe.log(step=step, loss=step)
    assert [line["step"] for line in lines(tmp_path)] == [0, 1, 2]


def test_no_epoch_is_dropped_and_its_last_value_is_written_too(probe: ModuleType, tmp_path: Path) -> None:
    for epoch in range(3):
        for batch in range(5):
            probe.log(epoch=epoch, train_loss=float(batch))
        probe.log(epoch=epoch, val_loss=9.0)
    assert [(line["epoch"], line.get("train_loss", "val")) for line in lines(tmp_path)] == [
        *[(0, 0.0), (0, "val"), (0, 4.0)],
        *[(1, 0.0), (1, "val"), (1, 4.0)],
        *[(2, 0.0), (2, "val")],
    ]
    probe.flush()
    history = told(tmp_path).history
    assert (history.epochs, history.train_loss, history.val_loss) == ([0, 1, 2], [4.0] * 3, [9.0] * 3)


def test_a_script_that_makes_up_names_for_ever_costs_no_more_memory(probe: ModuleType, tmp_path: Path) -> None:
    for number in range(1000):
        probe.log(**{f"layer_{number}": 1.0})
    probe.flush()
    assert 200 <= len(lines(tmp_path)) <= 202


def test_beyond_its_limit_the_file_grows_slowly_and_says_so(
    probe: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "LIMIT_BYTES", 2000)
    for epoch in range(500):
        probe.log(epoch=epoch, train_loss=1.0)
    probe.flush()
    assert (tmp_path / FILE).stat().st_size < 2500
    assert told(tmp_path).notes == ("more than 2000 bytes: from here a line per 10 s",)
    assert lines(tmp_path)[-1] == {"epoch": 499, "train_loss": 1.0}


def test_threads_do_not_tear_each_others_lines(probe: ModuleType, tmp_path: Path) -> None:
    def train(thread: int) -> None:
        for epoch in range(200):
            probe.log(**{"epoch": thread * 1000 + epoch, f"loss_{thread}": 0.1})

    threads = [threading.Thread(target=train, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {line["epoch"] for line in lines(tmp_path)} == {a * 1000 + b for a in range(8) for b in range(200)}


FORKS = """
import os, watchkeeper_probe as probe
probe.INTERVAL_S = 3600
probe.log(loss=1.0)
probe.log(loss=2.0)
for child in range(4):
    if not os.fork():
        for epoch in range(300):
            probe.log(epoch=epoch, child=child, **{"x" * 60 + str(n): 0.5 for n in range(40)})
        raise SystemExit
for _ in range(4):
    os.wait()
"""


def test_forked_workers_write_whole_lines_and_nothing_of_their_parents(tmp_path: Path) -> None:
    done = run(tmp_path, FORKS)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    found = lines(tmp_path)
    children = sorted((line["child"], line["epoch"]) for line in found if "child" in line)
    assert children == [(child, epoch) for child in range(4) for epoch in range(300)]
    assert [line for line in found if "child" not in line] == [{"loss": 1.0}, {"loss": 2.0}]
    assert len(told(tmp_path).other_pids) == 4


FULL_DISK = """
import resource, watchkeeper_probe as probe
size = resource.RLIM_INFINITY
resource.setrlimit(resource.RLIMIT_FSIZE, (400, size))
for epoch in range(20):
    probe.log(epoch=epoch, train_loss=0.5)
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
probe.log(epoch=20, train_loss=0.25)
print("trained")
"""


def test_a_disk_that_refuses_lines_does_not_hurt_and_the_gap_is_stated(tmp_path: Path) -> None:
    done = run(tmp_path, FULL_DISK)
    assert (done.returncode, done.stdout, done.stderr) == (0, "trained\n", "")
    data = told(tmp_path)
    kept = [int(row["epoch"]) for row in data.rows]
    first = next(epoch for epoch in range(21) if epoch not in kept)
    # The line that was torn is written anew: the newest before the disk had room again.
    assert kept == [*range(first), 19, 20]
    assert data.notes == (f"{19 - first} lines were lost: File too large",)


CLOSED = """
import os, watchkeeper_probe as probe
probe.log(epoch=1, train_loss=1.0)
os.closerange(3, 256)
mine = open("mine.txt", "w")
os.chdir("/")
probe.log(epoch=2, train_loss=0.5)
mine.write("mine")
"""


def test_a_script_that_closes_every_descriptor_is_still_heard_and_its_files_are_left_alone(tmp_path: Path) -> None:
    assert run(tmp_path, CLOSED).returncode == 0
    assert [row["epoch"] for row in told(tmp_path).rows] == [1, 2]
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "mine"


def test_without_a_run_nothing_happens(tmp_path: Path) -> None:
    script = (
        "import watchkeeper_probe as p; p.log(epoch=1, loss=1); p.pymc_callback(1, 2); p.nutpie_callback(3); p.flush()"
    )
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": PATH_FOLDER, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr, list(tmp_path.iterdir())) == ("", "", [])


def test_a_run_directory_that_is_gone_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    probe = loaded(tmp_path / "gone", monkeypatch)
    probe.log(epoch=1, train_loss=1.0)
    probe.tell("note", text="x")
    probe.flush()
    assert list(tmp_path.iterdir()) == []


@given(st.dictionaries(st.text(max_size=70), st.one_of(st.none(), st.text(), st.integers(), st.floats()), max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(50))
def test_whatever_is_logged_can_be_read(probe: ModuleType, tmp_path: Path, values: dict[str, object]) -> None:
    (tmp_path / FILE).unlink(missing_ok=True)
    probe.log(**values)
    probe.flush()
    data = (tmp_path / FILE).read_bytes() if (tmp_path / FILE).exists() else b""
    assert data.count(b"\n") == len(data.splitlines()) <= 2
    assert read_probe(data).offset == len(data)


def test_the_module_is_python_3_8_and_needs_the_standard_library_only() -> None:
    for node in ast.walk(ast.parse(SOURCE, feature_version=(3, 8))):
        if isinstance(node, ast.Import):
            assert {name.name for name in node.names} <= sys.stdlib_module_names
        if isinstance(node, ast.ImportFrom):
            assert node.module in sys.stdlib_module_names
