"""Real runs for the tests: written down as the server does it, launched for real, killed for real."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import psutil
from watchkeeper.server.runtime import run_directory
from watchkeeper.server.runtime.engines.local import LocalEngine
from watchkeeper.server.runtime.keeper import lock, procfs, records
from watchkeeper.server.runtime.run_directory import RunStatus
from watchkeeper.server.vocabulary.runs import RunState

from ...limits import HANG_S

WAITS = """
import os, pathlib, signal, sys, time
print("ready")
while not pathlib.Path("go").exists():
    time.sleep(0.01)
"""
"""The beginning of a training that goes on until the test says go."""
SERVER_FOLDER = Path(run_directory.__file__).parent
T = TypeVar("T")


def until(condition: Callable[[], T | None], what: str = "") -> T:
    """Return the condition's first true value; fail when it never comes.

    It rests three times as long as a look took, half a second at most: looks that start a program take less so.
    """
    begun = time.monotonic()
    deadline = begun + HANG_S
    while not (value := condition()):
        looked = time.monotonic()
        assert looked < deadline, f"waited {HANG_S:g} s in vain: {what or condition}"
        time.sleep(min(max(0.01, 3 * (looked - begun)), 0.5))
        begun = time.monotonic()
    return value


class Run:
    """One run of a test. What is not said is the training of a script that the test gives."""

    def __init__(self, workspace: Path, script: str = "", **said: object) -> None:
        run = str(said.get("run", "1-quick-1"))
        self.workspace = workspace
        self.dir = workspace / "runs" / run
        self.log = workspace / str(said.get("log", "training.log"))
        self.engine = LocalEngine()
        self.dir.mkdir(parents=True)
        spec = {
            "run": run, "workspace": str(workspace), "model": "1", "phase": "quick", "attempt": 1,
            "argv": [sys.executable, "-c", script], "cwd": str(workspace), "env": dict(os.environ), "limit_s": None,
            "sample_s": 0.2, "grace_s": 30.0, "log": self.log.name,
        }  # fmt: skip
        records.write(self.dir / records.SPEC, {**spec, **said})

    @contextmanager
    def opened_log(self) -> Generator[int]:
        descriptor = os.open(self.log, os.O_APPEND | os.O_CREAT | os.O_RDWR, 0o600)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def launch(self) -> Run:
        with self.opened_log() as descriptor:
            self.engine.launch(self.dir, descriptor)
        return self

    def attach(self) -> Run:
        with self.opened_log() as descriptor:
            self.engine.attach(self.dir, descriptor)
        return self

    def launch_until_ready(self) -> Run:
        """Launch, and wait until the script has said so."""
        self.launch()
        until(lambda: "ready" in self.said(), "the script is ready")
        return self

    def status(self) -> RunStatus:
        return run_directory.judge(run_directory.read_facts(self.dir))

    def becomes(self, state: RunState) -> RunStatus:
        return until(lambda: status if (status := self.status()).state is state else None, f"it is {state}")

    def ends(self) -> RunStatus:
        """Wait for the end, and until the keeper has nothing more to do."""
        return until(lambda: status if (status := self.status()).state.final and status.settled else None, "it ends")

    def go(self) -> Run:
        (self.workspace / "go").touch()
        return self

    def limited(self, limit_s: float) -> Run:
        """Give the run, whose keeper is gone, the limit with which it might have begun.

        A real one may be over, on a busy machine, before the test has ended the keeper.
        """
        records.write(self.dir / records.SPEC, {**self.record(records.SPEC), "limit_s": limit_s})
        start = self.record(records.START)
        deadline = (records.number(start, "started_boottime_s") or 0.0) + limit_s
        records.write(self.dir / records.START, {**start, "deadline_boottime_s": deadline})
        return self

    def ask_to_stop(self, reason: str = "enough") -> Run:
        records.create(self.dir / records.STOP, {"reason": reason, "who": "director", "act": 7, "at": time.time()})
        self.engine.hasten(self.dir)
        return self

    @property
    def keeper(self) -> tuple[int, int]:
        """Pid and start_ticks of the keeper that has the run."""
        holder = until(lambda: lock.holder(self.dir / records.LOCK), "a keeper has come")
        pid, ticks = records.whole(holder, "pid"), records.whole(holder, "start_ticks")
        assert pid is not None
        assert ticks is not None
        return pid, ticks

    @property
    def pid(self) -> int:
        pid = self.status().pid
        assert pid is not None
        return pid

    def keepers(self) -> list[tuple[int, int]]:
        """Every keeper that was launched for this run and lives, whether it has the lock or not.

        A child at the gate still looks like its keeper; it is none.
        """
        found = dict(processes_of(self.dir))
        return [(pid, ticks) for pid, ticks in found.items() if (one := procfs.stat(pid)) and one.ppid not in found]

    def kill_keeper(self) -> Run:
        keeper = self.keeper
        procfs.send(*keeper, signal.SIGKILL)
        until(lambda: not procfs.alive(*keeper), "the keeper is gone")
        return self

    def said(self) -> str:
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""

    def complaints(self) -> str:
        """What a keeper of this run wrote to its standard error."""
        path = self.dir / records.ERR
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def record(self, name: str) -> dict[str, object]:
        found = records.read(self.dir / name)
        assert found is not None
        return found


def processes_of(folder: Path) -> list[tuple[int, int]]:
    """Return every process that names the folder in its command line or its environment: keepers and trainings."""
    words = str(folder).encode()
    found: list[tuple[int, int]] = []
    for pid in procfs.pids():
        try:
            mentioned = any(words in _content(f"/proc/{pid}/{name}") for name in ("cmdline", "environ"))
            stat = procfs.stat(pid) if mentioned and pid != os.getpid() else None
        except OSError:
            continue
        if stat is not None and stat.alive:
            found.append((pid, stat.start_ticks))
    return found


def _content(path: str) -> bytes:
    """Return what a file holds, at less than half of the cost of a file object: a look opens hundreds."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return b"".join(iter(lambda: os.read(descriptor, 1 << 18), b""))
    finally:
        os.close(descriptor)


def holder_of(run_dir: Path) -> list[tuple[int, int]]:
    """Return the keeper that holds a run, if one does."""
    path = run_dir / records.LOCK
    with suppress(records.DamagedRecord):
        holder = lock.holder(path) if lock.held(path) else None
        pid, ticks = records.whole(holder, "pid"), records.whole(holder, "start_ticks")
        return [(pid, ticks)] if pid and ticks else []
    return []


def none_of(folder: Path) -> bool:
    """Wait until the processes that name the folder now have ended; return whether there were none.

    Looking through all processes every few milliseconds until these are gone costs more than they do.
    """
    found = processes_of(folder)
    for pid, ticks in found:
        with suppress(ProcessLookupError):
            end = os.pidfd_open(pid)
            try:
                if procfs.alive(pid, ticks):
                    select.select([end], [], [], HANG_S)
            finally:
                os.close(end)
    return not found


def end_processes_of(folder: Path) -> None:
    """End every process that names the folder, also those that are begun meanwhile."""

    def none_left() -> bool:
        found = processes_of(folder)
        for process in found:
            procfs.send(*process, signal.SIGKILL)
        return not found

    until(none_left, "the processes of the test are gone")


def children() -> set[int]:
    """Return the pids of this process's children, ended and not yet reaped ones too."""
    return {one.pid for one in psutil.Process().children()}


def reaped(others: set[int]) -> bool:
    """Reap what has ended of this process's children; whether none is left but those of other tests."""
    for pid in children() - others:
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    return children() <= others
