"""Which machine this is. /proc, signals and locks tell of this one only; files may be seen from many.

A host's name names it. The boot id shows that two names are one machine (containers of one kernel), and the process
namespace whether its processes can be seen from here. A time namespace shifts the clock of the boot, by which processes
are told apart: what was begun by another clock is as far away as another machine (a container that was restored).
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from . import procfs, records

HOST, BOOT_ID, NAMESPACE, CLOCK = "host", "boot_id", "pid_namespace", "time_namespace"


def here() -> dict[str, object]:
    """Return what records hold of this machine: its name, its boot, and the namespaces of processes and of time."""
    return {
        HOST: os.uname().nodename,
        BOOT_ID: procfs.boot_id(),
        NAMESPACE: _namespace("pid"),
        CLOCK: _namespace("time"),
    }


def same_machine(record: Mapping[str, object]) -> bool:
    """Whether this machine wrote a record, now or before it was started anew. One that names no host counts as ours."""
    name = records.text(record, HOST)
    return not name or name == os.uname().nodename or records.text(record, BOOT_ID) == procfs.boot_id()


def elsewhere(record: Mapping[str, object] | None) -> str:
    """Return the name of the host whose processes a record tells of; empty where this /proc is the one to ask.

    Of a machine of this name that was started anew since then, this /proc tells that nothing is left.
    """
    name = records.text(record, HOST)
    if record is None or not name:
        return ""
    if records.text(record, BOOT_ID) == procfs.boot_id():
        if records.text(record, CLOCK) not in ("", _namespace("time")):
            return f"{name} with another clock of the boot"
        return name if records.text(record, NAMESPACE) not in ("", _namespace("pid")) else ""
    return name if name != os.uname().nodename else ""


def _namespace(kind: str) -> str:
    try:
        return os.readlink(f"/proc/self/ns/{kind}")
    except OSError:
        return ""  # a kernel without namespaces has one
