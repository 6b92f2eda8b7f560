"""The numbers that the lines of a text state, one row a line: names with numbers, and rows of tables. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .metrics import read_metrics
from .printed_tables import Tables
from .text import ANSI


class Lines:
    """Reads line after line.

    :param state: what `state()` returned.
    """

    def __init__(self, state: Mapping[str, Any] | None = None) -> None:
        self._tables = Tables(**(state or {}))

    def state(self) -> dict[str, object]:
        """Return what a new one continues from."""
        return self._tables.state()

    def read(self, text: str) -> Mapping[str, float]:
        """Return the numbers that a line without its end and colours states; empty if none."""
        found = self._tables.read(text)
        if found is not None:
            return found
        if text.startswith("    ") and "━" not in text:  # source code in a traceback
            return {}
        return read_metrics(text)


def read_lines(text: str) -> tuple[list[dict[str, float | None]], list[str]]:
    """Return the rows of a whole text, of the frames of one line the newest, and their names."""
    lines = Lines()
    records: list[dict[str, float | None]] = []
    for line in text.split("\n"):
        shown = ANSI.sub(b"", line.encode("utf-8", "replace")).decode() if "\x1b" in line else line
        frames = [found for frame in shown.rstrip("\r").split("\r") if (found := lines.read(frame.rstrip()))]
        if frames:
            records.append(dict(frames[-1]))
    return records, list(dict.fromkeys(name for record in records for name in record))
