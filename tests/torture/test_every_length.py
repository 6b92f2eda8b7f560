"""Each record of a run directory, cut at every length or overwritten anywhere: the state is told, nothing raises."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from watchkeeper.server.runtime import samples
from watchkeeper.server.runtime.keeper import exit_record, hosts, procfs, records
from watchkeeper.server.runtime.run_directory import judge, read_facts
from watchkeeper.server.vocabulary.runs import RunState

from . import shim

NONCE = "n" * 32
DAMAGES = max(100, shim.TRIES * 10)
FILES = (records.SPEC, records.START, records.EXIT, records.USAGE, records.STOP, records.LOCK, records.MEMBERS)


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """A run that ended with status 5 a while ago, as its keeper left it."""
    folder = tmp_path / "runs" / "1-quick-1"
    folder.mkdir(parents=True)
    now = time.time()
    start = {"run": "1-quick-1", "nonce": NONCE, "pid": 2**22 - 1, "start_ticks": 1, "started_at": now - 50}
    start |= {"started_boottime_s": 1.0, "log_begin": 0, "log_device": 1, "log_inode": 2, **hosts.here()}
    spec = {"run": "1-quick-1", "workspace": str(tmp_path), "nonce": NONCE, "sample_s": 1.0, "argv": ["x"]}
    ended = exit_record.ended(
        "1-quick-1", 5 << 8, nonce=NONCE, ended_at=now - 10, wall_s=40.0, cpu_s=39.0, settled=True, strays=[]
    )
    sample = {"at": now - 20, "boottime_s": 20.0, "cpu_s": 19.0, "processes": 1, "rss_bytes": 1 << 20, "log_bytes": 7}
    written: list[tuple[str, Mapping[str, object]]] = [
        (records.SPEC, spec), (records.START, start), (records.USAGE, sample), (records.STOP, {"reason": "enough"}),
        (records.LOCK, {**hosts.here(), "pid": 2**22 - 1, "start_ticks": 1}), (records.MEMBERS, {"processes": "none"}),
    ]  # fmt: skip
    for name, record in written:
        records.write(folder / name, record)
    records.reserve(str(folder / records.EXIT_RESERVED[0]))
    records.publish(str(folder / records.EXIT_RESERVED[0]), str(folder / records.EXIT), exit_record.fitted(ended))
    return folder


def test_the_run_ended_with_status_5(run_dir: Path) -> None:
    status = judge(read_facts(run_dir, NONCE))
    assert (status.state, status.exit_code) == (RunState.FAILED, 5)
    assert procfs.stat(2**22 - 1) is None


@pytest.mark.parametrize("name", FILES)
def test_a_record_that_is_cut_at_any_length_or_overwritten_anywhere_is_told_and_nothing_raises(
    run_dir: Path, name: str
) -> None:
    path = run_dir / name
    whole, draw = path.read_bytes(), random.Random(shim.SEED)
    lengths = list(range(len(whole.rstrip()) + 1))
    damaged = [whole[:length] for length in draw.sample(lengths, min(len(lengths), DAMAGES // 2))]
    while len(damaged) < DAMAGES:
        place, size = draw.randrange(len(whole)), draw.randint(1, 40)
        noise = draw.choice([draw.randbytes(size), b"\0" * size, b'{"a":' * size, b"1e309", b"NaN", b"[" * size])
        damaged.append(whole[:place] + noise + whole[place + len(noise) :])
    for content in damaged:
        path.write_bytes(content)
        facts = read_facts(run_dir, NONCE)
        status = judge(facts)
        samples.usage(run_dir, None)
        assert not status.state.running, content
        if name != records.EXIT:
            assert (status.state, status.exit_code) == (RunState.FAILED, 5), content
        elif status.exit_code == 5 and status.state is RunState.COMPLETED:
            raise AssertionError(f"{content!r} became a good end")
