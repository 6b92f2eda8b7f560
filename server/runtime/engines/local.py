"""Runs on this machine: keepers as detached processes, signals and searches through /proc."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from ...vocabulary.errors import NotFound, Refused, WatchkeeperError
from ..keeper import hosts, lock, procfs, records, tree
from ..keeper.members import read as noted
from ..keeper.signals import HASTEN
from ..keeper.spec import marker
from ..run_directory import Facts, judge, read_facts
from . import Process, Word, keeper_command

_DETACHED_WITHIN_S = 60.0


class LocalEngine:
    """Launches keepers with the interpreter that runs the server.

    :param server_folder: where the package `keeper` lies; needs to be there only until the keeper has started.
    """

    def __init__(self, server_folder: Path = keeper_command.SERVER_FOLDER) -> None:
        self._server_folder = server_folder
        self._unheard: set[Path] = set()
        """Runs to be interrupted whose keeper has not said yet who it is."""

    def launch(self, run_dir: Path, log_fd: int) -> None:
        """See Engine."""
        self._detach("launch", run_dir, log_fd)

    def attach(self, run_dir: Path, log_fd: int) -> None:
        """See Engine."""
        self._detach("attach", run_dir, log_fd)

    def word(self, run_dir: Path) -> Word | None:  # noqa: ARG002 (of every run the same)
        """See Engine."""
        return None

    def hasten(self, run_dir: Path) -> None:
        """See Engine."""
        if run_dir in self._unheard:
            self.interrupt(run_dir)
        # A keeper of another user cannot be signalled; it sees the stop at its next sample all the same.
        _signal(run_dir, HASTEN, signal.SIGCONT)  # the second, because its training may have stopped it

    def interrupt(self, run_dir: Path) -> None:
        """See Engine. A run that has just begun has no keeper to signal yet: `hasten` interrupts it then."""
        self._unheard.add(run_dir)
        if _signal(run_dir, signal.SIGTERM, signal.SIGCONT):
            self._unheard.discard(run_dir)

    def end_strays(self, run_dir: Path, grace_s: float) -> list[Process]:
        """See Engine."""
        facts = _facts(run_dir)
        if facts is not None and not judge(facts).state.final:
            raise Refused(f"Run {run_dir.name} has not ended.", "Stop it with stop_training.")
        left = tree.end(lambda: _tree(run_dir).living(), grace_s, time.sleep)
        return [procfs.described(one) for one in left]

    def end_all(self, run_dir: Path, grace_s: float) -> list[Process]:
        """See Engine."""
        left = tree.end(lambda: self._found(run_dir), grace_s, time.sleep)
        return [procfs.described(one) for one in left]

    def _found(self, run_dir: Path) -> list[procfs.Stat]:
        self.hasten(run_dir)
        return _tree(run_dir).living()

    def living(self, run_dir: Path) -> list[Process]:
        """See Engine."""
        return [procfs.described(one) for one in _tree(run_dir).living()]

    def _detach(self, way: str, run_dir: Path, log_fd: int) -> None:
        command = [*keeper_command.words(self._server_folder), "detach", way, str(run_dir.absolute()), str(log_fd)]
        try:
            done = subprocess.run(  # noqa: S603 # an argument list of our own
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=[log_fd],
                env=_environment(),
                cwd="/",
                timeout=_DETACHED_WITHIN_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise WatchkeeperError(
                f"No keeper could be started: {error}.", "Call again once that is mended."
            ) from error
        if done.returncode != 0:
            last_line = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
            raise WatchkeeperError(f"No keeper could be started: {last_line}.", "Call again once that is mended.")


def _signal(run_dir: Path, *numbers: int) -> bool:
    """Signal the keeper of a run; return False where none is there to take it."""
    keeper = _keeper(run_dir)
    try:
        return keeper is not None and all(procfs.send(*keeper, number) for number in numbers)
    except PermissionError:
        return True


def _environment() -> dict[str, str]:
    """Return all that a keeper's own environment holds; some interpreters find their library through the first.

    It speaks UTF-8 by `-X utf8`; a locale's tables would stay in its memory.
    """
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", **kept}


def _keeper(run_dir: Path) -> tuple[int, int] | None:
    """Return pid and start_ticks of the keeper that holds the run now, None when there is none."""
    path = run_dir / records.LOCK
    try:
        holder = lock.holder(path) if lock.held(path) else None
    except records.DamagedRecord:
        holder = None  # the run's processes are found by their marker
    if holder is None or records.text(holder, "boot_id") != procfs.boot_id() or hosts.elsewhere(holder):
        return None
    pid, start_ticks = records.whole(holder, "pid"), records.whole(holder, "start_ticks")
    return None if pid is None or start_ticks is None else (pid, start_ticks)


def _tree(run_dir: Path) -> tree.Tree:
    """Return the tree of a run: its main process, its keeper's children, its recorded strays, and what is marked.

    Without its directory only the mark is left to go by, which names no file of it.
    """
    facts = _facts(run_dir)
    if facts is None:
        return tree.Tree(_marker({"workspace": str(run_dir.absolute().parents[2]), "run": run_dir.name}))
    if facts.copy_of:
        return tree.Tree(b"")  # what its records name belongs to the workspace that was copied
    pid, start_ticks = records.whole(facts.start, "pid"), records.whole(facts.start, "start_ticks")
    members = [(one.pid, one.start_ticks) for one in facts.strays]
    if pid is not None and start_ticks is not None:
        members.append((pid, start_ticks))
    members += noted(run_dir / records.MEMBERS)
    keeper = _keeper(run_dir)
    return tree.Tree(
        _marker(facts.spec or {}),
        ancestors=[keeper[0]] if keeper is not None and procfs.alive(*keeper) else [],
        members=members if facts.same_boot else [],
        log=tree.log_of(facts.start, _last_ticks(facts)) if facts.same_boot else None,
        wall=tree.wall_of(facts.spec, facts.start) if facts.same_boot else b"",
    )


def _last_ticks(facts: Facts) -> int | None:
    """Return the tick at which the run ended, as far as that is known; None while it goes on."""
    started_s = records.number(facts.start, "started_boottime_s")
    if started_s is None or facts.main_alive or (facts.exit is None and facts.lock_held):
        return None
    seen_s = facts.last_sample.boottime_s if facts.last_sample is not None else started_s
    return int(max(started_s + (records.number(facts.exit, "wall_s") or 0.0), seen_s) * procfs.TICKS_PER_S)


def _facts(run_dir: Path) -> Facts | None:
    """Return what lies in a run directory, None where there is none or something else lies in its place."""
    if run_dir.is_symlink():
        return None
    try:
        return read_facts(run_dir)
    except (NotFound, NotADirectoryError):
        return None


def _marker(spec: Mapping[str, object]) -> bytes:
    try:
        return marker(spec).encode("utf-8", "surrogateescape")
    except records.DamagedRecord:
        return b""  # without its spec a run's processes are found by descent only
