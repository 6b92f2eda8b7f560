"""A run on several nodes: its keeper runs srun, and srun runs on each node a keeper of that node's training, a member.

    RUN/nodes/NODE/   the records of that member, as any keeper's: spec, start, usage, exit, keeper.err
    RUN/halt.json     why all members shall end; made once, by link(2), by whoever is the first to say so

The head, the keeper of the run itself, sums up what the members write. Where one ended badly the others are told by
halt.json and end themselves, and each writes down its end: srun would end them by SIGKILL. So srun is ended last.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator

from . import exit_record, guard, records, usage

FELLOW = "another member"
"""Who stopped a member that ends because another one ended badly."""
UNHEARD_S = 600.0
"""A member that has written nothing for so long, its end neither, is given up; a scheduler tells of a node earlier."""
ENDS_WITHIN_S = 20.0
"""On a mount a member's last record may be seen so much later than srun's end."""
TAIL_BYTES = 64 << 10
"""So much of its output a member that ended badly shows in the run's log."""

Record = dict[str, object]


def itself() -> list[str]:
    """Return the command of this interpreter up to the stage, as keeper_command writes it."""
    words = sys.orig_argv
    return [sys.executable, *words[1 : words.index("-c") + 3]]


def srun(count: int) -> list[str]:
    """Return the command that runs a member on each of the job's nodes. The working directory is the run's."""
    cpus = os.environ.get("SLURM_CPUS_PER_TASK", "")
    return [
        "srun", f"--nodes={count}", f"--ntasks={count}", "--ntasks-per-node=1", "--unbuffered", "--input=none",
        "--kill-on-bad-exit=1", "--wait=0", "--export=ALL", *([f"--cpus-per-task={cpus}"] if cpus else []),
        *itself(), "member", os.getcwd(),
    ]  # fmt: skip


class Nodes:
    """What the head knows of its members. The working directory is the run's.

    :param nonce: that of the recorded start, which their records carry.
    :param sample_s: how often they write one.
    """

    def __init__(self, count: int, nonce: str, sample_s: float) -> None:
        self._count, self._nonce, self._sample_s = count, nonce, sample_s
        self._cpu_s: dict[str, float] = {}
        self._heard: dict[str, tuple[float | None, float]] = {}
        """Time of each member's newest sample, and when that was first seen here, on the clock of the boot."""

    def figures(self) -> tuple[float, int, int]:
        """Return what they used: CPU seconds so far, and resident bytes and processes now."""
        rss_bytes = processes = 0
        for node in _listed():
            sample, end = _newest(f"{records.NODES}/{node}"), self._end(node)
            used_s = max(records.number(one, "cpu_s") or 0.0 for one in (sample, end))
            self._cpu_s[node] = max(self._cpu_s.get(node, 0.0), used_s)
            at, known = records.number(sample, "at"), self._heard.get(node)
            if known is None or known[0] != at:
                self._heard[node] = at, usage.boottime_s()
            if end is None:
                rss_bytes += records.whole(sample, "rss_bytes") or 0
                processes += records.whole(sample, "processes") or 0
        return sum(self._cpu_s.values()), rss_bytes, processes

    def silent(self) -> str:
        """Return which member has written nothing for so long that it is given up; empty when none has."""
        limit_s = UNHEARD_S + 5 * self._sample_s
        for node, (_, since_s) in self._heard.items():
            if (for_s := usage.boottime_s() - since_s) > limit_s and self._end(node) is None:
                return f"Nothing was heard of the member on {node} for {for_s:.0f} s."
        return ""

    def halt(self, cause: Record) -> None:
        """Tell the members to end, and why."""
        if not os.path.lexists(records.STOP):  # they look at that themselves
            stop, limit = records.part(cause, "stop"), records.part(cause, "limit")
            limit_s = records.number(limit, "limit_s") or 0.0
            halt({"reason": records.text(stop, "reason") or f"The run came to its limit ({limit_s:g} s)."}, ".")

    def wait_for_ends(self, pause: Callable[[float], None], within_s: float = ENDS_WITHIN_S) -> None:
        """Wait until each member that began has written how it ended, for so long at most."""
        until_s = usage.boottime_s() + within_s
        while any(not _settled(self._end(node)) for node in _listed()) and usage.boottime_s() < until_s:
            pause(0.05)

    def told(self) -> Record:
        """Return what the exit record of the run says of its members, and of its end where one of them is the cause."""
        ends = {node: self._end(node) for node in _listed()}
        unread = [node for node, end in ends.items() if not _settled(end)]
        members: Record = {
            "asked": self._count,
            "began": len(ends),
            "unread": len(unread),
            "guard": _worst(node_guard(node) for node in ends),
        }
        least = unread or any(end is not None and end.get("cpu_is_lower_bound") is True for end in ends.values())
        found: Record = {"members": members, **({"cpu_is_lower_bound": True} if least else {})}
        first = _read(records.HALT)
        end = ends.get(records.text(first, "node"))
        if end is None:
            return found
        members["first"] = {"node": records.text(first, "node"), "rank": records.whole(first, "rank")}
        kept = ("exit_code", "signal", "out_of_memory")
        outcome = records.text(end, "outcome")
        same = {key: end.get(key) for key in kept} | {"outcome": outcome if outcome != "never_started" else "exited"}
        if outcome == "never_started":
            same["exit_code"] = 127
        return {**found, **same, "reason": records.text(first, "reason")}

    def _end(self, node: str) -> Record | None:
        end = _read(f"{records.NODES}/{node}/{records.EXIT}")
        return end if end is not None and records.text(end, "nonce") == self._nonce else None


