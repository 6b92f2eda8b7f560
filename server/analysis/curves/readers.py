"""Read a training history from the bytes of a file that some library wrote. No files are opened here.

Read are CSV in its dialects (Keras' CSVLogger; Lightning's metrics.csv, where training and validation stand in
different rows), `trainer_state.json` of transformers, JSON of rows or of columns, and JSON lines.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from ...vocabulary.errors import InvalidArgument
from .series import COLUMNS, History, from_records, recognise

_NAN_WORDS = frozenset({"nan", "inf", "-inf", "+inf", "infinity", "-infinity"})
_TRUTH = {"true": 1.0, "false": 0.0}
"""How pandas writes whether a draw diverged."""
_DELIMITERS = (",", ";", "\t", "|")


def read_history(data: bytes, name: str = "history") -> History:
    """Return the history that stands in these bytes.

    A last line without its line end may be torn: its last field is left blank unless it is a whole word such as
    `nan`. Blanks, unknown words and missing fields are None; `nan`, `inf` and overflowing numbers are kept as such.

    :param data: the file's bytes; undecodable ones are replaced.
    :param name: what to call the file in an error.
    :raises InvalidArgument: no column is recognised, or there is no row with a value.
    """
    text = data.decode("utf-8", errors="replace").lstrip("\ufeff")
    records, names = _json_records(text) if text.lstrip()[:1] in ("{", "[") else csv_records(text)
    history = from_records(records, names)
    if not any(history.column(column) for column in COLUMNS):
        raise InvalidArgument(
            f"{name} holds no training history that could be recognised.",
            "Write a CSV with a header such as Epoch,Train Loss,Val Loss,Gradient Norm,Time (s).",
        )
    return history


def csv_records(text: str, wanted: frozenset[str] | None = None) -> tuple[list[dict[str, float | None]], list[str]]:
    """Return the rows of a CSV as numbers, and the names in its header.

    :param wanted: the names to read; without it those that a history has a column for.
    """
    torn = not text.endswith(("\n", "\r"))
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        return [], []
    mark = max(_DELIMITERS, key=lines[0].count)
    header = [field.strip() for field in _fields(lines[0], mark)]
    places = [(at, field) for at, field in enumerate(header) if field in (wanted or recognise(header).values())]
    rows = [_fields(line, mark) for line in lines[1:] if line != lines[0]]
    if torn and rows and rows[-1][-1].strip().lower() not in _NAN_WORDS:
        rows[-1].pop()
    comma = mark in ";\t"
    return [_record(row, places, comma=comma) for row in rows], header


def _record(row: Sequence[str], places: Sequence[tuple[int, str]], *, comma: bool) -> dict[str, float | None]:
    """Return the wanted fields of one row; the plain case first, because a long file is nothing else."""
    try:
        return {field: float(row[at]) for at, field in places}
    except (ValueError, IndexError):
        return {field: _text_number(row[at], comma=comma) for at, field in places if at < len(row)}


def _fields(line: str, mark: str) -> list[str]:
    """Split one line; each alone, so that one stray quote cannot swallow the rest of the file."""
    if '"' not in line:
        return line.split(mark)
    try:
        return next(csv.reader([line], delimiter=mark))
    except csv.Error:
        return line.split(mark)


def _text_number(text: str, *, comma: bool) -> float | None:
    try:
        return float(text)
    except ValueError:
        if comma and "," in text:
            return _text_number(text.replace(",", "."), comma=False)
        return _TRUTH.get(text.strip().lower())


def _number(value: object) -> float | None:
    """Return a JSON value as a number; transformers writes NaN as a word in quotes."""
    if isinstance(value, str):
        return _text_number(value, comma=False)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _json_records(text: str) -> tuple[list[dict[str, float | None]], list[str]]:
    rows = _rows_of(_whole(text)) or _rows_of(_lines(text))
    # The summary that closes a transformers log repeats the mean loss of the whole run under another name.
    records = [{name: _number(value) for name, value in row.items()} for row in rows if "train_runtime" not in row]
    names = dict.fromkeys(name for record in records for name, value in record.items() if value is not None)
    return records, list(names)


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
        return [_flat(cast(Mapping[str, object], row)) for row in cast(list[object], value) if isinstance(row, dict)]
    if not isinstance(value, dict):
        return []
    table = cast(dict[str, object], value)
    for key in ("log_history", "history", "logs"):
        if isinstance(table.get(key), list | dict):
            return _rows_of(table[key])
    flat = _flat(table)
    columns = {name: cast(list[object], column) for name, column in flat.items() if isinstance(column, list)}
    return _rows_of_columns(columns) if columns else [flat]


def _rows_of_columns(columns: Mapping[str, Sequence[object]]) -> list[dict[str, object]]:
    longest = max(len(column) for column in columns.values())
    return [{name: column[row] for name, column in columns.items() if row < len(column)} for row in range(longest)]


def _flat(row: Mapping[str, object]) -> dict[str, object]:
    """Join the names of one level of nesting: {"train": {"loss": 1}} -> {"train_loss": 1}."""
    flat: dict[str, object] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            flat |= {f"{name}_{inner}": each for inner, each in cast(dict[str, object], value).items()}
        else:
            flat[name] = value
    return flat


def finite(values: Iterable[float | None]) -> list[float]:
    """Return the values that are numbers."""
    return [value for value in values if value is not None and math.isfinite(value)]
