"""Plain text and whatever no other reader knows; lines of a file, bounded."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO, cast

from .facts import UnknownFacts
from .formats import Look
from .placeholders import Collected, in_line
from .streams import Stream, unpacked

MOST_LINE_BYTES = 1 << 20
MOST_TEXT_BYTES = 64 << 20
_MOST_LINES = 1_000_000


def lines(descriptor: int, most_bytes: int = MOST_TEXT_BYTES) -> Iterator[str]:
    """Yield the lines of a file from its start, with their ends, as far as they fit into `most_bytes`.

    What is no UTF-8 becomes U+FFFD. A line of more than a megabyte comes in pieces.
    """
    with opened(descriptor) as file:
        yield from lines_of(file, most_bytes)


def lines_of(file: BinaryIO, most_bytes: int = MOST_TEXT_BYTES) -> Iterator[str]:
    """Yield the lines of an open file as `lines` does, and leave it open behind the last one that was taken."""
    left = most_bytes
    while left > 0 and (line := file.readline(min(MOST_LINE_BYTES, left))):
        yield line.decode("utf-8", "replace").removeprefix("\ufeff" if left == most_bytes else "")
        left -= len(line)


class _Unpacking(io.RawIOBase):
    """A stream as a file that is read from its start to its end."""

    def __init__(self, stream: Stream) -> None:
        super().__init__()
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object, /) -> int:
        into = memoryview(cast(bytearray, buffer))
        found = self._stream.take(len(into))
        into[: len(found)] = found
        return len(found)


def opened(descriptor: int, compression: str = "") -> io.BufferedReader:
    """Open a file from its start by a descriptor that stays ours, unpacked where it is compressed."""
    if compression:
        return io.BufferedReader(_Unpacking(unpacked(descriptor, compression)), 1 << 18)
    file = os.fdopen(os.dup(descriptor), "rb")
    file.seek(0)
    return file


def is_text(head: bytes) -> bool:
    """Return whether the first bytes of a file are UTF-8 text."""
    if not head or any(byte < 9 or 13 < byte < 27 for byte in head):
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3 and len(head) > 3  # a character cut in two at the end
    return True


def read(look: Look) -> UnknownFacts:
    """Return the magic of an unknown format, and for plain text its lines and placeholders."""
    magic = look.head[:16].hex()
    if not is_text(look.head):
        return UnknownFacts(size_bytes=look.size_bytes, magic=magic, model=look.detail)
    found, number = Collected(), 0
    for number, line in enumerate(islice(lines(look.descriptor), _MOST_LINES), 1):  # counted
        if in_line(line):
            found.add(line, row=number)
    return UnknownFacts(
        size_bytes=look.size_bytes,
        magic=magic,
        model=look.detail,
        text=True,
        lines=number,
        placeholders=tuple(found.first),
        placeholder_count=found.count,
        complete=look.size_bytes <= MOST_TEXT_BYTES and number < _MOST_LINES,
    )
