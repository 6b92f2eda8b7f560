"""How a keeper comes to life: it leaves its parent behind, becomes a subreaper and starts itself anew.

    python -I -S -X utf8 -c CODE SERVER_FOLDER detach launch|attach RUN_DIRECTORY LOG_DESCRIPTOR

The second start (`keep` instead of `detach`) drops what the first one needed: ctypes stays out of the memory of a
process that lives for hours, and being a subreaper survives it. What keeps a run is imported by the second, at its
start, because an upgrade may replace the package under a run of twelve hours.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from . import gpu_pipe, records
from .signals import complain

_NO_KEEPER = 70
_PR_SET_CHILD_SUBREAPER = 36


def main(arguments: list[str]) -> None:
    """Run one stage: stage, way, run directory, log descriptor. Never returns.

    The stage of a job is `job RUN_DIRECTORY LOG`, that of each of its nodes, where there are several, `member
    RUN_DIRECTORY`: see job.py and member.py, which a keeper itself need not have in its memory.
    """
    if arguments[0] == "job":
        from . import job  # noqa: PLC0415 # the same

        job.main(*arguments[1:])
    if arguments[0] == "member":
        from . import member  # noqa: PLC0415 # the same

        member.main(*arguments[1:])
    stage, way, run_directory, log = arguments
    if stage == "detach":
        _detach(os.path.join(run_directory, records.ERR))
        gpu_pipe.begin(run_directory)
        _become_subreaper()
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:-4], "keep", *arguments[1:]])  # noqa: S606 # the interpreter that runs this
    from . import keep, nodes  # noqa: PLC0415 # the first start does without: it is gone in a moment

    os.chdir(run_directory)
    os.set_inheritable(int(log), False)
    gpu_pipe.hide()
    os._exit(nodes.leave(_kept(keep.launch if way == "launch" else keep.attach, int(log))))


def _kept(keep_it: Callable[[int], int], log: int) -> int:
    """Keep the run; where the disk or the system refuses, say so in one line and leave: another keeper can come."""
    try:
        return keep_it(log)
    except (OSError, MemoryError, records.DamagedRecord) as error:
        complain(f"{type(error).__name__}: {error}")
        return _NO_KEEPER


def _detach(error_file: str) -> None:
    """Leave session and parent: a kill of the server, its group or a walk of its whole tree does not find us."""
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    try:
        errors = records.open_plain(error_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    except records.DamagedRecord:
        errors = null
    os.setsid()
    if os.fork():
        os._exit(0)
    for source, target in ((null, 0), (null, 1), (errors, 2)):
        os.dup2(source, target)


def _become_subreaper() -> None:
    """Become the parent of whatever daemonises below us; without ctypes such a process is found by its marker only."""
    try:
        import ctypes  # noqa: PLC0415 # only this stage may pay for it

        if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
    except (ImportError, OSError, AttributeError) as error:
        sys.stderr.write(f"no subreaper: {error}\n")
