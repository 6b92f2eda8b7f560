"""CSV and TSV, with the standard library only."""

from __future__ import annotations

import csv
import math
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import BinaryIO

from .facts import ColumnFacts, TableFacts
from .formats import Look
from .placeholders import Collected, is_placeholder
from .texts import MOST_LINE_BYTES, is_text, lines_of, opened
from .trouble import CannotInspectError

MOST_COLUMNS = 500
MOST_SHOWN_ROWS = 2000
_MOST_ODD_COLUMNS = 100
_FURTHER_FOR_ONE = 8
"""A cell behind the columns that are counted is only looked at for what is no number: so many cost as one that is."""
_MOST_SHOWN_COLUMNS = 20
_PLACES = 32
_MOST_LABEL_CHARACTERS = 80
MOST_CELLS = 2_000_000
_MOST_DISTINCT = 10_000
_MOST_COUNTED = 32
_MOST_ROWS_COMPARED = 200_000
_MOST_RAGGED = 20
_MOST_NAME_CHARACTERS = 120
_WORDS = {"na", "n/a", "null", "none"}
LARGEST = 1e150
"""Nothing is computed with a column of larger numbers: their squares are infinite."""
_MISSING = {"", "nan", "-nan", "<na>"} | _WORDS


class Column:
    """What is counted of one column while its cells pass by."""

    def __init__(self, name: str) -> None:
        self.name = name[:_MOST_NAME_CHARACTERS]
        self.missing = self.words = self.infinite = self.numbers = self.texts = 0
        self.minimum, self.maximum = math.inf, -math.inf
        self.values: set[str | float] = set()
        self.counts: Counter[str | float] = Counter()
        """How often each value occurs, of those that come first: more than a few are counted no further."""
        self.series: array[float] | None = array("d")
        self.labels: list[str] = []

    def add(self, cell: str) -> bool:
        """Count a cell; return whether it is a text that is neither a number nor missing."""
        try:
            number = float(cell)
        except ValueError:
            return self._add_text(cell.strip())
        if math.isfinite(number):
            self.numbers += 1
            if self.series is not None:
                self.series.append(number)
            self.minimum, self.maximum = min(self.minimum, number), max(self.maximum, number)
        else:
            self.series = None
            if math.isnan(number):
                self.missing += 1
                return False
            self.infinite += 1
        self._note(number)
        return False

    def _add_text(self, cell: str) -> bool:
        self.series = None
        if len(self.labels) < MOST_SHOWN_ROWS:
            self.labels.append(cell[:_MOST_LABEL_CHARACTERS])
        if cell.casefold() in _MISSING:
            self.missing += 1
            self.words += cell.casefold() in _WORDS
            return False
        self.texts += 1
        self._note(cell)
        return True

    def _note(self, value: str | float) -> None:
        if len(self.values) < _MOST_DISTINCT:
            self.values.add(value)
        if len(self.counts) <= _MOST_COUNTED:
            self.counts[value] += 1

    def facts(self) -> ColumnFacts:
        """Return what was counted."""
        return ColumnFacts(
            name=self.name,
            missing=self.missing,
            words=self.words,
            infinite=self.infinite,
            numbers=self.numbers,
            texts=self.texts,
            minimum=self.minimum if self.numbers else None,
            maximum=self.maximum if self.numbers else None,
            distinct=len(self.values),
            distinct_is_lower_bound=len(self.values) >= _MOST_DISTINCT,
            values=self.shown(),
            **self._moments(),
            counts=tuple(sorted(self.counts.values())) if len(self.counts) <= _MOST_COUNTED else (),
        )

    def _moments(self) -> dict[str, float]:
        """Return mean and deviation of a column of finite numbers; nothing of others."""
        series = self.series
        if not series:
            return {}
        try:
            mean = math.fsum(series) / len(series)
            square = math.fsum((one - mean) * (one - mean) for one in series) / len(series)
        except OverflowError:
            return {}
        return {"mean": mean, "sd": math.sqrt(square)} if math.isfinite(mean + square) else {}

    def shown(self) -> tuple[float, ...]:
        """Return the values of a column of numbers: all of a short one, else those at evenly spread places."""
        series = self.series
        if not series or max(abs(self.minimum), abs(self.maximum)) > LARGEST:
            return ()
        if len(series) <= MOST_SHOWN_ROWS:
            return tuple(series)
        return tuple(series[index * (len(series) - 1) // (_PLACES - 1)] for index in range(_PLACES))


class Table:
    """What is counted of a table while its rows pass by."""

    def __init__(self, header: list[str]) -> None:
        self.header = header
        self.columns = [Column(name) for name in header[:MOST_COLUMNS]]
        self.further: dict[int, Column] = {}
        """Columns behind those, as far as they hold cells that are no numbers."""
        self.cells = 0
        """Cells looked at, one more for each row so that empty rows end too."""
        self.rows = self.ragged = self.repeated = self.unread_rows = 0
        self.first_ragged: list[int] = []
        self.placeholders = Collected()
        self._seen: set[int] = set()

    def add(self, row: list[str]) -> None:
        """Count a row."""
        self.rows += 1
        if len(row) != len(self.header):
            self.ragged += 1
            if len(self.first_ragged) < _MOST_RAGGED:
                self.first_ragged.append(self.rows)
        for column, cell in zip(self.columns, row, strict=False):
            if column.add(cell) and is_placeholder(cell):
                self.placeholders.add(cell, column.name, self.rows)
        if len(row) > MOST_COLUMNS:
            self._further(row)
        self.cells += len(self.columns) + 1 + max(0, len(row) - MOST_COLUMNS) // _FURTHER_FOR_ONE
        self._compare(hash(tuple(row)))

    def _further(self, row: list[str]) -> None:
        """Look at the cells behind the columns that are counted, as far as they are no plain numbers."""
        for place, cell in enumerate(row[MOST_COLUMNS:], MOST_COLUMNS):
            if cell[-1:].isdigit():
                continue
            name = self.header[place] if place < len(self.header) else ""
            if place not in self.further and len(self.further) < _MOST_ODD_COLUMNS:
                self.further[place] = Column(name)
            column = self.further.get(place) or Column(name)
            if column.add(cell) and is_placeholder(cell):
                self.placeholders.add(cell, column.name, self.rows)

    def _compare(self, digest: int) -> None:
        if digest in self._seen:
            self.repeated += 1
        elif len(self._seen) < _MOST_ROWS_COMPARED:
            self._seen.add(digest)

    def facts(self) -> tuple[ColumnFacts, ...]:
        """Return the facts of the columns; the values only of the first that have some, and of a whole table."""
        found = [column.facts() for column in self.columns]
        shown = [place for place, one in enumerate(found) if one.values][:_MOST_SHOWN_COLUMNS]
        counted = (self._whole(one, shown=place in shown) for place, one in enumerate(found))
        return (*counted, *(one for one in map(self._odd, self.further.values()) if one.missing or one.infinite))

    def _odd(self, column: Column) -> ColumnFacts:
        """Return the facts of a column of which only the odd cells were counted: the others are numbers."""
        numbers = self.rows - column.missing - column.infinite - column.texts
        odd = ColumnFacts(name=column.name, missing=column.missing, words=column.words, infinite=column.infinite)
        return replace(odd, numbers=max(0, numbers), texts=column.texts)

    def _whole(self, one: ColumnFacts, *, shown: bool) -> ColumnFacts:
        """Leave out what is told of a whole column where it is none, and the values beyond the first columns."""
        if self.rows not in (one.numbers, one.texts):
            return replace(one, values=(), mean=None, sd=None, counts=())
        return one if shown and one.numbers else replace(one, values=())

    @property
    def labels(self) -> tuple[str, ...]:
        """The texts of the first column that has one in each row."""
        most = min(self.rows, MOST_SHOWN_ROWS)
        return next((tuple(one.labels) for one in self.columns if most and len(one.labels) == most), ())

    @property
    def duplicates(self) -> tuple[str, ...]:
        """Names that stand over more than one column."""
        counted = Counter(name.strip() for name in self.header)
        return tuple(name[:_MOST_NAME_CHARACTERS] for name, count in counted.items() if count > 1)[:MOST_COLUMNS]


def read(look: Look) -> TableFacts:
    """Return the facts of a CSV or TSV file.

    :raises CannotInspectError: if it is no text, or no table.
    """
    if look.size_bytes == 0:
        return TableFacts(format=look.detail, size_bytes=0, rows=0, notes=("The file is empty.",))
    with opened(look.descriptor, look.compression) as file:
        if not is_text(file.peek(4096)[:4096]):
            raise CannotInspectError("damaged", f"It is no text, so it is no {look.detail.upper()}.")
        text = lines_of(file)
        first = next(text)
        csv.field_size_limit(MOST_LINE_BYTES)
        separator = delimiter(first, look.detail)
        table = _counted(csv.reader(_after(first, text), delimiter=separator))
        looked_at, complete = table.rows, search_rest(file, table, separator)
    return found_in(table, look, looked_at, complete)


def cells(look: Look) -> tuple[Table, bool]:
    """Return a CSV or TSV file as far as its cells are looked at, and whether that is all of it.

    :raises CannotInspectError: if it is no text, or no table.
    """
    with opened(look.descriptor, look.compression) as file:
        if not is_text(file.peek(4096)[:4096]):
            raise CannotInspectError("damaged", f"It is no text, so it is no {look.detail.upper()}.")
        text = lines_of(file)
        first = next(text)
        csv.field_size_limit(MOST_LINE_BYTES)
        table = _counted(csv.reader(_after(first, text), delimiter=delimiter(first, look.detail)))
        return table, not file.read(1)


def found_in(table: Table, look: Look, looked_at: int, complete: bool) -> TableFacts:
    """Return what was counted as facts; of rows that were not looked at only their number is known."""
    notes = () if complete else (f"Of {table.rows} rows the cells of {looked_at} were looked at, the rest searched.",)
    if table.unread_rows:
        notes += (f"{table.unread_rows} rows were not searched, as {_MOST_ODD_LINES} before them were odd.",)
    return TableFacts(
        format=look.detail,
        size_bytes=look.size_bytes,
        rows=table.rows,
        rows_looked_at=looked_at,
        columns=table.facts(),
        labels=table.labels,
        column_count=len(table.header),
        duplicate_headers=table.duplicates,
        ragged_rows=tuple(table.first_ragged),
        ragged_count=table.ragged,
        repeated_rows=table.repeated,
        placeholders=tuple(table.placeholders.first),
        placeholder_count=table.placeholders.count,
        complete=complete,
        notes=notes,
    )


def _after(first: str, rest: Iterable[str]) -> Iterable[str]:
    yield first
    yield from rest


def delimiter(header: str, detail: str) -> str:
    """Return what separates cells: the sign that stands most often in the header, a comma if none does."""
    return "\t" if detail == "tsv" else max(",;\t|", key=header.count)


def _counted(rows: Iterable[list[str]]) -> Table:
    """Return the table as far as its cells are looked at. Blank lines are no rows."""
    table: Table | None = None
    try:
        for row in rows:
            if table is None:
                table = Table(row)
            elif row:
                table.add(row)
                if table.cells >= MOST_CELLS:
                    return table
    except csv.Error as error:
        where = f"after row {table.rows}" if table else "in its header"
        raise CannotInspectError("damaged", f"It is no table: {error}, {where}.") from error
    return table or Table([])


_REST_BYTES = 1 << 20
_MOST_ODD_LINES = 20_000
_ODD = (b"todo", b"tbd", b"tbc", b"fixme", b"holder", b"nan", b"inf", b"null", b"none", b"n/a", b"pending", b"dummy")
"""Words by which a line is found that is worth looking at, in lower case."""
_OF_NUMBERS = b"0123456789.-+eE \r\n"
"""What a table of numbers is written with: without these signs a block of it is short, or empty."""
_ODD_BEYOND_NUMBERS = tuple(one.translate(None, _OF_NUMBERS) for one in _ODD)


def search_rest(file: BinaryIO, table: Table, separator: str) -> bool:
    """Count the lines behind those that were looked at and look at the odd ones; whether there were none left."""
    blank = separator.encode()
    odd = (*_ODD, blank * 2, blank + b"\n", blank + b"\r")
    left, carried, complete = _MOST_ODD_LINES, b"", True
    while block := file.read(_REST_BYTES):
        complete = False
        whole, _, carried = (carried + block).rpartition(b"\n")
        left -= _search(whole + b"\n", table, separator, odd if left > 0 else ())
        if len(carried) > MOST_LINE_BYTES:
            raise CannotInspectError("damaged", f"It is no table: a line of more than a megabyte, after {table.rows}.")
    if carried.strip():
        _search(carried + b"\n", table, separator, odd)
    return complete


def _may_be_odd(block: bytes, separator: str, odd: Sequence[bytes]) -> bool:
    """Whether one of the signs stands in a block: what is left of a table of numbers without its numbers is short."""
    words = block.translate(None, _OF_NUMBERS + separator.encode()).lower()
    if any(one in words for one in _ODD_BEYOND_NUMBERS):
        lowered = block.lower()
        return any(one in lowered for one in odd)
    return any(one in block for one in odd if one not in _ODD)


def _search(block: bytes, table: Table, separator: str, odd: Sequence[bytes]) -> int:
    """Count the rows of a block, look at those with one of the signs, and return how many these are."""
    if not odd or not _may_be_odd(block, separator, odd):
        rows = block.count(b"\n") - block.count(b"\n\n")
        table.rows += rows
        table.unread_rows += 0 if odd else rows
        return 0
    looked_at = 0
    for line in block.splitlines(keepends=True):
        if not line.strip():
            continue
        if any(one in line.lower() for one in odd):
            looked_at += 1
            table.add(next(csv.reader([line.decode("utf-8", "replace")], delimiter=separator), list[str]()))
        else:
            table.rows += 1
    return looked_at
