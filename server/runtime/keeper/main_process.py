"""The main process of a run, as the keeper that started it sees it, and as one that came later does."""

from __future__ import annotations

import fcntl
import os
import select
import sys
import time

from . import procfs

# struct pidfd_info of Linux 6.15: mask (8 bytes), cgroup id (8), eleven identities that do not matter here (44), exit
# status (4). Taken apart by hand: the module struct would stay in the memory of the keeper for it.
_PIDFD_INFO_BYTES = 64
_MASK, _EXIT_STATUS = slice(0, 8), slice(60, 64)
_PIDFD_INFO_EXIT = 1 << 3
_PIDFD_GET_INFO = (3 << 30) | (_PIDFD_INFO_BYTES << 16) | (0xFF << 8) | 11


class Main:
    """What both kinds share; `wait_status` is as wait() gives it, None while it lives and where it was not seen."""

    attached = False

    def __init__(self, pid: int, start_ticks: int, descriptor: int) -> None:
        self.pid = pid
        self.start_ticks = start_ticks
        self.descriptor = descriptor
        """A pidfd: readable once the process has ended."""
        self.ended = False
        self.held = True
        """Whether it is not reaped yet, so that whoever inherits it can read how it ended: until that is on disk."""
        self.wait_status: int | None = None
        self.user_s = 0.0
        self.system_s = 0.0
        self.peak_rss_bytes = 0

    def look(self) -> None:
        """Take note of what ended meanwhile. Waits for nothing."""
        raise NotImplementedError


class Child(Main):
    """The keeper's own child. Everything that daemonises below it becomes the keeper's child too and is reaped here.

    `user_s` and `system_s` are exact: of everything reaped so far and of all that those had waited for. Of the main
    process itself they are those of /proc as long as it is held.
    """

    _of_held = 0.0, 0.0

    def look(self) -> None:
        """See whether the main process has ended, and reap what has; while that one is held, the others wait too."""
        while (found := _ended_child()) is not None:
            if found.si_pid == self.pid and not self.ended:
                self._note(found)
            if found.si_pid == self.pid and self.held:
                return
            self._reap(found.si_pid)

    def _note(self, found: os.waitid_result) -> None:
        self.ended = True
        by_signal = found.si_status | (0x80 if found.si_code == os.CLD_DUMPED else 0)
        self.wait_status = found.si_status << 8 if found.si_code == os.CLD_EXITED else by_signal
        try:
            seen = procfs.stat(self.pid)
        except OSError:
            return  # the figures come when it is reaped
        if seen is not None:
            self._of_held = seen.user_s, seen.system_s
            self.user_s += seen.user_s
            self.system_s += seen.system_s

    def _reap(self, pid: int) -> None:
        _, _, used = os.wait4(pid, 0)
        before = self._of_held if pid == self.pid else (0.0, 0.0)
        self.user_s += used.ru_utime - before[0]
        self.system_s += used.ru_stime - before[1]
        self.peak_rss_bytes = max(self.peak_rss_bytes, used.ru_maxrss * 1024)


def _ended_child() -> os.waitid_result | None:
    """Return a child that ended, without reaping it; None where none has."""
    try:
        return os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None


class Adopted(Main):
    """Somebody else's child, watched through a pidfd.

    Its exit status is in the zombie as long as nobody has reaped it, and from Linux 6.15 on in the pidfd afterwards.
    """

    attached = True

    def look(self) -> None:
        """See whether it ended, and how; where the system has no descriptor for a look, the next one tells."""
        if self.ended:
            return
        if not select.select([self.descriptor], [], [], 0)[0]:
            try:  # noqa: SIM105 # contextlib would stay in the keeper's memory
                self.peak_rss_bytes = max(self.peak_rss_bytes, procfs.peak_rss_bytes(self.pid))
            except OSError:
                pass
            return
        unseen = False
        # Its parent may be reaping it at this very moment, so both places are asked in turn.
        for _ in range(50):
            try:
                found = procfs.stat(self.pid)
            except OSError:
                found, unseen = None, True
            if found is not None and found.start_ticks == self.start_ticks:
                self.user_s, self.system_s, self.wait_status = found.user_s, found.system_s, found.wait_status
                break
            self.wait_status = status_after_reaping(self.descriptor)
            if self.wait_status is not None:
                break
            time.sleep(0.001)
        self.ended = self.wait_status is not None or not unseen


def adopt(pid: int, start_ticks: int) -> Adopted | None:
    """Return a main process that this keeper did not start, None when it is gone. A zombie can still be adopted."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return None
    found = procfs.stat(pid)
    if found is not None and found.start_ticks == start_ticks:
        return Adopted(pid, start_ticks, descriptor)
    os.close(descriptor)
    return None


def status_after_reaping(descriptor: int) -> int | None:
    """Ask the pidfd for the exit status of a process that was reaped; None where the kernel does not tell."""
    answer = bytearray(_PIDFD_INFO_BYTES)
    answer[_MASK] = _PIDFD_INFO_EXIT.to_bytes(8, sys.byteorder)
    try:
        fcntl.ioctl(descriptor, _PIDFD_GET_INFO, answer)
    except OSError:
        return None
    told = int.from_bytes(answer[_MASK], sys.byteorder) & _PIDFD_INFO_EXIT
    return int.from_bytes(answer[_EXIT_STATUS], sys.byteorder, signed=True) if told else None
