"""The processes of one run: found by descent and by a mark in their environment, and ended together.

Descent is read from the parent pids in /proc/*/stat. /proc/PID/task/*/children would be the other source, but not every
kernel has it, it has to be read for every thread, and the kernel's manual calls it unreliable for moving targets.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable, Mapping

from . import procfs, records
from .spec import MARKER

KILL_PATIENCE_S = 5.0
"""How long SIGKILL may take before what is left is called left; a process in uninterruptible sleep may take longer."""


class Log:
    """The file that a run prints to, since when, and till when (clock ticks of the boot; None: it goes on)."""

    def __init__(self, device: int, inode: int, since_ticks: int, until_ticks: int | None = None) -> None:
        self.device, self.inode, self.since_ticks, self.until_ticks = device, inode, since_ticks, until_ticks

    def covers(self, start_ticks: int) -> bool:
        """Whether a process began while the run went on: the next attempt prints to the same file."""
        return start_ticks >= self.since_ticks and (self.until_ticks is None or start_ticks <= self.until_ticks)


def log_of(start: Mapping[str, object] | None, until_ticks: int | None = None) -> Log | None:
    """Return the log that a start record names, None when it names none.

    Others may print to the log of a process that was adopted: the next command of the shell that started it.
    """
    if start is not None and start.get("adopted") is True:
        return None
    numbers = [records.whole(start, key) for key in ("log_device", "log_inode", "start_ticks")]
    known = [number for number in numbers if number is not None]
    return Log(*known, until_ticks=until_ticks) if len(known) == len(numbers) else None


def wall_of(spec: Mapping[str, object] | None, start: Mapping[str, object] | None) -> bytes:
    """Return the mount that the guard made for this run alone, as /proc writes it; empty where there is none.

    Whatever the run started has it, and cannot give it up as it can its environment, its parents and its output.
    """
    listed = (spec or {}).get("writable")
    if not isinstance(listed, list | tuple) or records.text(start, "guard") != "on":
        return b""
    own = f"/{records.text(spec, 'run')}/{records.WITNESS}"
    paths: list[str] = [one for one in listed if isinstance(one, str) and one.endswith(own)]  # pyright: ignore[reportUnknownVariableType] # JSON
    escaped = os.fsencode(paths[0]) if paths else b""
    for sign in b"\\ \t\n":
        escaped = escaped.replace(bytes([sign]), b"\\%03o" % sign)
    return escaped


class Tree:
    """Finds the living and unreaped processes of one run.

    :param marker: `NAME=value` in the environment of everything that the run started; empty where it is not known.
    :param ancestors: pids whose descendants belong to the run, without being part of it themselves: its keeper.
    :param members: processes that belong to it, as (pid, start_ticks): its main process, known strays.
    :param log: its log; a process that prints there and began while the run went on belongs to it, whatever became of
        its environment and its parents.
    :param wall: its own mount (`wall_of`); empty where it was not guarded.
    """

    def __init__(
        self,
        marker: bytes,
        *,
        ancestors: Iterable[int] = (),
        members: Iterable[tuple[int, int]] = (),
        log: Log | None = None,
        wall: bytes = b"",
    ) -> None:
        self._marker = marker
        self._wall = wall
        self._ancestors = frozenset(ancestors)
        self._members = frozenset(members)
        self._log = log
        self._foreign: set[int] = set()

    def scan(self, *, thorough: bool = True) -> list[procfs.Stat]:
        """Return every process of the run, zombies included.

        :param thorough: look at every process anew. Otherwise those that did not belong at an earlier look are passed
            over, which misses only a process that got the pid of one of them since then.
        """
        present = procfs.pids()
        self._foreign = set() if thorough else self._foreign.intersection(present)
        seen = {pid: found for pid in present if pid not in self._foreign and (found := _visible(pid))}
        ours = descendants(seen, self._ancestors, self._members)
        marked = [pid for pid, found in seen.items() if pid not in ours and self._is_marked(pid, found)]
        if marked:
            ours = descendants(
                seen, self._ancestors, [*ours.items(), *((pid, seen[pid].start_ticks) for pid in marked)]
            )
        self._foreign.update(_settled_strangers(seen, ours, self._foreign))
        return [seen[pid] for pid in ours]

    def living(self) -> list[procfs.Stat]:
        """Return what of the run lives now, after a thorough look."""
        return [found for found in self.scan() if found.alive]

    def _is_marked(self, pid: int, found: procfs.Stat) -> bool:
        if pid in self._ancestors or pid == os.getpid():
            return False
        if (bool(self._marker) and procfs.carries(pid, self._marker)) or self._prints(pid, found):
            return True
        return bool(self._wall) and procfs.sees(pid, self._wall)

    def _prints(self, pid: int, found: procfs.Stat) -> bool:
        log = self._log
        if log is None or not log.covers(found.start_ticks) or not procfs.prints_to(pid, log.device, log.inode):
            return False
        return not procfs.names(pid, MARKER)  # what is left of another attempt prints there too


def descendants(
    seen: dict[int, procfs.Stat], ancestors: Iterable[int], members: Iterable[tuple[int, int]]
) -> dict[int, int]:
    """Return pid and start_ticks of the members that were seen and of everything below them and the ancestors."""
    children: dict[int, list[int]] = {}
    for found in seen.values():
        children.setdefault(found.ppid, []).append(found.pid)
    waiting = [pid for pid, ticks in members if pid in seen and seen[pid].start_ticks == ticks]
    for ancestor in ancestors:
        waiting += children.get(ancestor, ())
    ours: dict[int, int] = {}
    while waiting:
        pid = waiting.pop()
        if pid not in ours:
            ours[pid] = seen[pid].start_ticks
            waiting += children.get(pid, ())
    return ours


def end(find: Callable[[], list[procfs.Stat]], grace_s: float, pause: Callable[[float], None]) -> list[procfs.Stat]:
    """End everything that `find` finds: SIGTERM, a time of grace, SIGKILL until nothing new turns up.

    :param find: looks for what lives; called again and again.
    :param pause: waits for the given seconds, or less.
    :return: what is left, because it belongs to another user or the kernel does not let it go.
    """
    deadline = time.monotonic() + grace_s
    left = find()
    unasked = [found for found in left if not _ask(found)]
    while left and time.monotonic() < deadline:
        pause(0.05)
        left = find()
        unasked = [found for found in unasked if not _ask(found)]
    deadline = time.monotonic() + KILL_PATIENCE_S
    while left and time.monotonic() < deadline:
        for found in left:
            _send(found, signal.SIGKILL)
        pause(0.02)
        left = find()
    return left


def _visible(pid: int) -> procfs.Stat | None:
    try:
        return procfs.stat(pid)
    except PermissionError:
        return None  # /proc is mounted with hidepid: another user's process


def _ask(found: procfs.Stat) -> bool:
    """Ask a process to end; one that is stopped takes SIGTERM only once it goes on."""
    return _send(found, signal.SIGTERM) and _send(found, signal.SIGCONT)


def _send(found: procfs.Stat, signum: int) -> bool:
    """Signal a process; return False where the system has no descriptor for that, so that it is tried again."""
    try:
        procfs.send(found.pid, found.start_ticks, signum)
    except PermissionError:
        return True  # it belongs to another user; it is named as what is left
    except OSError:
        return False
    return True


def _settled_strangers(seen: dict[int, procfs.Stat], ours: dict[int, int], known: set[int]) -> list[int]:
    """Return those whose parent was seen too. One whose parent ended in mid-look may turn out to be ours."""
    return [
        found.pid
        for found in seen.values()
        if found.pid not in ours and (found.ppid == 0 or found.ppid in seen or found.ppid in known)
    ]
