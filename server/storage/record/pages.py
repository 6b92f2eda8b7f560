"""Events read from the bytes of a ledger that SQLite cannot read any more. Pure.

Each page that looks like a leaf of a table is read by itself, so a damaged index, a lost root or two swapped pages cost
nothing. What is found is believed only where an event's own hash says so.
The form of the file: https://www.sqlite.org/fileformat2.html (1.6 B-tree pages, 2.1 record format).
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator

from .chain import link

Row = tuple[int, float, str, str, str, str, str, str, str]
"""(seq, at, kind, subject, run, model, body, prev, hash), as `chain.check` takes it."""
Data = bytes | mmap.mmap

_LEAF_OF_TABLE = 0x0D
_USUAL_BYTES = 4096
_FILE_HEADER_BYTES, _PAGE_HEADER_BYTES = 100, 8
_LONGEST_ROW_BYTES = 64 << 20
_INTEGER_BYTES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_REAL, _ZERO, _ONE, _FIRST_TEXT = 7, 8, 9, 13
_DAMAGED = (ValueError, IndexError, struct.error)


def events(data: Data) -> list[Row]:
    """Return every event whose hash holds, by rising number; of two with one number the first that was found."""
    for size in dict.fromkeys((_page_bytes(data), _USUAL_BYTES)):
        found: dict[int, Row] = {}
        for row in _rows(data, size):
            found.setdefault(row[0], row)
        if found:
            return [found[seq] for seq in sorted(found)]
    return []


def _page_bytes(data: Data) -> int:
    size = int.from_bytes(data[16:18], "big")
    size = 65536 if size == 1 else size
    return size if 512 <= size <= 65536 and not size & (size - 1) else _USUAL_BYTES


def _rows(data: Data, size: int) -> Iterator[Row]:
    for begin in range(0, len(data), size):
        header = begin + (_FILE_HEADER_BYTES if begin == 0 else 0)
        if header + _PAGE_HEADER_BYTES > len(data) or data[header] != _LEAF_OF_TABLE:
            continue
        cells = int.from_bytes(data[header + 3 : header + 5], "big")
        pointers = header + _PAGE_HEADER_BYTES
        for place in range(pointers, min(pointers + 2 * cells, begin + size), 2):
            try:
                row = _event(data, size, begin + int.from_bytes(data[place : place + 2], "big"))
            except _DAMAGED:
                continue
            if row is not None:
                yield row


def _event(data: Data, size: int, cell: int) -> Row | None:
    """Return the event in a cell; None where the cell is something else, or its hash does not hold."""
    length, place = _varint(data, cell)
    seq, place = _varint(data, place)
    if length > min(_LONGEST_ROW_BYTES, len(data)):
        return None
    values = _values(_payload(data, size, place, length))
    if len(values) != 9 or values[0] is not None:
        return None
    at, texts = values[1], [one for one in values[2:] if isinstance(one, str)]
    if not isinstance(at, float) or len(texts) != 7:
        return None
    kind, subject, run, model, body, prev, digest = texts
    computed = link(prev=prev, seq=seq, at=at, kind=kind, subject=subject, run=run, model=model, body=body)
    return (seq, at, kind, subject, run, model, body, prev, digest) if computed == digest else None


def _payload(data: Data, size: int, place: int, length: int) -> bytes:
    """Return a cell's content: what stands in the page, and what overflows into pages that are chained to it."""
    longest = size - 35
    if length <= longest:
        return bytes(data[place : place + length])
    least = (size - 12) * 32 // 255 - 23
    local = least + (length - least) % (size - 4)
    local = local if local <= longest else least
    parts = [bytes(data[place : place + local])]
    page, missing = int.from_bytes(data[place + local : place + local + 4], "big"), length - local
    while missing > 0:
        begin = (page - 1) * size
        if page < 1 or begin >= len(data):
            raise ValueError("it overflows into a page that is not there")
        parts.append(bytes(data[begin + 4 : begin + 4 + min(missing, size - 4)]))
        page, missing = int.from_bytes(data[begin : begin + 4], "big"), missing - (size - 4)
    return b"".join(parts)


def _values(record: bytes) -> list[str | float | None]:
    """Return the columns of a record; numbers as floats, for the only one of an event is."""
    end, place = _varint(record, 0)
    kinds: list[int] = []
    while place < end:
        kind, place = _varint(record, place)
        kinds.append(kind)
    values: list[str | float | None] = []
    for kind in kinds:
        value, place = _value(record, kind, place)
        values.append(value)
    return values


def _value(record: bytes, kind: int, place: int) -> tuple[str | float | None, int]:
    if kind >= _FIRST_TEXT and kind % 2:
        end = place + (kind - _FIRST_TEXT) // 2
        return record[place:end].decode("utf-8", "surrogatepass"), end
    if kind in _INTEGER_BYTES:
        end = place + _INTEGER_BYTES[kind]
        return float(int.from_bytes(record[place:end], "big", signed=True)), end
    if kind == _REAL:
        return float(struct.unpack(">d", record[place : place + 8])[0]), place + 8
    if kind in (_ZERO, _ONE):
        return float(kind - _ZERO), place
    if kind == 0:
        return None, place
    raise ValueError("no column of an event is like that")


def _varint(data: Data, place: int) -> tuple[int, int]:
    value = 0
    for count in range(9):
        byte = data[place + count]
        if count == 8:
            return value << 8 | byte, place + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place + count + 1
    raise ValueError("no number")
