r"""From bytes to blocks of complete segments.

A segment is what stands between two line ends or carriage returns: a line, or one frame of a progress bar. Lines are
counted at LF only, as `grep -n` counts them. A segment longer than `SEGMENT_LIMIT` is cut there, counted from its
start, so that the cuts do not depend on how the bytes came in and an unfinished line always fits into the state.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from itertools import accumulate

from .text import strip

SEGMENT_LIMIT = 4096
BLOCK_BYTES = 1 << 20
STRIDE_BYTES = 256 * 1024


class Block:
    """Complete segments, each ended by LF or CR, with their line numbers. Everything is computed when asked for."""

    def __init__(self, raw: bytes, first_line: int) -> None:
        self.raw = raw
        self.first_line = first_line
        self._counts = [raw.count(b"\n", at, at + STRIDE_BYTES) for at in range(0, len(raw), STRIDE_BYTES)]
        self.lines = sum(self._counts)

    @cached_property
    def _framed(self) -> bool:
        return b"\r" in self.raw

    @cached_property
    def segments(self) -> list[bytes]:
        """The segments as they were written."""
        return self._split(self.raw)

    @cached_property
    def visible(self) -> bytes:
        """The bytes without terminal sequences (other control characters are left to the reader of a line)."""
        return strip(self.raw) if b"\x1b" in self.raw else self.raw

    @cached_property
    def clean(self) -> list[bytes]:
        """The segments without terminal sequences; the same count as `segments`."""
        return self.segments if self.visible is self.raw else self._split(self.visible)

    @cached_property
    def _numbers(self) -> list[int]:
        numbers: list[int] = []
        for offset, line in enumerate(self.raw.split(b"\n")):
            numbers.extend([self.first_line + offset] * (line.count(b"\r") + 1))
        return numbers

    def number(self, index: int) -> int:
        """Return the line that segment `index` stands in, counted from 1."""
        return self._numbers[index] if self._framed else self.first_line + index

    def index_at(self, offset: int) -> int:
        """Return the index of the segment that holds byte `offset` of `visible`."""
        return bisect_right(self._starts, offset) - 1

    @cached_property
    def _starts(self) -> list[int]:
        return list(accumulate((len(segment) + 1 for segment in self.clean), initial=0))

    def samples(self) -> Iterator[tuple[int, bytes]]:
        """Yield a line with its number from every `STRIDE_BYTES`: of its frames the newest."""
        number, start = self.first_line, 0
        for stride, lines in enumerate(self._counts):
            if stride:
                start = self.raw.find(b"\n", stride * STRIDE_BYTES) + 1
            if 0 < start < len(self.raw) or not stride:
                line = self.raw[start : start + SEGMENT_LIMIT + 1].partition(b"\n")[0]
                yield number + (stride > 0), line.rpartition(b"\r")[2]
            number += lines

    def _split(self, data: bytes) -> list[bytes]:
        parts = (data.replace(b"\r", b"\n") if self._framed else data).split(b"\n")
        parts.pop()
        return parts


class Splitter:
    """Gathers bytes of any chunking into blocks; holds back what is not ended yet, at most `SEGMENT_LIMIT` bytes."""

    def __init__(self, line: int = 1, tail: bytes = b"") -> None:
        self.line = line
        self.tail = tail

    def push(self, data: bytes) -> Iterator[Block]:
        """Yield the blocks that are complete now."""
        for start in range(0, len(data), BLOCK_BYTES):
            piece = data[start : start + BLOCK_BYTES] if len(data) > BLOCK_BYTES else data
            piece = self.tail + piece if self.tail else piece
            complete, self.tail = _cut(piece)
            if complete:
                block = Block(complete, self.line)
                self.line += block.lines
                yield block

    def flush(self) -> Block | None:
        """Take what is held back as if it were written to its end; the next byte still belongs to the same line."""
        if not self.tail:
            return None
        block = Block(self.tail + b"\r", self.line)
        self.tail = b""
        return block


def _cut(data: bytes) -> tuple[bytes, bytes]:
    """Split into complete segments and the rest, with a CR put where an overlong segment is cut."""
    parts: list[bytes] = []
    begin = position = 0
    framed = b"\r" in data
    while len(data) - position > SEGMENT_LIMIT:
        reach = position + SEGMENT_LIMIT + 1
        end = data.rfind(b"\n", position, reach)
        end = max(end, data.rfind(b"\r", position, reach)) if framed else end
        if end >= 0:
            position = end + 1
            continue
        parts += [data[begin : position + SEGMENT_LIMIT], b"\r"]
        begin = position = position + SEGMENT_LIMIT
    end = max(data.rfind(b"\n", position), data.rfind(b"\r", position)) + 1
    cut = max(position, end)
    if not parts:
        return data[:cut], data[cut:]
    parts.append(data[begin:cut])
    return b"".join(parts), data[cut:]
