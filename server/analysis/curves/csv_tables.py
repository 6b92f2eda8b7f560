"""Rows of numbers from a CSV in any dialect: commas, semicolons, tabs, bars or blanks between the cells. Pure."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence

from .columns import choose
from .names import Role, named, plain_name, role_of

NumberRow = dict[str, float | None]

NAN_WORDS = frozenset({"nan", "inf", "-inf", "+inf", "infinity", "-infinity"})
_TRUTH = {"true": 1.0, "false": 0.0}
"""How pandas writes whether a draw diverged."""
_DELIMITERS = (",", ";", "\t", "|")
_SPLITS = frozenset({"phase", "split", "mode", "stage", "set", "subset", "partition", "dataset", "data"})
"""Columns that say which data a row is of."""
_KEYS = ("key", "tag", "metric", "metric_name", "name")
"""Columns that name the value of a row, where each row has one value."""
_TIMES = ("wall_time", "timestamp", "time", "relative_time")
_TAG = re.compile(r"(?:^|[-_.])tag[-_](?P<tag>.+)$")
"""How TensorBoard's page names the file of an export: `run-NAME-tag-TAG.csv`."""
_STAMPED = re.compile(r"^(1[5-9]\d{11}|2\d{12}) (\S+) (\d+)$")
"""A line of a metric that MLflow keeps in files: Unix time in milliseconds, value, step."""
UNKNOWN = "objective"
"""What a value is called of which nobody says whether less of it is better."""


def csv_records(text: str, wanted: frozenset[str] | None = None, name: str = "") -> tuple[list[NumberRow], list[str]]:
    """Return the rows of a CSV as numbers, and the names in its header.

    :param wanted: the names to read; without it those that a history has a column for.
    :param name: the file's name, which may say what its only value is.
    """
    torn = not text.endswith(("\n", "\r"))
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        return [], []
    if all(map(_STAMPED.match, lines[:20])):
        return _stamped(lines, name), ["step", name]
    first = _header(lines[0], text)
    split = _splitter(first)
    header = [field.strip() for field in split(first)]
    header = ["episode_reward", *header[1:]] if header[:3] == ["r", "l", "t"] else header  # Stable-Baselines' Monitor
    rows = [split(line) for line in lines[first == lines[0] :] if line != first]
    if torn and rows and rows[-1][-1].strip().lower() not in NAN_WORDS:
        rows[-1].pop()
    if wanted is None and (long := _long(header, rows, name)) is not None:
        return long
    known = wanted or choose(header).wanted
    places = [(at, field) for at, field in enumerate(header) if field in known]
    comma = first.count(";") + first.count("\t") > first.count(",")
    return [_record(row, places, comma=comma) for row in rows], header


def _header(line: str, text: str) -> str:
    """Return the line that names the columns: the first, or the comment above it that numpy writes."""
    if not all(map(_is_number, _splitter(line)(line))):
        return line
    comments = [one.lstrip("#% ") for one in text.splitlines() if one.startswith(("#", "%"))]
    return comments[-1] if comments else line


def _splitter(header: str) -> Callable[[str], list[str]]:
    mark = max(_DELIMITERS, key=header.count)
    if mark in header:
        return lambda line: _fields(line, mark)
    if re.search(r"\S  +\S", header.strip()) is None:
        return str.split
    return lambda line: re.split(r"  +|\t", line.strip())


def _fields(line: str, mark: str) -> list[str]:
    """Split one line; each alone, so that one stray quote cannot swallow the rest of the file."""
    if '"' not in line:
        return line.split(mark)
    try:
        return next(csv.reader([line], delimiter=mark))
    except csv.Error:
        return line.split(mark)


def _record(row: Sequence[str], places: Sequence[tuple[int, str]], *, comma: bool) -> NumberRow:
    """Return the wanted fields of one row; the plain case first, because a long file is nothing else."""
    try:
        return {field: float(row[at]) for at, field in places}
    except (ValueError, IndexError):
        return {field: text_number(row[at], comma=comma) for at, field in places if at < len(row)}


