"""Read a training history from the bytes of a file that some library wrote. No files are opened here.

Read are CSV in its dialects (Keras' CSVLogger; Lightning's metrics.csv, where training and validation stand in
different rows; exports of TensorBoard, Weights & Biases and MLflow), `trainer_state.json` of transformers, JSON of rows
or of columns, JSON lines, and what a training prints: lines with names and numbers, tables.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from ...vocabulary.errors import InvalidArgument
from ..logs.lines import read_lines
from .csv_tables import csv_records
from .json_rows import json_records
from .names import plain_name, role_of
from .series import History, from_records, recognise

__all__ = ["csv_records", "finite", "holds_trials", "read_history", "text_of"]

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_TRIALS = ("params_", "param_", "config_", "config/")


def read_history(data: bytes, name: str = "history") -> History:
    """Return the history that stands in these bytes.

    A last line without its line end may be torn: its last field is left blank unless it is a whole word such as
    `nan`. Blanks, unknown words and missing fields are None; `nan`, `inf` and overflowing numbers are kept as such.

    :param data: the file's bytes; undecodable ones are replaced.
    :param name: what to call the file in an error; where its columns do not say it, its name says which data they
        are of (`test_error.tsv`).
    :raises InvalidArgument: no column is recognised, or there is no row with a value.
    """
    text = text_of(data)
    whole = role_of(name.rpartition("/")[2])
    if text.lstrip()[:1] in ("{", "["):
        history = from_records(*json_records(text), whole)
    else:
        records, names = csv_records(text, name=name)
        history = from_records(records, names, whole)
        history = history if _is_table(history, names) else _printed(text) or history
    if history.empty and (printed := _printed(text)):
        history = printed
    if history.empty:
        raise InvalidArgument(
            f"{name} holds no training history that could be recognised.",
            "Write a CSV with a header such as Epoch,Train Loss,Val Loss,Gradient Norm,Time (s).",
        )
    return history


def text_of(data: bytes) -> str:
    """Return bytes as text: UTF-8, or UTF-16 as PowerShell writes it."""
    if data[:2] in _UTF_16:
        return data.decode("utf-16", errors="replace")
    return data.decode("utf-8", errors="replace").lstrip("\ufeff")


def holds_trials(data: bytes) -> bool:
    """Whether a table holds the trials of a search, in which a row has nothing to do with the row before it."""
    head = text_of(data[:8192]).lstrip().partition("\n")[0]
    names = [plain_name(field) for field in re.split(r"[,;\t]", head)]
    of_search = {"mean_test_score", "rank_test_score", "trial_id", "datetime_complete"} & set(names)
    return bool(of_search) and any(name.startswith(_TRIALS) or name == "params" for name in names)


def _is_table(history: History, names: Iterable[str]) -> bool:
    """Whether what was read as a CSV is one: it has more than one row, and places where it names a column of them."""
    placed = not {"epoch", "step"} & recognise(names).keys() or history.counts != "row"
    return not history.empty and placed and len(history.epochs) > 1


def _printed(text: str) -> History | None:
    """Return the history that a text states line by line; None where it states none."""
    history = from_records(*read_lines(text))
    return None if history.empty else history


def finite(values: Iterable[float | None]) -> list[float]:
    """Return the values that are numbers."""
    return [value for value in values if value is not None and math.isfinite(value)]
