"""The script of a job: what comes while its interpreter starts ends nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from watchkeeper.server.runtime.engines import keeper_command, slurm
from watchkeeper.server.runtime.keeper import records

from ...limits import HANG_S
from ..keeper.helpers import until


def test_a_warning_that_comes_before_the_waiter_can_take_it_ends_nothing(tmp_path: Path) -> None:
    """Slurm sends it with the job's first second where the time limit is short."""
    run_dir = tmp_path / ".watchkeeper/runs/1-quick-1"
    run_dir.mkdir(parents=True)
    records.create(run_dir / records.SPEC, {"workspace": str(tmp_path), "nonce": "n"})
    log = os.open(tmp_path / "log", os.O_RDWR | os.O_CREAT)
    script = tmp_path / "script"
    script.write_bytes(slurm.script(keeper_command.SERVER_FOLDER, run_dir, log))
    os.close(log)
    begun = subprocess.Popen(["/bin/sh", str(script)])
    until(lambda: sys.executable.encode() in Path(f"/proc/{begun.pid}/cmdline").read_bytes(), "the interpreter starts")
    for _ in range(3):
        begun.send_signal(signal.SIGUSR2)
        begun.send_signal(signal.SIGUSR1)
    begun.wait(HANG_S)
    end = records.read(run_dir / records.EXIT)
    assert records.text(end, "outcome") == "never_started"  # as its orders name no training: so far it came
