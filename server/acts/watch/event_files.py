"""TensorBoard event files as histories, where tensorboard is installed beside watchkeeper; without it, none.

Scalars only: those of `SummaryWriter.add_scalar` (simple values) and of TensorFlow 2 (tensors with one float).
"""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Iterator
from typing import Any

from ...analysis.curves.series import History, from_records
from ...vocabulary.errors import InvalidArgument

NAME_PART = "tfevents"
MOST_BYTES = 256 << 20


def readable() -> bool:
    """Whether tensorboard, whose reader is used, is installed."""
    return importlib.util.find_spec("tensorboard") is not None


def read_events(descriptor: int) -> History:
    """Return the scalars of an open event file as a history, one row a step; a torn end is left for the next time.

    :raises ImportError: if tensorboard is not installed.
    :raises InvalidArgument: if the file is longer than `MOST_BYTES`: its reader takes a record of any length at once.
    """
    if os.fstat(descriptor).st_size > MOST_BYTES:
        raise InvalidArgument(
            f"An event file of more than {MOST_BYTES >> 20} MiB is not read.",
            "Print the numbers, or send them through watchkeeper_probe.",
        )
    rows: dict[int, dict[str, float | None]] = {}
    for step, tag, value in _scalars(f"/proc/self/fd/{descriptor}"):
        rows.setdefault(step, {"step": float(step)})[tag] = value
    names = dict.fromkeys(name for row in rows.values() for name in row)
    return from_records([rows[step] for step in sorted(rows)], names)


def _scalars(path: str) -> Iterator[tuple[int, str, float]]:
    # Slow to import and optional, hence not at the top.
    event_file_loader: Any = importlib.import_module("tensorboard.backend.event_processing.event_file_loader")
    event_pb2: Any = importlib.import_module("tensorboard.compat.proto.event_pb2")
    for raw in event_file_loader.RawEventFileLoader(path).Load():
        event: Any = event_pb2.Event.FromString(raw)
        for value in event.summary.value:
            number = _number(value)
            if number is not None:
                yield int(event.step), str(value.tag), number


def _number(value: Any) -> float | None:  # noqa: ANN401 (a protocol buffer)
    if value.HasField("simple_value"):
        return float(value.simple_value)
    floats = value.tensor.float_val
    return float(floats[0]) if len(floats) == 1 else None
