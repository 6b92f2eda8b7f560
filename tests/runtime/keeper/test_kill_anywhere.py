"""Whenever a keeper is killed, the training ran at most once and its state is the truth."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from watchkeeper.server.runtime.keeper import procfs, records
from watchkeeper.server.runtime.run_directory import RunStatus
from watchkeeper.server.vocabulary.runs import RunState

from .helpers import WAITS, Run, until

COUNTS = "open('ran', 'a').write('x')\n" + WAITS + "sys.exit(3)"


def looked_after(run: Run) -> RunStatus | None:
    """Do once what a server does when it looks at a run; return the status when the run is over."""
    status = run.status()
    if status.needs_launch:
        run.launch()
    if status.needs_keeper:
        run.attach()
    return status if status.state.final and status.settled else None


@pytest.mark.parametrize("after_ms", range(0, 100, 5))
def test_a_keeper_that_is_killed_so_soon_after_its_launch(workspace: Path, after_ms: int) -> None:
    run = Run(workspace, COUNTS).launch()
    # As if the server had looked away for a while: a keeper that has not come by now is launched again at once.
    long_ago = time.time() - 20
    os.utime(run.dir / records.SPEC, (long_ago, long_ago))
    launched_at = time.monotonic()
    until(lambda: time.monotonic() > launched_at + after_ms / 1000)
    for keeper in run.keepers():
        procfs.send(*keeper, signal.SIGKILL)
    run.go()
    status = until(lambda: looked_after(run), "it ends")
    ran = (workspace / "ran").read_text() if (workspace / "ran").exists() else ""
    assert (status.state, status.exit_code, ran) in [(RunState.FAILED, 3, "x"), (RunState.NEVER_STARTED, None, "")]
