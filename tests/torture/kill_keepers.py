"""Keepers, and waiters of jobs, are killed at random moments; the training ran at most once and its state is the truth.

    python -m tests.torture.kill_keepers --wanted 2000 --seed 1000 --results FILE      # from the project's root

A training is a shell that waits at a FIFO: it costs nothing, begins at once and ends when it is told. What a server
does when it looks is done by hand. A job's waiter is begun as Slurm does it, without one.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from watchkeeper.server.runtime import run_directory
from watchkeeper.server.runtime.engines import keeper_command
from watchkeeper.server.runtime.engines.words import Kind, Word
from watchkeeper.server.runtime.keeper import procfs, records
from watchkeeper.server.runtime.run_directory import RunStatus
from watchkeeper.server.vocabulary.runs import RunState

from ..limits import HANG_S
from ..runtime.keeper.helpers import Run, holder_of, processes_of, until
from . import campaign

LIVES = 8
"""Of one round, each a run of its own."""
COMES_S = 0.4
"""The moment of a kill is drawn over so long, on a machine that has nothing else to do more than a launch takes."""
JOB_ENV = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "SLURM_JOB_ID": "7"}
TRAINING = 'printf x >> "$1"; echo ready; read line < "$2"; exit 3'

Seen = tuple[RunState, int | None, str]
"""State, exit status, and an x for each time that the training began."""


class Life:
    """One run, from its launch to its end, and what was done to it."""

    def __init__(self, root: Path, number: int, draw: random.Random, faults: Counter[str], **said: Any) -> None:
        name = f"1-quick-{number}"
        self.ran, gate = root / f"ran-{number}", root / f"gate-{number}"
        os.mkfifo(gate)
        self._gate = os.open(gate, os.O_RDWR | os.O_NONBLOCK)
        argv = ["/bin/sh", "-c", TRAINING, "sh", str(self.ran), str(gate)]
        if draw.random() < 0.3:
            said["guarded"] = str(root / "runs")
        log = f"{name}.log"
        self.run = Run(
            root, run=name, argv=argv, env={"PATH": "/usr/bin:/bin"}, log=log, seal_paths=[log], seal_max_bytes=1000,
            grace_s=5.0, **said,
        )  # fmt: skip
        self._draw, self._faults = draw, faults
        self.told_to_end = self.stopped = self.lost = False

    def close(self) -> None:
        os.close(self._gate)

    def end(self) -> None:
        """Let the training end, now or as soon as it asks."""
        if not self.told_to_end:
            os.write(self._gate, b"go\n")
            self.told_to_end = True

    def began(self) -> str:
        return self.ran.read_text() if self.ran.exists() else ""

    def pause(self) -> None:
        """Let a random time pass, short ones more often."""
        deadline = time.monotonic() + COMES_S * self._draw.random() ** 2
        while (left_s := deadline - time.monotonic()) > 0:
            time.sleep(left_s)

    def kill(self, what: str, *processes: tuple[int, int]) -> None:
        """Kill what is there, and wait until it is gone."""
        for one in processes:
            procfs.send(*one, signal.SIGKILL)
            until(lambda one=one: not procfs.alive(*one), "it is gone")
            self._faults[what] += 1

    def keeper(self) -> list[tuple[int, int]]:
        """Return the keeper that holds the run, if one does."""
        return holder_of(self.run.dir)

    def is_watched(self) -> bool:
        """Whether its keeper has come so far that it has hold of the main process."""
        try:
            links = [os.readlink(one) for pid, _ in self.keeper() for one in Path(f"/proc/{pid}/fd").iterdir()]
        except OSError:
            return False
        return any("pidfd" in one for one in links)


def local(life: Life, draw: random.Random) -> list[str]:
    """Kill keepers of a run of this machine, again and again, and look after it as a server does."""
    run = life.run.launch()
    stops, at_the_end = draw.random() < 0.3, draw.random() < 0.4
    recorded = False
    for last in [False] * draw.randint(1, 4) + [True]:
        if last and (stops or at_the_end):
            life.stopped = stops
            (run.ask_to_stop if stops else life.end)()
        life.pause()
        found = run.keepers() if draw.random() < 0.5 else life.keeper()
        recorded |= (run.dir / records.EXIT).exists()
        life.kill("keeper", *found)
        recorded |= (run.dir / records.EXIT).exists()
        long_ago = time.time() - 20  # as if the server had looked away for a while
        os.utime(run.dir / records.SPEC, (long_ago, long_ago))
        _looked_after(run)
    if not life.told_to_end:  # what ends while no keeper is there may be lost: that is drawn above
        until(lambda: _looked_after(run) or (life.is_watched() and life.began()), "a keeper is with it")
        life.end()
    status = until(lambda: _looked_after(run), f"{run.dir.name} ends")
    fits: list[Seen] = [(RunState.FAILED, 3, "x"), (RunState.NEVER_STARTED, None, "")]
    if life.stopped:
        fits += [(RunState.STOPPED, status.exit_code, "x"), (RunState.STOPPED, None, "")]
    if (life.stopped or at_the_end) and not recorded and "keeper was killed" in status.reason:
        fits.append((RunState.LOST, None, "x"))
    return _judged(life, status, fits)


def _looked_after(run: Run) -> RunStatus | None:
    """Do once what a server does when it looks at a run; return the status when the run is over."""
    status = run.status()
    if status.needs_launch:
        run.launch()
    if status.needs_keeper:
        run.attach()
    if status.needs_closing:
        run_directory.close_never_started(run.dir)
    return status if status.state.final and status.settled else None


def job(life: Life, draw: random.Random) -> list[str]:
    """Kill the waiter of a job, or its keeper; the other one records the true end."""
    run = life.run
    words = [*keeper_command.words(keeper_command.SERVER_FOLDER), "job", str(run.dir), run.log.name]
    waiter = subprocess.Popen(words, env=JOB_ENV, cwd="/", stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        ticks = getattr(procfs.stat(waiter.pid), "start_ticks", 0)
        at_the_end, which = draw.random() < 0.4, draw.choice(("waiter", "keeper", "keeper"))
        if at_the_end:
            until(lambda: life.began() or waiter.poll() is not None, "the training begins")
            life.end()
        life.pause()
        life.kill(f"{which} of a job", *(life.keeper() if which == "keeper" else [(waiter.pid, ticks)]))
        life.end()
        until(lambda: not processes_of(run.dir) and waiter.poll() is not None, f"nothing of {run.dir.name} lives")
    finally:
        waiter.kill()
        waiter.wait(HANG_S)
    now = time.time()
    word = Word(
        engine="Slurm", kind=Kind.ENDED, job="7", asked_at=now, submitted_at=now - 900, since=now - 600, tries=1
    )
    status = run_directory.judge(replace(run_directory.read_facts(run.dir), word=word))
    fits: list[Seen] = [(RunState.FAILED, 3, "x"), (RunState.NEVER_STARTED, None, "")]
    if which == "waiter":
        fits.append((RunState.STOPPED, status.exit_code, "x"))
    return _judged(life, status, fits)


def ended_word() -> Word:
    """Return what Slurm would say of a job that ended a while ago."""
    now = time.time()
    return Word(engine="Slurm", kind=Kind.ENDED, job="7", asked_at=now, submitted_at=now - 900, since=now - 600)


def _judged(life: Life, status: RunStatus, fits: list[Seen]) -> list[str]:
    seen = (status.state, status.exit_code, life.began())
    life.lost = status.state is RunState.LOST
    wrong = [] if seen in fits else [f"{life.run.dir.name}: {seen}, {status.reason!r}, {life.run.complaints()[-500:]}"]
    until(lambda: not processes_of(life.run.dir), f"{life.run.dir.name} leaves nothing")
    traced = ["a traceback of a keeper"] if "Traceback" in life.run.complaints() else []
    return [*wrong, *traced]


def play(root: Path, draw: random.Random, found: campaign.Round) -> None:
    """Play one round in an empty folder."""
    for number in range(1, LIVES + 1):
        in_job = draw.random() < 0.5
        more = {"engine": {"kind": "slurm"}} if in_job else {}
        life = Life(root, number, draw, found.faults, **more)
        wrong = (job if in_job else local)(life, draw)
        found.allowed["lost in a job" if in_job else "lost"] += life.lost and not wrong
        found.violations += wrong
        life.close()


if __name__ == "__main__":
    sys.exit(campaign.run(play, sys.argv[1:], __doc__ or ""))