def halt(why: Record, run_directory: str) -> bool:
    """Say once for all members why they shall end; return whether this was the first word."""
    try:
        return records.create(f"{run_directory}/{records.HALT}", {**why, "at": round(time.time(), 3)})
    except OSError:
        return False  # a disk without room: the others are ended by srun


def halted(run_directory: str) -> Record | None:
    """Return the stop of a member where all of them shall end; None where nobody said so."""
    why = _read(f"{run_directory}/{records.HALT}")
    if why is None:
        return None
    who = FELLOW if records.text(why, "node") else "the run's keeper"
    return {"reason": records.text(why, "reason"), "who": who, "act": None, "at": records.number(why, "at")}


def tell_others(node: str, rank: int, end: Record) -> bool:
    """Be a member: tell the others of a bad end of this one; return whether it was one, and the first.

    :param end: its exit record; empty while a disk refuses that, and then there is nothing to tell yet.
    """
    bad = _badness(end) if end else ""
    named: Record = {"node": node, "rank": rank, "reason": f"Rank {rank} on {node} {bad}."}
    return bool(bad) and halt(named, "../..")


def leave(status: int) -> int:
    """Be a keeper whose run has ended, and return the status to leave with.

    A member that ended badly shows the end of its output to the run's log and stays until the others have written down
    how they ended: srun ends them when it leaves. One that was stopped leaves with 0, so that the status of the one
    that was the cause becomes the job's.
    """
    try:
        spec, end = records.read(records.SPEC), records.read(records.EXIT)
    except (OSError, records.DamagedRecord):
        return status
    member = records.part(spec, "member")
    if member is None or end is None:
        return status
    if end.get("stop") is not None:
        return 0  # srun ends all others as soon as one leaves with anything else
    node, rank = records.text(member, "node"), records.whole(member, "rank") or 0
    tell_others(node, rank, end)
    if not _badness(end):
        return status
    first = _read(f"../../{records.HALT}")
    if rank and records.text(first, "node") == node:
        _show(f"=== {records.text(first, 'reason')} What it printed last:\n")
    patience_s = (records.number(spec, "grace_s") or 0.0) + 3 * (records.number(spec, "sample_s") or 5.0) + 10
    _wait_for_others(node, records.whole(member, "of") or 1, patience_s)
    return status


def _wait_for_others(node: str, count: int, within_s: float) -> None:
    until_s = usage.boottime_s() + within_s
    while usage.boottime_s() < until_s:
        ended = [one for one in _listed("..") if one != node and _settled(_read(f"../{one}/{records.EXIT}"))]
        if len(ended) >= count - 1:
            return
        time.sleep(0.1)


def _show(head: str) -> None:
    """Write the end of this member's own log to srun, behind a line that says whose it is."""
    try:
        descriptor = records.open_plain(records.MEMBER_LOG, os.O_RDONLY)
        try:
            tail = os.pread(descriptor, TAIL_BYTES, max(0, os.fstat(descriptor).st_size - TAIL_BYTES))
        finally:
            os.close(descriptor)
        records.write_all(1, b"\n" + head.encode() + tail + (b"" if tail.endswith(b"\n") else b"\n"))
    except (OSError, records.DamagedRecord):
        return


def _badness(end: Record) -> str:
    """Return how a member ended badly; empty where it ended well or was stopped."""
    if end.get("stop") is not None:
        return ""
    number, code = records.whole(end, "signal"), records.whole(end, "exit_code")
    if number is not None:
        by = " by the kernel's OOM killer" if end.get("out_of_memory") is True else ""
        return f"was ended by {exit_record.signal_name(number)}{by}"
    if code is not None:
        return f"ended with status {code}" if code else ""
    if records.text(end, "outcome") == "never_started":
        return f"never began: {records.text(end, 'reason')}".rstrip(".")
    return f"ended, and nobody saw how: {records.text(end, 'reason')}".rstrip(".: ")


def node_guard(node: str) -> str:
    """Return whether a member's training was guarded, in its keeper's word; empty where it never began."""
    return records.text(_read(f"{records.NODES}/{node}/{records.START}"), "guard")


def _worst(words: Iterator[str]) -> str:
    """Return the word of one that was not guarded, where there is one."""
    found = [word for word in words if word]
    return next((word for word in found if word != guard.ON), found[0] if found else "")


def _listed(run_directory_nodes: str = records.NODES) -> list[str]:
    try:
        return sorted(name for name in os.listdir(run_directory_nodes) if not name.startswith("."))
    except OSError:
        return []


def _settled(end: Record | None) -> bool:
    return end is not None and end.get("settled") is not False


def _newest(folder: str) -> Record | None:
    try:
        return usage.last(f"{folder}/{records.USAGE}")
    except (OSError, records.DamagedRecord):
        return None


def _read(path: str) -> Record | None:
    try:
        return records.read(path)
    except (OSError, records.DamagedRecord):
        return None
