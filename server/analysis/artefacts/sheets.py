"""The first sheet of an XLSX workbook, with the standard library only. No formula is computed, no link followed."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterator
from typing import BinaryIO
from xml.etree import ElementTree

from .facts import TableFacts
from .formats import Look
from .tables import MOST_CELLS, Table, found_in
from .trouble import CannotInspectError

_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_LAST_COLUMN = 16_383
"""A sheet has no more columns than this and one."""
_MOST_TEXTS = 1_000_000
_MOST_MEMBER_BYTES = 512 << 20


def read(look: Look) -> TableFacts:
    """Return the facts of the first sheet.

    :raises CannotInspectError: if the workbook is damaged, or holds more than is unpacked.
    """
    table, complete = cells(look)
    return found_in(table, look, table.rows, complete)


def cells(look: Look) -> tuple[Table, bool]:
    """Return the first sheet as far as its cells are looked at, and whether that is all of it.

    :raises CannotInspectError: if the workbook is damaged, or holds more than is unpacked.
    """
    try:
        with os.fdopen(os.dup(look.descriptor), "rb") as file, zipfile.ZipFile(file) as archive:
            return _cells(archive)
    except (zipfile.BadZipFile, ElementTree.ParseError, KeyError, NotImplementedError) as error:
        raise CannotInspectError("damaged", f"It is no workbook: {' '.join(str(error).split())[:160]}.") from error


def _cells(archive: zipfile.ZipFile) -> tuple[Table, bool]:
    names = archive.namelist()
    sheets = sorted((one for one in names if _SHEET.fullmatch(one)), key=lambda one: (len(one), one))
    if not sheets:
        raise CannotInspectError("damaged", "It holds no sheet.")
    texts = list(_texts(archive)) if "xl/sharedStrings.xml" in names else []
    table, complete = Table([]), True
    with _opened(archive, sheets[0]) as sheet:
        for number, row in enumerate(_rows(sheet, texts)):
            if number == 0:
                table = Table(row)
            elif any(row):
                table.add(row)
            if table.cells >= MOST_CELLS:
                complete = False
                break
    return table, complete


def _opened(archive: zipfile.ZipFile, name: str) -> BinaryIO:
    if archive.getinfo(name).file_size > _MOST_MEMBER_BYTES:
        raise CannotInspectError("too large", f"{name[:60]} unpacks to more than {_MOST_MEMBER_BYTES >> 20} MB.")
    return archive.open(name)  # type: ignore[return-value]


def _texts(archive: zipfile.ZipFile) -> Iterator[str]:
    with _opened(archive, "xl/sharedStrings.xml") as file:
        for number, node in enumerate(_each(file, "si")):
            if number >= _MOST_TEXTS:
                raise CannotInspectError("too large", f"It holds more than {_MOST_TEXTS} texts.")
            yield "".join(one.text or "" for one in node.iter() if _tag(one) == "t")


def _rows(file: BinaryIO, texts: list[str]) -> Iterator[list[str]]:
    """Yield the cells of each row as a CSV would show them."""
    for node in _each(file, "row"):
        row: list[str] = []
        for cell in (one for one in node if _tag(one) == "c"):
            place = min(_column(cell.get("r", ""), len(row)), _LAST_COLUMN)
            row += [""] * (place - len(row))
            row.append(_value(cell, texts))
        yield row


def _each(file: BinaryIO, tag: str) -> Iterator[ElementTree.Element]:
    above: list[ElementTree.Element] = []
    for event, node in ElementTree.iterparse(file, ("start", "end")):  # noqa: S314 (confined, bounded in memory and time)
        if event == "start":
            above.append(node)
            continue
        above.pop()
        if _tag(node) == tag:
            yield node
            if above:
                above[-1].remove(node)


def _tag(node: ElementTree.Element) -> str:
    return node.tag.rpartition("}")[2]


def _column(reference: str, after: int) -> int:
    """Return the place, from 0, of a cell such as `AB12`; a cell without one stands behind the cell before it."""
    letters = reference.rstrip("0123456789").upper()[:3]
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1 if place > 0 else after


def _value(cell: ElementTree.Element, texts: list[str]) -> str:
    kind = cell.get("t", "n")
    inner = "".join(one.text or "" for one in cell.iter() if _tag(one) in ("v", "t"))
    if kind == "s":
        return texts[int(inner)] if inner.isdigit() and int(inner) < len(texts) else ""
    return "nan" if kind == "e" else inner
