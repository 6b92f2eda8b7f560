"""What a process forked by tests/warm.py runs: a command of watchkeeper, with its words, files, folder and environment.

By path, never imported: `GIVEN` is put in from outside.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import Any

from watchkeeper.server.interfaces.commands.entry import main


def be_named(line: bytes) -> None:
    """Let /proc name this process as one that was launched so: hooks look there for who polls (proc(5), 48 and 49)."""
    fields = Path("/proc/self/stat").read_bytes().rpartition(b")")[2].split()
    begin, end = int(fields[45]), int(fields[46])
    assert len(line) < end - begin, "the command line is longer than that of the process it was forked from"
    ctypes.memset(begin, 0, end - begin)
    ctypes.memmove(begin, line, len(line))


given: dict[str, Any] = globals()["GIVEN"]
os.setsid()
os.chdir(given["folder"])
os.environ.clear()
os.environ.update(given["environment"])
for number, file in enumerate(given["files"]):
    os.dup2(os.open(file, os.O_RDWR) if isinstance(file, str) else file.fileno(), number)
    if not isinstance(file, str):
        file.close()
sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)  # multiprocessing has put /dev/null there
for one in given["ignored"]:
    signal.signal(one, signal.SIG_IGN)
be_named(b"\0".join(map(os.fsencode, given["cold"] + given["words"])))
sys.argv = ["watchkeeper", *given["words"]]
sys.exit(main())
