"""What a run may take at most, where its spec says so: one that is played again must not disturb the machine.

The kernel holds each process to its part at once; what all of them take together is looked at with every sample.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from . import records
from .usage import Meter

MEMORY, PROCESSES, FILE, FREE = "memory_bytes", "processes", "file_bytes", "free_bytes"
"""Memory of all processes; how many there may be; size of one file; what must stay free on the disk."""


def apply(bounds: Mapping[str, object]) -> None:
    """Be the child: bind it, and all that it starts, to what one process may take."""
    if not bounds:
        return
    import resource  # noqa: PLC0415 # stays out of the keeper's memory

    # Writable memory that is its own: address space that is only reserved, as torch and JAX do, does not count.
    for number, key in ((resource.RLIMIT_DATA, MEMORY), (resource.RLIMIT_FSIZE, FILE)):
        most, hardest = records.whole(bounds, key), resource.getrlimit(number)[1]
        if most is not None:
            most = most if hardest == resource.RLIM_INFINITY else min(most, hardest)
            resource.setrlimit(number, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def exceeded(bounds: Mapping[str, object], meter: Meter) -> str:
    """Return why a run has to be stopped, as the exit record shows it; empty when it keeps within its bounds."""
    if not bounds:
        return ""
    memory, processes, free = (records.whole(bounds, key) for key in (MEMORY, PROCESSES, FREE))
    if memory is not None and meter.rss_bytes > memory:
        return f"It took {meter.rss_bytes >> 20} MB of memory, more than the {memory >> 20} MB that it may."
    if processes is not None and meter.processes > processes:
        return f"It had {meter.processes} processes, more than the {processes} that it may."
    if free is not None and (left := _free_bytes()) is not None and left < free:
        return f"Less than {free >> 20} MB are free on the disk."
    return ""


def _free_bytes() -> int | None:
    try:
        disk = os.statvfs(".")
    except OSError:
        return None
    return disk.f_bavail * disk.f_frsize
