"""Acts on a run on Slurm, as a desk does them."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

from watchkeeper.server.acts.desk import Desk
from watchkeeper.server.acts.start import start
from watchkeeper.server.acts.start.start import Start
from watchkeeper.server.acts.watch.look import find_run, look_at
from watchkeeper.server.runtime.engines import slurm
from watchkeeper.server.runtime.keeper import procfs, records
from watchkeeper.server.runtime.run_directory import RunStatus
from watchkeeper.server.vocabulary.runs import Phase, RunState

from ...runtime.keeper.helpers import until
from ...slurm import Slurm

EVERY_FAULT = "WATCHKEEPER_EVERY_FAULT"
RUN = "1-quick-1"
LOG = "output/implementation/logs/training_quick_1.log"


def begun(desk: Desk, follows: str | None = None) -> str:
    made = start.start(desk, start.request(desk, "1", Phase.QUICK, None, (), follows))
    assert isinstance(made, Start)
    return made.run.id


def status(desk: Desk, run: str = RUN) -> RunStatus:
    return look_at(desk, run).status


def becomes(desk: Desk, *states: RunState) -> RunStatus:
    return until(lambda: found if (found := status(desk)).state in states else None, f"it is one of {states}")


def ended(desk: Desk) -> RunState:
    """Look until the end is on record."""
    until(lambda: look_at(desk, RUN).run.ended, "its end is on record")
    end = find_run(desk, RUN).end
    assert end is not None
    return end.state


def process(desk: Desk, kind: str) -> int:
    """Return the pid of the run's waiter, keeper or main process."""
    start_ = records.read(desk.workspace.run_dir(RUN) / records.START) or {}
    main = records.whole(start_, "pid") or 0
    keeper = records.whole(records.part(start_, "keeper"), "pid") or 0
    waiter = procfs.stat(keeper)
    return {"main": main, "keeper": keeper, "waiter": waiter.ppid if waiter else 0}[kind]


def job(desk: Desk, cluster: Slurm) -> str:
    """Return the number of the run's job, once it has one: a start does not wait long for Slurm."""
    name = slurm.job_name(desk.workspace.run_dir(RUN))
    (number,) = until(lambda: [number for number, found, _ in cluster.states() if found == name], "Slurm has its job")
    return number


def cut_power(*pids: int) -> None:
    """End processes and what stands above them up to the daemon of the node, as a power cut does: all in one moment.

    They are stopped before the first is killed, parents first; who lived on would write down the others' end.
    """
    steps = {found.ppid for pid in pids if (found := procfs.stat(pid)) is not None} - {1}
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in dict.fromkeys((*steps, *pids)):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
