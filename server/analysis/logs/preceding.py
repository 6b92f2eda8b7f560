"""The lines before one: what a failure's message often stands in."""

from __future__ import annotations

import base64
from collections.abc import Iterable

from .blocks import SEGMENT_LIMIT, Block
from .incident import USUAL_LINES
from .text import decode, strip

LINE_BYTES = 300
BLOCKS_LIMIT = 4
"""So many blocks are kept before their last lines are picked out: most are never asked for."""

Line = tuple[int, bytes]
"""A line's number and its first bytes, as they were written."""


class Ring:
    """The last lines that are not blank.

    :param state: what `state()` returned.
    """

    def __init__(self, state: Iterable[tuple[int, str]]) -> None:
        self._lines: list[Line] = [(number, base64.b64decode(text)) for number, text in state]
        self._blocks: list[Block] = []

    def state(self) -> list[tuple[int, str]]:
        """Return what a new one continues from."""
        return [(number, base64.b64encode(text).decode()) for number, text in self.lines]

    def add(self, block: Block) -> None:
        """Take what was read."""
        self._blocks.append(Block(block.raw, block.first_line, block.lines))  # without what was computed of it
        if len(self._blocks) > BLOCKS_LIMIT:
            self._pick()

    @property
    def lines(self) -> list[Line]:
        """At most `USUAL_LINES`, the newest last."""
        if self._blocks:
            self._pick()
        return self._lines

    def _pick(self) -> None:
        picked: list[Line] = []
        for block in reversed(self._blocks):
            picked = [*_last_lines(block), *picked]
            if len(picked) >= USUAL_LINES:
                break
        self._lines = [*self._lines, *picked][-USUAL_LINES:]
        self._blocks.clear()


def _last_lines(block: Block) -> list[Line]:
    size = SEGMENT_LIMIT
    while True:
        end = block.tail(size)
        lines = [
            (end.number(index), raw[:LINE_BYTES]) for index, raw in enumerate(end.segments) if raw and not raw.isspace()
        ]
        if len(lines) > USUAL_LINES or size >= len(block.raw):
            return lines[-USUAL_LINES:]
        size *= 4


class LinesBefore:
    """The lines before one that are not blank, whichever block they stand in."""

    __slots__ = ("_at", "_block", "_found", "_ring", "_start", "_taken")

    def __init__(self, ring: Ring, block: Block) -> None:
        self._ring, self._block = ring, block
        self._start = self._at = self._taken = 0
        self._found: list[tuple[int, str]] = []

    def here(self) -> LinesBefore:
        """Return one that stays at this line."""
        other = LinesBefore(self._ring, self._block)
        other._start = other._at = self._start
        return other

    def at(self, index: int) -> LinesBefore:
        """Return one that stays before segment `index`."""
        other = LinesBefore(self._ring, self._block)
        other.move(index)
        return other

    def move(self, index: int) -> None:
        """Stand before segment `index` of the block."""
        self._start = self._at = index
        self._taken = 0
        if self._found:
            self._found = []

    def __call__(self, back: int) -> tuple[int, str] | None:
        """Return the k-th before it (k from 1): number and text; None where unknown."""
        if back > USUAL_LINES:
            return None
        while len(self._found) < back:
            line = self._previous()
            if line is None:
                return None
            self._found.append(line)
        return self._found[back - 1]

    def _previous(self) -> tuple[int, str] | None:
        while self._at > 0:
            self._at -= 1
            raw = self._block.segments[self._at]
            if raw and not raw.isspace():
                return self._block.number(self._at), decode(strip(raw[:LINE_BYTES])).rstrip()
        lines = self._ring.lines
        if self._taken >= len(lines):
            return None
        self._taken += 1
        number, raw = lines[-self._taken]
        return number, decode(strip(raw)).rstrip()