def text_number(text: str, *, comma: bool) -> float | None:
    """Return the number that a cell holds; None where it is blank or a word.

    :param comma: whether a comma may stand for the point.
    """
    try:
        return float(text)
    except ValueError:
        if comma and "," in text:
            return text_number(text.replace(",", "."), comma=False)
        if text.strip().endswith("%"):
            return text_number(text.strip()[:-1], comma=comma)
        return _TRUTH.get(text.strip().lower())


def _is_number(text: str) -> bool:
    return text_number(text, comma=False) is not None or not text.strip()


def _stamped(lines: Sequence[str], name: str) -> list[NumberRow]:
    found = [match for line in lines if (match := _STAMPED.match(line))]
    return [{"step": float(one[3]), name: text_number(one[2], comma=False)} for one in found]


def _long(header: list[str], rows: list[list[str]], name: str) -> tuple[list[NumberRow], list[str]] | None:
    """Return the rows of a table whose cells say what its values are; None where its header says it all."""
    plain = [plain_name(field) for field in header]
    if "value" in plain and named(header[plain.index("value")]) is None:
        return _keyed(plain, rows, name)
    at = next((at for at, one in enumerate(plain) if one in _SPLITS), None)
    roles = {role_of(row[at]) for row in rows if at < len(row)} if at is not None else set[Role]()
    if at is None or roles - {Role.NONE} == set() or Role.NONE in roles:
        return None
    return _split_by_role(header, rows, at)


def _keyed(plain: Sequence[str], rows: Sequence[Sequence[str]], name: str) -> tuple[list[NumberRow], list[str]] | None:
    """Read a table of one value a row: exports of TensorBoard and MLflow, tidy tables."""
    value = plain.index("value")
    place = next((at for at, one in enumerate(plain) if one in ("step", "epoch", "iteration")), None)
    key = next((at for word in _KEYS for at, one in enumerate(plain) if one == word), None)
    if place is None or (key is None and not set(plain) <= {"value", plain[place], *_TIMES}):
        return None
    found: dict[str, NumberRow] = {}
    names = dict.fromkeys([plain[place]])
    split = next((at for at, one in enumerate(plain) if one in _SPLITS), None)
    for row in rows:
        if len(row) > max(value, place, key or 0, split or 0):
            about = row[key].strip() if key is not None else _tag(name)
            about = _of(role, about) if split is not None and (role := role_of(row[split])) else about
            names[about] = None
            record = found.setdefault(row[place], {plain[place]: text_number(row[place], comma=False)})
            record.setdefault(about, text_number(row[value], comma=False))
    return list(found.values()), list(names)


def _tag(name: str) -> str:
    """Return what the only value of a file is, by the file's name."""
    stem = re.sub(r"\.(?:csv|tsv|txt)$", "", name.rpartition("/")[2], flags=re.IGNORECASE)
    tag = _TAG.search(stem)
    about = tag["tag"] if tag else stem
    return about if named(about) is not None else UNKNOWN


def _split_by_role(header: Sequence[str], rows: Sequence[Sequence[str]], at: int) -> tuple[list[NumberRow], list[str]]:
    records: list[NumberRow] = []
    names: dict[str, None] = {}
    for row in rows:
        if at < len(row):
            record = with_role(
                {field: text_number(cell, comma=False) for field, cell in zip(header, row, strict=False)}, row[at]
            )
            records.append(record)
            names |= dict.fromkeys(record)
    return records, list(names)


def with_role(record: Mapping[str, float | None], word: str) -> NumberRow:
    """Return a row with the data that a word of it names put before the names of what it measured."""
    role = role_of(word)
    if not role:
        return dict(record)
    return {_of(role, name): value for name, value in record.items()}


def _of(role: Role, name: str) -> str:
    about = named(name)
    return f"{role}/{name}" if about is not None and not about.role else name
