"""What the helper wrote is read within bounds, whatever stands there."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.analysis.evidence.gpu_use import Board, GpuSample, GpuState, OnBoard, Xid
from watchkeeper.server.runtime.gpu import devices, reading

BEGIN = {"at": 1.0, "version": 1, "nonce": "n", "boards": [{"name": "A", "memory_bytes": 100}], "driver": "1"}
LOOK = {
    "at": 2.0,
    "boards": [{"percent": 50, "used_bytes": 99, "energy_mj": 5, "power_mw": 7, "lost": True}],
    "run": [{"pid": 4, "gpu": 0, "memory_bytes": 60, "percent": 40}],
    "others": [2],
    "unknown": 1,
}


def written(folder: Path, *lines: object) -> Path:
    (folder / reading.FILE).write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return folder


def test_the_gpus_of_all_nodes_are_those_of_the_run(tmp_path: Path) -> None:
    (tmp_path / "nodes").mkdir()
    none_yet = reading.use(tmp_path, "n", "sampled")
    assert none_yet is not None
    assert none_yet.state is GpuState.FAILED
    for node in ("n1", "n2"):
        folder = tmp_path / "nodes" / node
        folder.mkdir()
        written(folder, BEGIN, LOOK, {**LOOK, "at": 3.0, "run": [] if node == "n2" else LOOK["run"]})
    found = reading.use(tmp_path, "n", "sampled")
    assert found is not None
    assert (found.samples, found.names, found.peak_bytes, found.on_share) == (4, ("A", "A"), 120, 0.75)
    newest = reading.newest(tmp_path)
    assert newest is not None
    assert len({one.index for one in newest.boards}) == 2
    (tmp_path / "nodes/n3").mkdir()
    lacking = reading.use(tmp_path, "n", "sampled")
    assert lacking is not None
    assert lacking.state is GpuState.FAILED


def test_a_look_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert reading.sample(LOOK) == GpuSample(
        at=2.0,
        boards=(Board(index=0, percent=50.0, used_bytes=99, energy_mj=5, power_mw=7, lost=True),),
        ours=(OnBoard(pid=4, index=0, memory_bytes=60, percent=40.0),),
        others=(2,),
        unknown=1,
    )
    use = reading.use(written(tmp_path, BEGIN, LOOK, {"at": 3.0, "xid": 79, "gpu": 0}), "n", "sampled")
    assert use is not None
    assert (use.names, use.samples, use.full, use.xids) == (("A",), 1, True, (Xid(at=3.0, index=0, code=79),))
    assert reading.newest(tmp_path) == reading.sample(LOOK)


@pytest.mark.parametrize(
    ("state", "found"),
    [("", None), ("none", GpuState.NONE), ("off", GpuState.OFF), ("amd", GpuState.AMD), ("odd", GpuState.FAILED)],
)
def test_what_the_start_noted_needs_no_file(tmp_path: Path, state: str, found: GpuState | None) -> None:
    use = reading.use(tmp_path, "n", state)
    assert (use.state if use is not None else None) == found


def test_lines_without_a_known_begin_are_not_believed(tmp_path: Path) -> None:
    use = reading.use(written(tmp_path, LOOK, {**BEGIN, "nonce": "forged"}, LOOK), "n", "sampled")
    assert use is not None
    assert (use.state, use.samples) == (GpuState.FAILED, 0)


def test_something_else_in_its_place_holds_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / reading.FILE)
    assert reading.newest(tmp_path) is None
    assert reading.errors(tmp_path) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*LOOK, *BEGIN, "percent", "gpu", "xid", "pid"]), inner, max_size=6)
    ),
    max_leaves=20,
)


@given(st.lists(JSON | st.fixed_dictionaries(dict.fromkeys(LOOK, JSON)), max_size=4), st.binary(max_size=40))
def test_whatever_stands_there_is_read(
    tmp_path_factory: pytest.TempPathFactory, found: list[object], rest: bytes
) -> None:
    folder = tmp_path_factory.getbasetemp() / "gpu-reading"
    folder.mkdir(exist_ok=True)
    written(folder, BEGIN, *found)
    with (folder / reading.FILE).open("ab") as file:
        file.write(rest)
    use = reading.use(folder, "n", "sampled")
    assert use is not None
    assert 0 <= use.busy_share <= use.on_share <= 1
    reading.newest(folder)
    reading.errors(folder)


def test_the_policy_says_whether_gpus_are_looked_for() -> None:
    assert devices.found("off") is GpuState.OFF
    assert devices.found("on") is GpuState.SAMPLED
    there = any(Path(one).exists() for one in ("/dev/nvidiactl", "/proc/driver/nvidia/version", "/dev/dxg"))
    assert (devices.found("auto") is GpuState.SAMPLED) is there
