"""Bytes of an artefact as a stream, unpacked on the way, bounded in what is kept and in what is unpacked."""

from __future__ import annotations

import bz2
import lzma
import os
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

from .symbols import Blob
from .trouble import CannotInspectError

_BLOCK_BYTES = 1 << 18
_KEPT_BYTES = 1 << 20
_SAMPLE_BYTES = 1 << 18
_MOST_LINE_BYTES = 1 << 16
_MOST_LINE_BLOCKS = 1 << 12
MOST_UNPACKED_BYTES = 2 << 30


class Stream(Protocol):
    """Bytes that come one after the other."""

    def take(self, size: int) -> bytes:
        """Return the next bytes, fewer at the end."""
        ...

    def skip(self, size: int) -> int:
        """Move on and return by how much, less at the end."""
        ...

    def tell(self) -> int:
        """Return how many bytes are behind us."""
        ...


class FileStream:
    """A part of a plain file; what is long is skipped without reading."""

    def __init__(self, descriptor: int, size_bytes: int, offset: int = 0) -> None:
        self._descriptor, self._size_bytes, self._offset, self._place = descriptor, size_bytes, offset, 0

    def take(self, size: int) -> bytes:
        """Return the next bytes, fewer at the end."""
        found = os.pread(
            self._descriptor, max(0, min(size, self._size_bytes - self._place)), self._offset + self._place
        )
        self._place += len(found)
        return found

    def skip(self, size: int) -> int:
        """Move on and return by how much, less at the end."""
        moved = min(size, self._size_bytes - self._place)
        self._place += moved
        return moved

    def tell(self) -> int:
        """Return how many bytes are behind us."""
        return self._place


class PackedStream:
    """Blocks of unpacked bytes, one after the other."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._rest, self._place = blocks, b"", 0

    def take(self, size: int) -> bytes:
        """Return the next bytes, fewer at the end."""
        parts: list[bytes] = []
        while size > 0 and (part := self._some(size)):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def skip(self, size: int) -> int:
        """Move on and return by how much, less at the end."""
        left = size
        while left > 0 and (part := self._some(left)):
            left -= len(part)
        return size - left

    def _some(self, most: int) -> bytes:
        if not self._rest:
            self._rest = next(self._blocks, b"")
        part, self._rest = self._rest[:most], self._rest[most:]
        self._place += len(part)
        if self._place > MOST_UNPACKED_BYTES:
            raise CannotInspectError("too large", f"It unpacks to more than {MOST_UNPACKED_BYTES >> 30} GB.")
        return part

    def tell(self) -> int:
        """Return how many bytes are behind us."""
        return self._place


class OpcodeReader:
    """What pickletools reads from: short arguments as bytes, long ones as blobs of which the start is kept."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._buffer, self._at = b"", 0

    def read(self, size: int) -> bytes | Blob:
        """Return `size` bytes, fewer at the end. Long ones become a Blob, which pickletools hands on as it is."""
        return self._next(size) if size <= _KEPT_BYTES else self.blob(size)

    def readline(self) -> bytes:
        """Return a line. Of a long one, an array of protocol 0, the start and the newline."""
        head = b""
        for _ in range(_MOST_LINE_BLOCKS):
            end = self._buffer.find(b"\n", self._at)
            if end >= 0:
                rest = self._next(end + 1 - self._at)
                return head + rest if len(head) < _MOST_LINE_BYTES else _whole_characters(head) + b"\n"
            block = self._next(_MOST_LINE_BYTES)
            head = head if len(head) >= _MOST_LINE_BYTES else head + block
            if not block:
                break
        return head

    def blob(self, size: int) -> Blob:
        """Skip bytes and keep a sample of their start."""
        offset, head = self.tell(), self._next(min(size, _SAMPLE_BYTES))
        left = size - len(head)
        buffered = min(left, len(self._buffer) - self._at)
        self._at += buffered
        return Blob(head, offset, len(head) + buffered + self._stream.skip(left - buffered))

    def tell(self) -> int:
        """Return how many bytes are behind us."""
        return self._stream.tell() - (len(self._buffer) - self._at)

    @property
    def at_end(self) -> bool:
        """Whether nothing more comes."""
        self._fill(1)
        return self._at == len(self._buffer)

    def _next(self, size: int) -> bytes:
        self._fill(size)
        found = self._buffer[self._at : self._at + size]
        self._at += len(found)
        return found

    def _fill(self, size: int) -> None:
        if len(self._buffer) - self._at < size:
            self._buffer, self._at = self._buffer[self._at :] + self._stream.take(max(size, _MOST_LINE_BYTES)), 0


def _whole_characters(line: bytes) -> bytes:
    """Cut an escape sequence off that may be incomplete."""
    escape = line.rfind(b"\\", len(line) - 12)
    return line if escape < 0 else line[:escape]


def unpacked(descriptor: int, compression: str) -> PackedStream:
    """Return a compressed file as a stream of what it unpacks to."""
    blocks = _inflated if compression in ("gzip", "zlib") else _decompressed
    return PackedStream(blocks(_packed(descriptor), compression))


def _packed(descriptor: int) -> Iterator[bytes]:
    place = 0
    while block := os.pread(descriptor, _BLOCK_BYTES, place):
        place += len(block)
        yield block


def _inflated(blocks: Iterator[bytes], _: str) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(wbits=47)  # gzip or zlib, as the header says
    for block in blocks:
        waiting = block
        while waiting:
            if piece := unpacker.decompress(waiting, _BLOCK_BYTES):
                yield piece
            waiting = unpacker.unconsumed_tail
            if unpacker.eof:
                if not unpacker.unused_data.startswith(b"\x1f\x8b"):
                    return
                waiting, unpacker = unpacker.unused_data, zlib.decompressobj(wbits=47)
    yield unpacker.flush()


def _decompressed(blocks: Iterator[bytes], compression: str) -> Iterator[bytes]:
    make: Callable[[], bz2.BZ2Decompressor | lzma.LZMADecompressor] = (
        bz2.BZ2Decompressor if compression == "bz2" else lzma.LZMADecompressor
    )
    unpacker = make()
    for block in blocks:
        waiting = block
        while not unpacker.eof and (waiting or not unpacker.needs_input):
            if piece := unpacker.decompress(waiting, _BLOCK_BYTES):
                yield piece
            waiting = b""
        if unpacker.eof:
            return
