"""Parquet and Arrow (Feather), where pyarrow is installed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib import import_module
from typing import Any, BinaryIO

from .facts import TableFacts
from .formats import Look
from .tables import MOST_COLUMNS, Table

_open: Any = import_module("pyarrow.parquet").ParquetFile
_BATCH_ROWS = 10_000
_MOST_CELLS = 2_000_000


def read(look: Look) -> TableFacts:
    """Return the facts of a Parquet file: cells are looked at as a CSV would show them."""
    with os.fdopen(os.dup(look.descriptor), "rb") as raw:
        if look.detail == "arrow":
            return _arrow(look, raw)
        file = _open(raw, pre_buffer=False)
        names = [str(name) for name in file.schema_arrow.names]
        batches = file.iter_batches(batch_size=_BATCH_ROWS, columns=names[:MOST_COLUMNS], use_threads=False)
        return _facts(look, "parquet", names, int(file.metadata.num_rows), batches)


def _arrow(look: Look, raw: BinaryIO) -> TableFacts:
    """Return the facts of Arrow's file format, which Feather is too."""
    file = import_module("pyarrow.ipc").open_file(raw)
    names = [str(name) for name in file.schema.names]
    batches = (file.get_batch(number) for number in range(file.num_record_batches))
    parts = (one.slice(at, _BATCH_ROWS) for one in batches for at in range(0, one.num_rows, _BATCH_ROWS))
    return _facts(look, "arrow", names, None, parts)


def _facts(look: Look, kind: str, names: list[str], rows: int | None, batches: Iterable[Any]) -> TableFacts:
    table, complete = _counted(batches, names)
    rows = table.rows if rows is None else rows
    return TableFacts(
        format=kind,
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
        columns = [[_cell(value) for value in column.to_pylist()] for column in batch.columns[:MOST_COLUMNS]]
        for row in zip(*columns, strict=True):
            table.add(list(row))
        if table.cells >= _MOST_CELLS:
            return table, False
    return table, True


def _cell(value: object) -> str:
    return "" if value is None else str(value)
