"""Parquet, where pyarrow is installed."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from .facts import TableFacts
from .formats import Look
from .tables import MOST_COLUMNS, Table

_open: Any = import_module("pyarrow.parquet").ParquetFile
_BATCH_ROWS = 10_000
_MOST_CELLS = 2_000_000

ParquetFile = Any  # pyarrow is typed in part


def read(look: Look) -> TableFacts:
    """Return the facts of a Parquet file: cells are looked at as a CSV would show them."""
    with os.fdopen(os.dup(look.descriptor), "rb") as raw:
        file = _open(raw, pre_buffer=False)
        names = [str(name) for name in file.schema_arrow.names]
        rows = int(file.metadata.num_rows)
        table, complete = _counted(file, names)
    return TableFacts(
        format="parquet",
        size_bytes=look.size_bytes,
        rows=rows,
        columns=tuple(column.facts() for column in table.columns),
        column_count=len(names),
        duplicate_headers=table.duplicates,
        repeated_rows=table.repeated,
        placeholders=tuple(table.placeholders.first),
        placeholder_count=table.placeholders.count,
        complete=complete,
        notes=() if complete else (f"Only the first {table.rows} of {rows} rows were looked at.",),
    )


def _counted(file: ParquetFile, names: list[str]) -> tuple[Table, bool]:
    table = Table(names)
    for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=names[:MOST_COLUMNS], use_threads=False):
        columns = [[_cell(value) for value in column.to_pylist()] for column in batch.columns]
        for row in zip(*columns, strict=True):
            table.add(list(row))
        if table.cells >= _MOST_CELLS:
            return table, False
    return table, True


def _cell(value: object) -> str:
    return "" if value is None else str(value)
