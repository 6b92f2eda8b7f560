"""The part of a log that one run wrote, to be read by line numbers: all attempts of a phase share one file."""

from __future__ import annotations

import json
import os

from ...runtime import run_directory
from ...storage.files.log_lines import Place
from ...storage.record import Run
from ...vocabulary.errors import NotFound
from ..desk import Desk
from . import log_files


def opened(desk: Desk, run: Run) -> tuple[int, str]:
    """Return a descriptor of the file that a run's output goes to, to be closed by the caller, and its path.

    :raises PathRefused: it is gone, or no plain file.
    """
    path = log_files.where(desk, run) or run.log
    return desk.workspace.open_beneath(path, os.O_RDONLY), path


def part(desk: Desk, run: Run, size_bytes: int) -> tuple[int, int]:
    """Return the offsets between which a run's part of its log lies.

    :raises NotFound: it has written none.
    """
    about = run.end or run_directory.judge(run_directory.read_facts(desk.workspace.run_dir(run.id), run.nonce))
    if about.log_begin is None:
        raise NotFound(f"Run {run.id} has written no log.", "poll_training() shows where it stands.")
    return about.log_begin, size_bytes if about.log_end is None else min(size_bytes, about.log_end)


def read_to(desk: Desk, run: Run) -> list[Place]:
    """Return the place to which the run's log was read: its offset, and the line ends before it, are on record."""
    position = desk.ledger.scan_position(run.id)
    return [Place(position[0], int(json.loads(position[1])["line"]) - 1)] if position else []
