"""Whether the kernel's OOM killer ended a process: its counters before and after.

The kernel counts per memory cgroup (`oom_kill` in memory.events, version 2, or memory.oom_control, version 1) and for
the whole machine (`oom_kill` in /proc/vmstat). The cgroup's count also moves when the whole machine is short of memory.
"""

from __future__ import annotations

import signal

CGROUPS = "/sys/fs/cgroup"
BADNESS = 300
"""Added to the training's oom_score_adj, so that the kernel ends the training before its keeper."""


def counters(pid: int) -> dict[str, object]:
    """Return the counts as they stand: {"file", "cgroup", "machine"}; None for what this machine does not tell."""
    file = _cgroup_file(pid)
    return {"file": file, "cgroup": _count(file) if file else None, "machine": _count("/proc/vmstat")}


def later(before: dict[str, object]) -> dict[str, object]:
    """Return the same counts as in `before`, read now; its process need not live any more."""
    file = before.get("file")
    return {"cgroup": _count(file) if isinstance(file, str) else None, "machine": _count("/proc/vmstat")}


def killed(before: dict[str, object], after: dict[str, object], by_signal: int | None) -> bool:
    """Whether a process that ended by this signal was ended by the OOM killer. Pure.

    Where the cgroup's count is known it alone decides: the machine's count may speak of somebody else's process.
    """
    if by_signal != signal.SIGKILL:
        return False
    source = "machine" if before.get("cgroup") is None or after.get("cgroup") is None else "cgroup"
    first, last = before.get(source), after.get(source)
    return isinstance(first, int) and isinstance(last, int) and last > first


def raise_badness() -> None:
    """Make this process, and what it starts, a likelier victim of the OOM killer. Without the right to: nothing."""
    try:
        with open("/proc/self/oom_score_adj", "r+", encoding="utf-8") as file:
            adjusted = min(1000, int(file.read()) + BADNESS)
            file.seek(0)
            file.write(str(adjusted))
    except OSError:
        return


def _cgroup_file(pid: int) -> str | None:
    """Return the file that counts for the memory cgroup of a process, None when there is none that can be read."""
    try:
        with open(f"/proc/{pid}/cgroup", encoding="utf-8", errors="surrogateescape") as file:
            lines = [line.rstrip("\n").split(":", 2) for line in file]
    except OSError:
        return None
    for _, controllers, path in lines:
        if "memory" in controllers.split(","):
            return _readable(f"{CGROUPS}/memory{path}/memory.oom_control")
    for number, _, path in lines:
        if number == "0":
            return _readable(f"{CGROUPS}{path}/memory.events")
    return None


def _readable(file: str) -> str | None:
    return file if _count(file) is not None else None


def _count(file: str) -> int | None:
    try:
        with open(file, "rb") as lines:
            for line in lines:
                if line.startswith(b"oom_kill "):
                    return int(line.split()[1])
    except OSError:
        return None
    return None
