"""Processes as /proc shows them: who they are, whether they live, what they used, and how to signal exactly one.

A process is the same one when boot id, pid and start time are the same; a pid alone is used again sooner or later.
Linux only.

Read by hand and not through psutil, which serves the replay: a keeper has only the standard library, so that it stays
at some 10 MB and outlives a virtual environment that is replaced under it. psutil's start of a process is in seconds of
a wall clock that may be set, ours in ticks of the boot; and the wait status of a zombie it does not show.
"""

from __future__ import annotations

import os
import signal

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
COMMAND_BYTES = 120
BLOCK_BYTES = 8192
"""A larger buffer stays in the memory of a keeper, which reads thousands of short files."""


class Process:
    """One process: its pid, the clock tick of the boot at which it started, and its command line, capped."""

    __slots__ = ("command", "pid", "start_ticks")

    def __init__(self, pid: int, start_ticks: int, command: str = "") -> None:
        self.pid = pid
        self.start_ticks = start_ticks
        self.command = command

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Process) and (self.pid, self.start_ticks) == (other.pid, other.start_ticks)

    def __hash__(self) -> int:
        return hash((self.pid, self.start_ticks))

    def __repr__(self) -> str:
        return f"Process({self.pid}, {self.start_ticks}, {self.command!r})"


class Stat:
    """What /proc/PID/stat says, in seconds and bytes; `wait_status` is filled in only once the process is a zombie."""

    __slots__ = ("alive", "pid", "ppid", "rss_bytes", "start_ticks", "system_s", "user_s", "wait_status")

    def __init__(self, pid: int, line: bytes) -> None:
        # The command in parentheses may itself hold parentheses and spaces: fields count from the last one.
        field = line[line.rindex(b")") + 2 :].split()
        self.pid = pid
        self.ppid = int(field[1])
        # A leader that ended while its other threads go on is shown as a zombie too, but with more than one thread.
        self.alive = field[0] not in b"ZXx" or int(field[17]) > 1
        self.user_s = (int(field[11]) + int(field[13])) / TICKS_PER_S
        self.system_s = (int(field[12]) + int(field[14])) / TICKS_PER_S
        self.start_ticks = int(field[19])
        self.rss_bytes = int(field[21]) * PAGE_BYTES
        self.wait_status = int(field[49])


def stat(pid: int) -> Stat | None:
    """Return what is known of a process, None when there is none with this pid.

    `user_s` and `system_s` hold its own time and that of the children it has waited for.

    :raises OSError: if it cannot be told, for example for want of descriptors: that must not pass for an end.
    """
    line = _content(pid, "stat")
    return Stat(pid, line) if line else None


def delayed_s(pid: int) -> float:
    """Return for how long a process was ready to run and others had the CPU, by its first thread; 0 if nobody knows."""
    try:
        words = _content(pid, "schedstat").split()
    except OSError:
        return 0.0
    return int(words[1]) / 1e9 if len(words) > 1 and words[1].isdigit() else 0.0


def alive(pid: int, start_ticks: int) -> bool:
    """Whether exactly this process lives; a zombie does not, a stopped one does."""
    found = stat(pid)
    return found is not None and found.start_ticks == start_ticks and found.alive


def pids() -> list[int]:
    """Return the pid of every process that can be seen."""
    return [int(name) for name in os.listdir("/proc") if name.isdecimal()]


def catches(pid: int, number: int) -> bool:
    """Whether a process has a handler for a signal, so that it does not die of it."""
    try:
        lines = _content(pid, "status").splitlines()
    except OSError:
        return False
    caught = next((line.split()[1] for line in lines if line.startswith(b"SigCgt:")), b"0")
    return bool(int(caught, 16) >> (number - 1) & 1)


def boot_id() -> str:
    """Return the identity of this boot of the machine."""
    with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as file:
        return file.read().strip()


def described(found: Stat) -> Process:
    """Return the process with its command line, which is untrusted text and at most 120 bytes."""
    try:
        words = _content(found.pid, "cmdline")
    except OSError:
        words = b""
    line = words.rstrip(b"\0").replace(b"\0", b" ")[:COMMAND_BYTES]
    return Process(found.pid, found.start_ticks, line.decode("utf-8", "replace"))


def carries(pid: int, marker: bytes) -> bool:
    """Whether the environment that the process was started with holds `marker` (`NAME=value`).

    False where the environment may not be read: that process belongs to somebody else.
    """
    try:
        return b"\0" + marker + b"\0" in b"\0" + _content(pid, "environ")
    except OSError:
        return False


def names(pid: int, variable: str) -> bool:
    """Whether the environment that the process was started with holds a variable of this name."""
    try:
        return b"\0" + variable.encode() + b"=" in b"\0" + _content(pid, "environ")
    except OSError:
        return False


def prints_to(pid: int, device: int, inode: int) -> bool:
    """Whether standard output or error of a process is this file; False where that may not be seen."""
    for descriptor in (1, 2):
        try:
            found = os.stat(f"/proc/{pid}/fd/{descriptor}")
        except OSError:
            continue
        if (found.st_dev, found.st_ino) == (device, inode):
            return True
    return False


def sees(pid: int, mount_point: bytes) -> bool:
    """Whether a process lives behind a mount that we do not have, at this path as /proc/PID/mountinfo writes it.

    False where that may not be seen.
    """
    try:
        here, there = (os.stat(f"/proc/{one}/ns/mnt").st_ino for one in ("self", pid))
        return here != there and b" " + mount_point + b" " in _content(pid, "mountinfo")
    except OSError:
        return False


def peak_rss_bytes(pid: int) -> int:
    """Return the largest resident set that the kernel saw of a process; 0 when it is gone."""
    for line in _content(pid, "status").splitlines():
        if line.startswith(b"VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def send(pid: int, start_ticks: int, signum: int) -> bool:
    """Signal exactly this process; return False when it is gone.

    The descriptor is taken before the start time is compared, so the signal cannot reach a later user of the pid.

    :raises PermissionError: if it belongs to somebody else.
    """
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        if not alive(pid, start_ticks):
            return False
        signal.pidfd_send_signal(descriptor, signum)
    except ProcessLookupError:
        return False
    finally:
        os.close(descriptor)
    return True


def _content(pid: int, name: str) -> bytes:
    """Return a file of /proc/PID, empty when the process is gone."""
    try:
        descriptor = os.open(f"/proc/{pid}/{name}", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return b""
    content = b""
    try:
        while block := os.read(descriptor, BLOCK_BYTES):
            content += block
    except ProcessLookupError:
        return b""
    finally:
        os.close(descriptor)
    return content
