"""Configuration files that a script reads by a literal path: JSON and TOML are read along, others are only named."""

from __future__ import annotations

import hashlib
import json
import tomllib
from typing import cast

from . import folding
from .interpreter import Call
from .libraries import short_name
from .notebooks import code_of
from .values import Items, Known, Made, Scalar, Table, Unknown, Value, text_of

_READING = frozenset({"load", "loads", "safe_load", "full_load", "read_text", "read", "read_csv"})
_JSON = frozenset({"json.load", "json.loads", "orjson.loads", "ujson.load"})
_TOML = frozenset({"tomllib.load", "tomllib.loads", "tomli.load", "toml.load"})
_SUFFIXES = (".json", ".toml", ".yaml", ".yml", ".ini", ".cfg")
FROM_FILE = "read from"
MAX_DEPTH = 20


def read_from(call: Call) -> str:
    """Return "read from config.json" for a call that reads a file, empty for another one."""
    if short_name(call.ref) not in _READING:
        return ""
    waiting: list[Value] = [*call.args, *([call.owner] if call.owner else [])]
    for _ in range(6):
        for one in waiting:
            if isinstance(one, Unknown) and one.why.startswith(FROM_FILE):
                return one.why
            text = text_of(one)
            if text and len(text) < 200 and "\n" not in text:
                return f"{FROM_FILE} {text}"
        waiting = [inner for one in waiting if isinstance(one, Made) for inner in one.args]
    return f"{FROM_FILE} a file"


def settings_sha256(path: str, source: bytes) -> str:
    """Return a digest of what a file of settings says: of TOML and JSON, comments, spacing and order of keys aside.

    Of a notebook its code counts, not its words, its outputs, nor how the code is cut into cells.
    """
    try:
        if path.endswith(".ipynb"):
            return hashlib.sha256(code_of(json.loads(source)).encode("utf-8", "surrogatepass")).hexdigest()
        said = tomllib.loads(source.decode()) if path.endswith(".toml") else json.loads(source)
        source = json.dumps(said, sort_keys=True, default=str).encode()
    except (ValueError, RecursionError, TypeError, AttributeError):  # of another sort: its bytes count
        pass
    return hashlib.sha256(source).hexdigest()


def is_config(path: str) -> bool:
    """Whether a file holds settings rather than data."""
    return path.endswith(_SUFFIXES)


def written_path(call: Call) -> str:
    """Return the path that a call opens for writing, empty for another call."""
    if call.ref == "builtins.open" and call.args:
        mode = text_of(call.keywords.get("mode", call.args[1] if len(call.args) > 1 else Known("r"))) or ""
        return (text_of(call.args[0]) or "") if set(mode) & set("wax+") else ""
    if short_name(call.ref) in {"write_text", "write_bytes"} and call.owner is not None:
        return text_of(call.owner) or ""
    return ""


def config_value(call: Call, source: bytes) -> Value | None:
    """Return what a configuration file says, None where it is of a sort that is not read along."""
    try:
        if call.ref in _JSON:
            return _value(json.loads(source), 0)
        if call.ref in _TOML:
            return _value(tomllib.loads(source.decode()), 0)
    except (ValueError, RecursionError):
        return None
    return None


def _value(data: object, depth: int) -> Value:
    if depth > MAX_DEPTH:
        return Unknown("nested too deeply")
    if isinstance(data, dict):
        table: dict[Scalar, Value] = {
            key: _value(one, depth + 1) for key, one in cast("dict[str, object]", data).items()
        }
        return Table(table)
    if isinstance(data, list):
        items = [_value(one, depth + 1) for one in cast("list[object]", data)]
        return Items("list", items, len(items))
    return folding.scalar(data)
