"""CSV and TSV, with the standard library only."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Iterable

from .facts import ColumnFacts, TableFacts
from .formats import Look
from .placeholders import Collected, is_placeholder
from .texts import MOST_LINE_BYTES, MOST_TEXT_BYTES, is_text, lines
from .trouble import CannotInspectError

MOST_COLUMNS = 500
_MOST_CELLS = 2_000_000
_MOST_DISTINCT = 10_000
_MOST_ROWS_COMPARED = 200_000
_MOST_RAGGED = 20
_MOST_NAME_CHARACTERS = 120
_MISSING = {"", "na", "n/a", "nan", "null", "none", "-nan", "<na>"}


class Column:
    """What is counted of one column while its cells pass by."""

    def __init__(self, name: str) -> None:
        self.name = name[:_MOST_NAME_CHARACTERS]
        self.missing = self.infinite = self.numbers = self.texts = 0
        self.minimum, self.maximum = math.inf, -math.inf
        self.values: set[str | float] = set()

    def add(self, cell: str) -> bool:
        """Count a cell; return whether it is a text that is neither a number nor missing."""
        try:
            number = float(cell)
        except ValueError:
            return self._add_text(cell.strip())
        if math.isfinite(number):
            self.numbers += 1
            self.minimum, self.maximum = min(self.minimum, number), max(self.maximum, number)
        elif math.isnan(number):
            self.missing += 1
            return False
        else:
            self.infinite += 1
        self._note(number)
        return False

    def _add_text(self, cell: str) -> bool:
        if cell.casefold() in _MISSING:
            self.missing += 1
            return False
        self.texts += 1
        self._note(cell)
        return True

    def _note(self, value: str | float) -> None:
        if len(self.values) < _MOST_DISTINCT:
            self.values.add(value)

    def facts(self) -> ColumnFacts:
        """Return what was counted."""
        return ColumnFacts(
            name=self.name,
            missing=self.missing,
            infinite=self.infinite,
            numbers=self.numbers,
            texts=self.texts,
            minimum=self.minimum if self.numbers else None,
            maximum=self.maximum if self.numbers else None,
            distinct=len(self.values),
            distinct_is_lower_bound=len(self.values) >= _MOST_DISTINCT,
        )


class Table:
    """What is counted of a table while its rows pass by."""

    def __init__(self, header: list[str]) -> None:
        self.header = header
        self.columns = [Column(name) for name in header[:MOST_COLUMNS]]
        self.rows = self.ragged = self.repeated = 0
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
        self._compare(hash(tuple(row)))

    def _compare(self, digest: int) -> None:
        if digest in self._seen:
            self.repeated += 1
        elif len(self._seen) < _MOST_ROWS_COMPARED:
            self._seen.add(digest)

    @property
    def cells(self) -> int:
        """Cells looked at, one more for each row so that empty rows end too."""
        return self.rows * (len(self.columns) + 1)

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
    if not is_text(look.head):
        raise CannotInspectError("damaged", f"It is no text, so it is no {look.detail.upper()}.")
    text = lines(look.descriptor)
    first = next(text)
    csv.field_size_limit(MOST_LINE_BYTES)
    table, complete = _counted(csv.reader(_after(first, text), delimiter=delimiter(first, look.detail)))
    complete = complete and look.size_bytes <= MOST_TEXT_BYTES
    notes = () if complete else (f"Only the first {table.rows} rows were read.",)
    return TableFacts(
        format=look.detail,
        size_bytes=look.size_bytes,
        rows=table.rows,
        columns=tuple(column.facts() for column in table.columns),
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


def _counted(rows: Iterable[list[str]]) -> tuple[Table, bool]:
    """Return the table and whether all of it was read. Blank lines are no rows."""
    table: Table | None = None
    try:
        for row in rows:
            if table is None:
                table = Table(row)
            elif row:
                table.add(row)
                if table.cells >= _MOST_CELLS:
                    return table, False
    except csv.Error as error:
        where = f"after row {table.rows}" if table else "in its header"
        raise CannotInspectError("damaged", f"It is no table: {error}, {where}.") from error
    return table or Table([]), True
