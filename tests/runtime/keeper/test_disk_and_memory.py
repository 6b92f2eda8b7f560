"""Where disk or memory run out: the exit status is kept, what was lost is stated, the OOM killer is recognised."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.runtime.keeper import oom, records
from watchkeeper.server.runtime.run_directory import RunStatus
from watchkeeper.server.runtime.samples import usage as samples_of
from watchkeeper.server.vocabulary.runs import Ended, RunState

from .helpers import WAITS, Run, until

TAKES_300_MB = WAITS + "taken = bytearray(300_000_000)\nprint('survived')"
LIMIT_BYTES = 100_000_000


@pytest.fixture
def small_disk(workspace: Path) -> Iterator[Path]:
    folder = workspace / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "watchkeeper-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("no right to mount a small tmpfs")
    yield folder
    unmount = ["umount", str(folder)]
    until(lambda: subprocess.run(unmount, check=False, capture_output=True).returncode == 0, "the disk is let go")


def fill(path: Path, block_bytes: int = 4096) -> None:
    """Append empty lines to the file until the disk takes no more."""
    with path.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\n" * block_bytes)
    assert os.statvfs(path).f_bavail == 0


@pytest.fixture
def run_on_a_full_disk(small_disk: Path, workspace: Path) -> Run:
    run = Run(small_disk, WAITS + "sys.exit(5)", sample_s=0.1, cwd=str(workspace)).launch_until_ready()
    fill(small_disk / "filler")
    fill(run.dir / records.USAGE, 1)
    return run


def let_go(run: Run, workspace: Path) -> RunStatus:
    (workspace / "go").touch()
    return run.ends()


def test_on_a_full_disk_the_exit_status_is_kept_and_the_lost_samples_are_stated(
    run_on_a_full_disk: Run, workspace: Path
) -> None:
    run = run_on_a_full_disk
    before, since_s = samples_of(run.dir), run.status().elapsed_s
    until(lambda: run.status().elapsed_s > since_s + 0.5)
    status = let_go(run, workspace)
    assert (status.state, status.exit_code) == (RunState.FAILED, 5)
    assert samples_of(run.dir) == before
    lost = status.lost_samples
    assert lost is not None
    assert (records.whole(lost, "count") or 0) >= 1
    assert before[-1].at <= (records.number(lost, "from") or 0) <= (records.number(lost, "to") or 0)
    assert (records.number(lost, "to") or 0) <= time.time()
    assert run.complaints() == ""


def test_a_keeper_that_is_attached_on_a_full_disk_keeps_the_exit_status_too(
    run_on_a_full_disk: Run, workspace: Path
) -> None:
    run = run_on_a_full_disk
    run.kill_keeper().attach().becomes(RunState.RUNNING)
    status = let_go(run, workspace)
    assert (status.state, status.exit_code, run.complaints()) == (RunState.FAILED, 5, "")


def test_a_start_on_a_full_disk_starts_nothing_and_can_be_repeated_later(small_disk: Path) -> None:
    run = Run(small_disk, "print('ran')")
    filler = small_disk / "filler"
    fill(filler)
    run.launch()
    until(lambda: run.complaints() or not run.keepers(), "its keeper gave up")
    assert (run.status().state, run.said()) == (RunState.STARTING, "")
    filler.unlink()
    assert run.launch().ends().state is RunState.COMPLETED
    assert run.said() == "ran\n"


CGROUPS = {"/sys/fs/cgroup/memory": "memory.limit_in_bytes", "/sys/fs/cgroup": "memory.max"}
"""Where memory cgroups are made and limited, in version 1 and version 2."""


@pytest.fixture
def memory_cgroup() -> Iterator[Path]:
    group = next((made for parent, limit in CGROUPS.items() if (made := limited(Path(parent), limit))), None)
    if group is None:
        pytest.skip("no memory cgroup can be made here")
    yield group
    until(lambda: not (group / "cgroup.procs").read_text(), "the cgroup is empty")
    group.rmdir()


def limited(parent: Path, limit: str) -> Path | None:
    group = parent / f"watchkeeper-test-{os.getpid()}"
    try:
        group.mkdir()
    except OSError:
        return None
    try:
        (group / limit).write_text(str(LIMIT_BYTES))
    except OSError:
        group.rmdir()
        return None
    return group


LAUNCHES_WITHIN = """
import os, sys
from pathlib import Path
open(sys.argv[1] + "/cgroup.procs", "w").write(str(os.getpid()))
from watchkeeper.server.runtime.engines.local import LocalEngine
LocalEngine().launch(Path(sys.argv[2]), os.open(sys.argv[3], os.O_APPEND | os.O_CREAT | os.O_RDWR))
"""


def launched_within(group: Path, run: Run) -> Run:
    subprocess.run([sys.executable, "-c", LAUNCHES_WITHIN, group, run.dir, run.log], check=True)
    until(lambda: "ready" in run.said())
    return run


def test_a_training_that_the_oom_killer_ended_is_told_from_one_that_was_killed(
    workspace: Path, memory_cgroup: Path
) -> None:
    run = launched_within(memory_cgroup, Run(workspace, TAKES_300_MB)).go()
    status = run.ends()
    assert (status.state, status.signal) == (RunState.OUT_OF_MEMORY, signal.SIGKILL)
    assert status.ended() == Ended(signal=signal.SIGKILL, out_of_memory=True)
    assert run.said() == "ready\n"


def test_a_training_that_somebody_killed_in_a_memory_cgroup_did_not_run_out_of_memory(
    workspace: Path, memory_cgroup: Path
) -> None:
    run = launched_within(memory_cgroup, Run(workspace, WAITS))
    os.kill(run.pid, signal.SIGKILL)
    status = run.ends()
    assert (status.state, status.out_of_memory) == (RunState.FAILED, False)


counts = st.fixed_dictionaries({"cgroup": st.none() | st.integers(0, 3), "machine": st.none() | st.integers(0, 3)})


@given(counts, counts, st.none() | st.integers(1, 64))
def test_the_counter_of_the_own_cgroup_decides_where_there_is_one(
    before: dict[str, object], after: dict[str, object], by_signal: int | None
) -> None:
    def rose(source: str) -> bool:
        first, last = records.whole(before, source), records.whole(after, source)
        return first is not None and last is not None and last > first

    known = before["cgroup"] is not None and after["cgroup"] is not None
    expected = by_signal == signal.SIGKILL and rose("cgroup" if known else "machine")
    assert oom.killed(before, after, by_signal) is expected
