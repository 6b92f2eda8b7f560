r"""From bytes to blocks of complete segments.

A segment is what stands between two line ends or carriage returns: a line, or one frame of a progress bar. Lines are
counted at LF only, as `grep -n` counts them. A segment longer than `SEGMENT_LIMIT` is cut there, counted from its
start, so that the cuts do not depend on how the bytes came in and an unfinished line always fits into the state.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import accumulate

from .decoding import unwrapped
from .text import strip

SEGMENT_LIMIT = 4096
FEED_BYTES = 1 << 20
"""What to read from a log at once. The allocator of glibc, once it was given one so large back, keeps the memory that
blocks need; with 256 KB it returns it to the system each time (measured: half the speed)."""
BLOCK_BYTES = 256 * 1024
"""Stays in the processor's cache from the copy to the search."""

Count = Callable[[bytes], int]
"""Counts the line ends in bytes."""


def count_lines(data: bytes) -> int:
    """Return the number of line ends."""
    return data.count(b"\n")


class Block:
    """Complete segments, each ended by LF or CR, with their line numbers. Everything is computed when asked for.

    :param lines: how many lines end in it.
    """

    def __init__(self, raw: bytes, first_line: int, lines: int) -> None:
        self.raw = raw
        self.first_line = first_line
        self.lines = lines

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

    def indexes_at(self, offsets: list[int]) -> set[int]:
        """Return the indexes of the segments that hold these bytes of `visible`."""
        stops = list(accumulate(len(segment) + 1 for segment in self.clean))
        return {bisect_right(stops, offset) for offset in offsets}

    def sample(self) -> tuple[int, bytes]:
        """Return its first line with its number; of the frames of that line the newest."""
        line = self.raw[: SEGMENT_LIMIT + 1].partition(b"\n")[0]
        return self.first_line, line.rpartition(b"\r")[2]

    def tail(self, size: int) -> Block:
        """Return its last complete segments, of at most so many bytes."""
        if size >= len(self.raw):
            return self
        begin = len(self.raw) - size
        cut = max(self.raw.find(b"\n", begin), 0)
        carriage = self.raw.find(b"\r", begin, cut or None)
        raw = self.raw[(carriage if carriage >= 0 else cut) + 1 :]
        lines = count_lines(raw)
        return Block(raw, self.first_line + self.lines - lines, lines)

    def _split(self, data: bytes) -> list[bytes]:
        parts = (data.replace(b"\r", b"\n") if self._framed else data).split(b"\n")
        parts.pop()
        return parts


class Splitter:
    """Gathers bytes of any chunking into blocks; holds back what is not ended yet, at most `SEGMENT_LIMIT` bytes."""

    def __init__(self, line: int = 1, tail: bytes = b"", count: Count = count_lines) -> None:
        self.line = line
        self.tail = tail
        self._count = count

    def push(self, data: bytes) -> Iterator[Block]:
        """Yield the blocks that are complete now."""
        begin = 0
        while begin < len(data):
            end = min(begin + BLOCK_BYTES, len(data))
            end = _last_end(data, max(begin, end - SEGMENT_LIMIT), end) or end  # whole segments need no second copy
            complete, self.tail = _cut(b"".join((self.tail, memoryview(data)[begin:end])))
            if complete:
                yield self._block(complete)
            begin = end

    def flush(self) -> Block | None:
        """Take what is held back as if it were written to its end; the next byte still belongs to the same line."""
        if not self.tail:
            return None
        complete, self.tail = self.tail + b"\r", b""
        return self._block(complete)

    def _block(self, complete: bytes) -> Block:
        complete = unwrapped(complete)
        block = Block(complete, self.line, self._count(complete))
        self.line += block.lines
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
    cut = _last_end(data, position, len(data)) or position
    if not parts:
        return data[:cut], data[cut:]
    parts.append(data[begin:cut])
    return b"".join(parts), data[cut:]


def _last_end(data: bytes, begin: int, end: int) -> int:
    """Return where the last segment that ends between the two places ends, 0 if none does."""
    return max(data.rfind(b"\n", begin, end), data.rfind(b"\r", begin, end)) + 1
