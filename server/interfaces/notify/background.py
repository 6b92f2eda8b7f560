"""Telling beside a server: a thread that costs nothing where the policy tells nobody, and ends with the process."""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback

from ...storage.files.workspace import Workspace
from ...storage.policy.policy import read_policy
from ...vocabulary.errors import WatchkeeperError

LOOK_S = 15.0
"""How often a policy that tells nobody is read again, so that an edit needs no new server."""


def start(found: Workspace) -> None:
    """Begin to tell as soon as the policy wants it."""
    threading.Thread(target=_run, args=(found,), name="notify", daemon=True).start()


def _run(found: Workspace) -> None:
    try:
        while not _wanted(found):
            time.sleep(LOOK_S)
        import anyio  # noqa: PLC0415 (for those who want it only)

        from .teller import Teller  # noqa: PLC0415 (the same)

        anyio.run(Teller(found, f"word for a person, pid {os.getpid()}", _say).run)
    except Exception:  # the one seam of this thread: a defect here is no server's end
        traceback.print_exc()


def _wanted(found: Workspace) -> bool:
    try:
        return read_policy(found).notify.wanted
    except (WatchkeeperError, OSError):
        return False


def _say(line: str) -> None:
    sys.stderr.write(f"watchkeeper notify: {line}\n")
    sys.stderr.flush()
