"""Parquet and Arrow (Feather), where pyarrow is installed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib import import_module
from typing import Any, BinaryIO

from .facts import TableFacts
from .formats import Look
from .tables import Table

_open: Any = import_module("pyarrow.parquet").ParquetFile
_BATCH_ROWS = 10_000
_BATCH_CELLS = 5_000_000
_MOST_CELLS = 2_000_000


def read(look: Look) -> TableFacts:
    """Return the facts of a Parquet file: cells are looked at as a CSV would show them."""
    with os.fdopen(os.dup(look.descriptor), "rb") as raw:
        return _facts(look, *_opened(look, raw))


def cells(look: Look) -> tuple[Table, bool]:
    """Return a Parquet or Arrow file as far as its cells are looked at, and whether that is all of it."""
    with os.fdopen(os.dup(look.descriptor), "rb") as raw:
        names, _, batches = _opened(look, raw)
        return _counted(batches, names)


def _opened(look: Look, raw: BinaryIO) -> tuple[list[str], int | None, Iterable[Any]]:
    """Return the names of the columns, the number of rows where it is told, and the rows in batches."""
    if look.detail == "arrow":  # Feather is this too
        file = import_module("pyarrow.ipc").open_file(raw)
        whole = (file.get_batch(number) for number in range(file.num_record_batches))
        names = [str(name) for name in file.schema.names]
        rows = max(1, min(_BATCH_ROWS, _BATCH_CELLS // max(1, len(names))))
        parts = (one.slice(at, rows) for one in whole for at in range(0, one.num_rows, rows))
        return names, None, parts
    file = _open(raw, pre_buffer=False)
    names = [str(name) for name in file.schema_arrow.names]
    rows = max(1, min(_BATCH_ROWS, _BATCH_CELLS // max(1, len(names))))
    batches = file.iter_batches(batch_size=rows, use_threads=False)
    return names, int(file.metadata.num_rows), batches


def _facts(look: Look, names: list[str], rows: int | None, batches: Iterable[Any]) -> TableFacts:
    table, complete = _counted(batches, names)
    rows = table.rows if rows is None else rows
    return TableFacts(
        format=look.detail or "parquet",
        size_bytes=look.size_bytes,
        rows=rows,
        rows_looked_at=table.rows,
        columns=table.facts(),
        labels=table.labels,
        column_count=len(names),
        duplicate_headers=table.duplicates,
        repeated_rows=table.repeated,
        placeholders=tuple(table.placeholders.first),
        placeholder_count=table.placeholders.count,
        complete=complete,
        notes=() if complete else (f"Only the first {table.rows} of {rows} rows were looked at.",),
    )


def _counted(batches: Iterable[Any], names: list[str]) -> tuple[Table, bool]:
    table = Table(names)
    for batch in batches:
        columns = [[_cell(value) for value in column.to_pylist()] for column in batch.columns]
        for row in zip(*columns, strict=True):
            table.add(list(row))
        if table.cells >= _MOST_CELLS:
            return table, False
    return table, True


def _cell(value: object) -> str:
    return "" if value is None else str(value)
