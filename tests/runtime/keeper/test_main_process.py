"""How the main process ended is not lost with a keeper that is killed before it has written that down."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
from watchkeeper.server.runtime.engines import keeper_command
from watchkeeper.server.runtime.keeper import procfs
from watchkeeper.server.vocabulary.runs import RunState

from ...limits import HANG_S
from .helpers import WAITS, Run, until

LOOKS = """
import subprocess, sys, time
from watchkeeper.server.runtime.keeper import main_process, procfs
with subprocess.Popen(["/bin/sh", "-c", sys.argv[1]]) as process:
    child = main_process.Child(process.pid, 0, -1)
    while not child.ended:
        time.sleep(0.01)
        child.look()
    child.look()
    left = procfs.stat(process.pid)
    held = child.user_s + child.system_s
    child.held = False
    child.look()
    print(child.wait_status, left.wait_status, left.alive, procfs.stat(process.pid), child.peak_rss_bytes > 0)
    print(held > 0.02, abs(child.user_s + child.system_s - held) < 0.05)
"""
BUSY = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; "


@pytest.mark.parametrize(("end", "status"), [("exit 3", 3 << 8), ("kill -9 $$", 9), ("exit 0", 0)])
def test_a_child_is_left_unreaped_until_its_end_is_noted_and_counted_once(end: str, status: int) -> None:
    command = [sys.executable, "-P", "-c", LOOKS, BUSY + end]
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANG_S, check=True)
    assert done.stdout.split() == [str(status), str(status), "False", "None", "True", "True", "True"]


def killed_before_it_could_write(run: Run) -> None:
    """Let the training end while its keeper can write nothing, and kill the keeper when it has seen that."""
    pid, (keeper, _) = run.pid, run.keeper
    resource.prlimit(keeper, resource.RLIMIT_FSIZE, (0, 0))
    run.go()
    until(lambda: (found := procfs.stat(pid)) is None or not found.alive, "it has ended")
    ended_at = time.monotonic()
    until(lambda: time.monotonic() > ended_at + 0.5, "its keeper has seen that")
    run.kill_keeper()


def test_a_keeper_that_is_killed_before_the_end_is_on_disk_leaves_the_status_to_whoever_inherits(
    workspace: Path, reaper: None
) -> None:
    run = Run(workspace, WAITS + "sys.exit(7)").launch_until_ready()
    killed_before_it_could_write(run)
    status = run.attach().ends()
    assert (status.state, status.exit_code) == (RunState.FAILED, 7)


def test_in_a_job_that_is_its_waiter(workspace: Path) -> None:
    run = Run(workspace, WAITS + "sys.exit(7)", engine={"kind": "slurm"})
    words = [*keeper_command.words(keeper_command.SERVER_FOLDER), "job", str(run.dir), run.log.name]
    with subprocess.Popen(words, env={"PATH": "/usr/bin:/bin", "SLURM_JOB_ID": "7"}, cwd="/") as waiter:
        until(lambda: "ready" in run.said(), "the script is ready")
        killed_before_it_could_write(run)
        assert waiter.wait(HANG_S) == 7
    status = run.ends()
    assert (status.state, status.exit_code) == (RunState.FAILED, 7)
