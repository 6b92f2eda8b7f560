"""Rows of numbers from JSON: rows, columns, lines, and what libraries nest them in. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import cast

from .csv_tables import NumberRow, text_number, with_role

_INSIDE = ("log_history", "history", "logs", "iterations", "evals_result", "metrics", "scalars", "data", "results")
"""Where libraries keep the rows or columns of a history."""
_SPLITS = ("mode", "split", "phase", "stage", "subset")
"""Keys that say which data a row is of."""


def json_records(text: str) -> tuple[list[NumberRow], list[str]]:
    """Return the rows of a JSON document or of JSON lines as numbers, and their names."""
    rows = _rows_of(_whole(text)) or _rows_of(_lines(text))
    records = [_numbers(row) for row in rows]
    names = dict.fromkeys(name for record in records for name, value in record.items() if value is not None)
    return records, list(names)


def _numbers(row: Mapping[str, object]) -> NumberRow:
    record = {name: _number(value) for name, value in row.items()}
    said = next((word for key in _SPLITS if isinstance(word := row.get(key), str)), "")
    return with_role(record, said) if said else record


def _number(value: object) -> float | None:
    """Return a JSON value as a number; transformers quotes NaN, CatBoost puts single numbers into lists."""
    if isinstance(value, list) and len(cast(list[object], value)) == 1:
        value = cast(list[object], value)[0]
    if isinstance(value, str):
        return text_number(value, comma=False)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _whole(text: str) -> object:
    try:
        return cast(object, json.loads(text))
    except (ValueError, RecursionError):
        return None


def _lines(text: str) -> list[object]:
    """Return what each line holds; torn and foreign lines are left out."""
    return [value for line in text.splitlines() if (value := _whole(line)) is not None]


def _rows_of(value: object) -> list[dict[str, object]]:
    if isinstance(value, list):
        rows = cast(list[object], value)
        return _triples(rows) or [_flat(cast(Mapping[str, object], row)) for row in rows if isinstance(row, dict)]
    if not isinstance(value, dict):
        return []
    table = cast(dict[str, object], value)
    for key in _INSIDE:
        if isinstance(table.get(key), list | dict) and (rows := _rows_of(table[key])):
            return rows
    flat = _flat(table)
    columns = {name: cast(list[object], column) for name, column in flat.items() if isinstance(column, list)}
    return _rows_of_columns(columns) if columns else [flat]


def _triples(rows: list[object]) -> list[dict[str, object]]:
    """Return the rows of an array of [time, step, value], as TensorBoard's page exports JSON."""
    found: list[dict[str, object]] = []
    for row in rows:
        cells = cast(list[object], row) if isinstance(row, list) else []
        if len(cells) != 3 or not all(isinstance(cell, int | float) for cell in cells):
            return []
        found.append({"step": cells[1], "objective": cells[2]})
    return found


def _rows_of_columns(columns: Mapping[str, Sequence[object]]) -> list[dict[str, object]]:
    longest = max(len(column) for column in columns.values())
    return [{name: column[row] for name, column in columns.items() if row < len(column)} for row in range(longest)]


def _flat(row: Mapping[str, object], depth: int = 4) -> dict[str, object]:
    """Join the names of what is nested: {"train": {"loss": 1}} -> {"train_loss": 1}."""
    flat: dict[str, object] = {}
    for name, value in row.items():
        if isinstance(value, dict) and depth:
            inside = _flat(cast(dict[str, object], value), depth - 1)
            flat |= {f"{name}_{inner}": each for inner, each in inside.items()}
        else:
            flat[name] = value
    return flat
