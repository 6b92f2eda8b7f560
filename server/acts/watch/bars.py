"""The curve of a training that shows its epochs by a progress bar alone (tqdm, rich): one line, written over and over.

The record keeps one row of numbers a line, so a bar's last frame; the frames before it are read again from the log.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from ...analysis.logs.lines import read_frames
from ...runtime.keeper import records
from ...storage.record import Run
from ...vocabulary.errors import PathRefused
from ..desk import Desk
from . import log_files

MOST_BYTES = 4 << 20
"""Of a bar's line the end is read that is this long; it is one bar for each epoch otherwise, and has lines."""
FEW_ROWS = 10
_TOTALS = {"step_total", "epoch_total"}


def rows(desk: Desk, run: Run, kept: Sequence[Mapping[str, float]]) -> list[Mapping[str, float]]:
    """Return the rows of a log's bars, one a round; what is kept where that is more, or where there is no bar."""
    if not kept or len(kept) >= FEW_ROWS or not any(_TOTALS & one.keys() for one in kept):
        return list(kept)
    found = read_frames(_content(desk, run))
    return [*found] if len(found) > len(kept) else list(kept)


def _content(desk: Desk, run: Run) -> str:
    """Return the end of the run's part of the log."""
    path = log_files.where(desk, run)
    try:
        begin = records.whole(records.read(desk.workspace.run_dir(run.id) / records.START), "log_begin") or 0
        descriptor = desk.workspace.open_beneath(path or run.log, os.O_RDONLY)
    except (PathRefused, records.DamagedRecord, OSError):
        return ""
    with open(descriptor, "rb") as file:
        size = os.fstat(descriptor).st_size
        file.seek(max(begin, size - MOST_BYTES))
        return file.read(MOST_BYTES).decode("utf-8", "replace")
