"""Lines of a log by their number, in bounded memory and without reading it from its start where a place is known.

Lines end at LF only, as `grep -n` counts them. A line is looked for 256 KiB at a time, forwards from the known place
before it and backwards from the one behind it (the start of the file, and where the run's log was read to), in turns.
So a line costs twice the bytes between it and the nearer of the two.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

BLOCK_BYTES = 1 << 18
LONGEST_LINE_BYTES = 4096
"""More of a line is not kept."""
MOST_BYTES = 4 << 20
"""More is not read for one excerpt, however long its lines are."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a log that is known: its offset in bytes, and how many line ends stand before it."""

    offset: int
    line_ends: int


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of a log that follow one another.

    :ivar first: number of the first of them.
    :ivar earlier: a line to ask for to see those before; None when there are none.
    :ivar later: the same for those behind; 0 where fewer are left than an excerpt has on each side.
    """

    first: int
    lines: tuple[bytes, ...]
    earlier: int | None
    later: int | None


START = Place(0, 0)


def around(log: int, line: int, part: tuple[int, int], known: Sequence[Place], beside: int) -> Excerpt | None:
    """Return a line with up to `beside` lines on each side; None when it does not begin in the part.

    :param part: the offsets between which the lines must begin.
    :param known: places in this file.
    """
    begin, end = part
    offset = start_of(log, line, known)
    if offset is None or not begin <= offset < end:
        return None
    known = [*known, Place(offset, line - 1)]
    first = max(1, line - beside)
    first_offset = start_of(log, first, known) or 0
    if first_offset < begin:
        first, first_offset = first + line_ends_between(log, first_offset, begin), begin
    found = lines_from(log, first_offset, end, line - first + 1 + beside)
    if len(found) <= line - first:  # those before are too long: the line asked for goes first
        first, first_offset = line, offset
        found = lines_from(log, first_offset, end, 1 + beside)
    earlier = max(1, first - 1 - beside) if first_offset > begin else None
    later = _later(log, first + len(found), end, known, beside)
    return Excerpt(first, tuple(found), earlier, later)


def _later(log: int, behind: int, end: int, known: Sequence[Place], beside: int) -> int | None:
    next_offset, middle = (start_of(log, one, known) for one in (behind, behind + beside))
    if next_offset is None or next_offset >= end:
        return None
    return behind + beside if middle is not None and middle < end else 0


def last_line(log: int, end: int, known: Sequence[Place]) -> int:
    """Return the number of the last line that begins before an offset; 1 when there is none."""
    place = max((one for one in (START, *known) if one.offset <= end), key=lambda one: one.offset)
    ends = place.line_ends + line_ends_between(log, place.offset, end)
    complete = end > 0 and os.pread(log, 1, end - 1) == b"\n"
    return max(1, ends if complete else ends + 1)


def start_of(log: int, line: int, known: Iterable[Place] = ()) -> int | None:
    """Return the offset at which a line begins; None when the log has not so many lines.

    :param log: descriptor of the file.
    :param line: its number, from 1.
    :param known: places in this file; one that lies behind its end is passed over.
    """
    size, ends = os.fstat(log).st_size, line - 1
    if ends == 0:
        return 0 if size else None
    places = [START, *(one for one in known if one.offset <= size)]
    before = max((one for one in places if one.line_ends < ends), key=lambda one: one.line_ends)
    behind = min((one for one in places if one.line_ends >= ends), key=lambda one: one.line_ends, default=None)
    searches = [_after(log, before.offset, ends - before.line_ends)]
    if behind is not None:
        searches.append(_before(log, behind.offset, behind.line_ends - ends + 1))
    # In turns, as nobody knows which place is nearer: lines differ in length.
    steps = (step for both in zip_longest(*searches) for step in both if step is not None)
    found = next(steps, None)
    return found if found is not None and found < size else None


def line_ends_between(log: int, begin: int, end: int) -> int:
    """Return how many lines end between two offsets."""
    count = 0
    while begin < end and (block := os.pread(log, min(BLOCK_BYTES, end - begin), begin)):
        count += block.count(b"\n")
        begin += len(block)
    return count


def lines_from(log: int, begin: int, end: int, most: int) -> list[bytes]:
    """Return up to `most` lines from the one that begins at `begin`, cut at `LONGEST_LINE_BYTES`, none behind `end`.

    Fewer come back where `MOST_BYTES` are over; a last line without a line end counts.
    """
    found: list[bytes] = []
    unfinished = b""
    end = min(end, begin + MOST_BYTES)
    while len(found) < most and (block := os.pread(log, max(0, min(BLOCK_BYTES, end - begin)), begin)):
        begin += len(block)
        *whole, unfinished = (unfinished + block).split(b"\n")
        found += (line[:LONGEST_LINE_BYTES] for line in whole)
        unfinished = unfinished[:LONGEST_LINE_BYTES]
    return [*found, *([unfinished] if unfinished else [])][:most]


def _after(log: int, offset: int, count: int) -> Generator[int | None]:
    """Look for the end of the `count`-th line from an offset on, a block a step; the last step is where it is."""
    while block := os.pread(log, BLOCK_BYTES, offset):
        ends = block.count(b"\n")
        if ends >= count:
            place = -1
            for _ in range(count):
                place = block.index(b"\n", place + 1)
            yield offset + place + 1
            return
        count -= ends
        offset += len(block)
        yield None


def _before(log: int, offset: int, count: int) -> Generator[int | None]:
    """Look backwards for the `count`-th line end before an offset; steps as those of `_after`."""
    while offset > 0:
        begin = max(0, offset - BLOCK_BYTES)
        block = os.pread(log, offset - begin, begin)
        ends = block.count(b"\n")
        if ends >= count:
            place = len(block)
            for _ in range(count):
                place = block.rindex(b"\n", 0, place)
            yield begin + place + 1
            return
        count -= ends
        offset = begin
        yield None


def lines_before(log: int, offset: int) -> int:
    """Count the line ends before an offset, as `grep -n` does, in bounded memory."""
    count = place = 0
    while (place := with_data(log, place, offset)) < offset:
        block = os.pread(log, min(1 << 22, offset - place), place)
        if not block:
            break
        count += block.count(b"\n")
        place += len(block)
    return count


def with_data(log: int, offset: int, end: int) -> int:
    """Return where from an offset on the next bytes were written; a hole may be larger than any disk."""
    if offset >= end:
        return offset
    try:
        return min(end, os.lseek(log, offset, os.SEEK_DATA))
    except OSError as error:
        return end if error.errno == errno.ENXIO else offset
