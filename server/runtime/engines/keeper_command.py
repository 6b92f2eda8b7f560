"""The command by which a keeper comes to life, here or in a job."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ...vocabulary.errors import WatchkeeperError
from ..keeper import records

SERVER_FOLDER = Path(__file__).resolve().parent.parent
_CODE = "import sys; sys.path.append(sys.argv[1]); from keeper.__main__ import main; main(sys.argv[2:])"


def words(server_folder: Path) -> list[str]:
    """Return the command up to its stage. -I -S: nothing of the environment or of site-packages can change it."""
    return [sys.executable, "-I", "-S", "-X", "utf8", "-c", _CODE, str(server_folder)]


def job(server_folder: Path, run_dir: Path, log_fd: int) -> list[str]:
    """Return the command of a run's job: its waiter, which opens the log itself.

    :raises WatchkeeperError: if the log does not lie in the workspace any more.
    """
    spec = records.read(run_dir / records.SPEC) or {}
    root, log = os.path.realpath(records.text(spec, "workspace")), os.readlink(f"/proc/self/fd/{log_fd}")
    if not log.startswith(f"{root}/"):
        raise WatchkeeperError(f"The log {log} lies outside of the workspace.", "Call again once that is mended.")
    return [*words(server_folder), "job", str(run_dir.absolute()), log[len(root) + 1 :]]
