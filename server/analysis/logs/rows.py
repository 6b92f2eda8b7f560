"""The numbers that the lines of a log state: rows of a history, and the newest value of each metric.

Lines are handed in as they are and read when somebody asks: catching up on a log of gigabytes reads none in vain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from .blocks import SEGMENT_LIMIT, Block
from .lines import Lines
from .text import decode, strip

ROWS_LIMIT = 2000
LATEST_LIMIT = 32
NEWEST_LINES = 3
READ_ALL_BYTES = 16 * 1024
"""A block so small is what a log grew by since the last look."""
CATCH_UP_BYTES = 512 * 1024
"""So much of a log that is caught up on is read too before samples must do; it takes a quarter of a second."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class MetricRow:
    """The metrics that one line states."""

    line: int
    values: dict[str, float]


class Rows:
    """Every row of a log that grows; samples of one that is caught up on.

    :param latest: what `state()` returned.
    :param tables: what `tables()` returned.
    """

    def __init__(self, latest: Mapping[str, str], tables: Mapping[str, object] | None = None) -> None:
        self._lines = Lines(tables)
        self._room = CATCH_UP_BYTES
        self._latest = {name: float(value) for name, value in latest.items()}
        self._unread: list[tuple[int, bytes]] = []
        self._rows: list[MetricRow] = []

    def state(self) -> dict[str, str]:
        """Return what a new one continues from; rows that were not taken are not part of it."""
        return {name: repr(value) for name, value in self.latest.items()}

    def tables(self) -> dict[str, object]:
        """Return what a new one continues to read tables from."""
        self._read()
        return self._lines.state()

    @property
    def latest(self) -> dict[str, float]:
        """The newest value of each metric, the newest last."""
        self._read()
        return self._latest

    def adopt(self, latest: Mapping[str, float]) -> None:
        """Show the newest values as one saw them that looked ahead."""
        self._read()
        self._latest = dict(latest)

    def take(self) -> list[MetricRow]:
        """Return the rows since the last call, the newest always among them."""
        self._read()
        rows, self._rows = self._rows, []
        return rows

    def add(self, block: Block, *, newest: bool) -> None:
        """Take the lines of a block: all of a small one, the last of a large one; one if more blocks are at hand."""
        if len(block.raw) <= max(READ_ALL_BYTES, self._room):
            self._room -= len(block.raw)
            self._unread += _lines(block)
        elif newest:
            self._unread += _lines(block.tail(SEGMENT_LIMIT))[-NEWEST_LINES:]
        else:
            self._unread.append(block.sample())
        if len(self._unread) > ROWS_LIMIT:
            self._unread = _every_second(self._unread)

    def _read(self) -> None:
        unread, self._unread = self._unread, []
        for number, line in unread:
            values = self._lines.read(decode(strip(line)))
            if values:
                self._rows.append(MetricRow(number, dict(values)))
                for name, value in values.items():
                    self._latest.pop(name, None)
                    self._latest[name] = value
        while len(self._latest) > LATEST_LIMIT:
            del self._latest[next(iter(self._latest))]
        if len(self._rows) > ROWS_LIMIT:
            self._rows = _every_second(self._rows)


def _lines(block: Block) -> list[tuple[int, bytes]]:
    return [(block.number(index), line) for index, line in enumerate(block.segments) if line]


def _every_second(rows: list[_T]) -> list[_T]:
    return [*rows[:-1:2], rows[-1]]
