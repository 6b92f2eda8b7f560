"""The folder that a transcript is played in: what lies there first, what is killed, and the clearing up."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

from ...acts.desk import open_desk
from ...acts.start import stop
from ...acts.watch import look
from ...runtime.engines.local import LocalEngine
from ...runtime.keeper import lock, procfs, records
from ...runtime.run_directory import judge, read_facts
from ...storage.files.workspace import STATE_DIR, Workspace
from ...storage.policy.policy import POLICY_FILE, load_policy
from ...vocabulary.errors import NotFound, PathRefused, Refused, WatchkeeperError
from ...vocabulary.runs import Role
from .schema import Header

LONGEST_FILE = 4 << 20
_GONE_WITHIN_S = 10.0


class Stage:
    """A folder to play in.

    :param root: an existing folder.
    :raises PathRefused: it cannot be opened.
    """

    def __init__(self, root: Path) -> None:
        self._workspace = Workspace(root)
        self.root = self._workspace.root
        self._engine = LocalEngine()
        self._earlier = self._runs()

    def lay_out(self, header: Header) -> None:
        """Write the policy and the files of a header; nothing that lies there already is overwritten.

        :raises Refused: a file is there with another content.
        :raises PolicyInvalid: the header's policy is none.
        """
        files = dict(header.files)
        if header.policy is not None:
            load_policy(header.policy)
            files[POLICY_FILE] = header.policy
        for path, text in files.items():
            if self._workspace.exists(path) and self.read(path) != text:
                raise Refused(
                    f"{path} lies in {self.root} with another content; a transcript overwrites nothing at its start.",
                    "Play it in an empty folder, or without --workspace in a fresh one.",
                )
        self.write(files)

    def write(self, files: Mapping[str, str]) -> None:
        """Write files.

        :raises PathRefused: a path leads outside the folder or among watchkeeper's own files.
        """
        for path, text in files.items():
            if self._workspace.relative(path).partition("/")[0] == STATE_DIR:
                raise PathRefused(f"{path} is watchkeeper's own.", "A transcript writes beside it.")
            self._workspace.write_text_atomically(path, text)

    def read(self, path: str) -> str | None:
        """Return a file's text, None when it is not there."""
        if not self._workspace.exists(path):
            return None
        return self._workspace.read_bytes(path, LONGEST_FILE).decode("utf-8", "replace")

    def kill_keeper(self, run: str) -> None:
        """End the keeper of a run by SIGKILL and wait until it is gone.

        :raises NotFound: nobody keeps that run.
        """
        path = self._workspace.run_dir(run) / records.LOCK
        holder = lock.holder(path) if lock.held(path) else None
        pid, ticks = records.whole(holder, "pid"), records.whole(holder, "start_ticks")
        if pid is None or ticks is None:
            raise NotFound(f"Nobody keeps {run[:60]!r}.", "Kill the keeper of a run that goes on.")
        _kill(pid, ticks)

    def kill_process(self, pid: int) -> None:
        """End a process of a run of this folder by SIGKILL and wait until it is gone.

        :raises NotFound: there is no such process, or it does not belong to a run of this folder.
        """
        living = [one for run in self._runs() for one in self._engine.living(self._workspace.run_dir(run))]
        found = next((one for one in living if one.pid == pid), None)
        if found is None:
            raise NotFound(f"Process {pid} is none of a run of {self.root}.", "Use a pid that an answer named.")
        _kill(found.pid, found.start_ticks)

    def clear(self) -> list[str]:
        """Stop every run that was begun here since the stage was made; return what could not be ended."""
        return [one for run in sorted(self._runs() - self._earlier) for one in self._ended(run)]

    def _runs(self) -> frozenset[str]:
        folder = self._workspace.runs_dir
        return frozenset(one.name for one in folder.iterdir()) if folder.is_dir() else frozenset()

    def _ended(self, run: str) -> list[str]:
        run_dir = self._workspace.run_dir(run)
        if not self._engine.living(run_dir) and judge(read_facts(run_dir)).state.final:
            _until(lambda: not lock.held(run_dir / records.LOCK))  # its keeper writes down the rest
            return []
        try:
            with closing((desk := open_desk(self._workspace, Role.DIRECTOR, who="replay")).ledger):
                left = stop.stop(desk, look.find_run(desk, run), "the transcript is over").left
        except WatchkeeperError:  # a transcript may break the policy or the ledger; its processes end all the same
            self._end_off_the_record(run_dir)
            return []
        return [f"{run}: {one}" for one in left]

    def _end_off_the_record(self, run_dir: Path) -> None:
        wish = {"version": 1, "act": 0, "reason": "the transcript is over", "who": "replay", "at": time.time()}
        records.create(run_dir / records.STOP, wish)
        self._engine.hasten(run_dir)
        _until(lambda: judge(read_facts(run_dir)).state.final and not lock.held(run_dir / records.LOCK))
        for one in self._engine.living(run_dir):
            _kill(one.pid, one.start_ticks)


def _kill(pid: int, ticks: int) -> None:
    procfs.send(pid, ticks, signal.SIGKILL)
    if not _until(lambda: not procfs.alive(pid, ticks)):
        raise WatchkeeperError(f"Process {pid} outlived SIGKILL for {_GONE_WITHIN_S:g} s.", "Look what holds it.")


def _until(condition: Callable[[], bool]) -> bool:
    """Wait for a condition; whether it came true in time."""
    deadline = time.monotonic() + _GONE_WITHIN_S
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
