"""JSON, and JSON Lines."""

from __future__ import annotations

import json
import math
from typing import Any, cast

from .facts import JsonFacts
from .formats import Look
from .placeholders import Collected, is_placeholder
from .texts import lines_of, opened
from .trouble import CannotInspectError

_MOST_BYTES = 32 << 20
_MOST_NODES = 2_000_000
_MOST_PATHS = 100
_MOST_NUMBERS = 1000
_MOST_KEYS = 500
_MOST_DOCUMENTS = 200_000
_MOST_PATH_CHARACTERS = 160


class _Walk:
    """What is counted while the values of a document pass by."""

    def __init__(self) -> None:
        self.nodes = self.non_finite_count = self.null_count = 0
        self.non_finite: list[str] = []
        self.nulls: list[str] = []
        self.numbers: list[tuple[str, float]] = []
        self.placeholders = Collected()
        self.duplicates: dict[str, None] = {}

    def pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """Make a dictionary of an object and notice keys that stand twice in it."""
        made = dict(pairs)
        if len(made) < len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen and len(self.duplicates) < _MOST_PATHS:
                    self.duplicates[key[:_MOST_PATH_CHARACTERS]] = None
                seen.add(key)
        return made

    def document(self, root: object, at: str = "") -> None:
        """Look at every value, in the order of the document."""
        waiting: list[tuple[str, Any]] = [(at, root)]
        while waiting and self.nodes < _MOST_NODES:
            path, value = waiting.pop()
            self.nodes += 1
            if isinstance(value, dict):
                inner = cast(dict[str, Any], value)
                dot = "." if path else ""
                waiting += [(f"{path}{dot}{key}"[:_MOST_PATH_CHARACTERS], one) for key, one in reversed(inner.items())]
            elif isinstance(value, list):
                items = cast(list[Any], value)
                last = len(items) - 1
                waiting += [(f"{path}[{last - n}]", one) for n, one in enumerate(reversed(items))]
            else:
                self._leaf(path, value)

    def _leaf(self, path: str, value: str | float | bool | None) -> None:
        if isinstance(value, str):
            if is_placeholder(value):
                self.placeholders.add(value, path)
        elif value is None:
            self.null_count += 1
            self.nulls += [path] if len(self.nulls) < _MOST_PATHS else []
        elif not isinstance(value, bool):
            self._number(path, value)

    def _number(self, path: str, value: float) -> None:
        try:
            number = float(value)
        except OverflowError:  # an integer beyond the largest float
            return
        if not math.isfinite(number):
            self.non_finite_count += 1
            self.non_finite += [path] if len(self.non_finite) < _MOST_PATHS else []
        elif len(self.numbers) < _MOST_NUMBERS:
            self.numbers.append((path, number))


def read(look: Look) -> JsonFacts:
    """Return the facts of a JSON document, or of one document a line.

    :raises CannotInspectError: if it is none, or larger than 32 MB.
    """
    if look.size_bytes > _MOST_BYTES:
        raise CannotInspectError("too large", f"It has more than {_MOST_BYTES >> 20} MB of JSON.")
    walk = _Walk()
    documents, keys = (_one if look.detail == "json" else _many)(look, walk)
    complete = walk.nodes < _MOST_NODES and documents < _MOST_DOCUMENTS
    return JsonFacts(
        format=look.detail,
        size_bytes=look.size_bytes,
        documents=documents,
        keys=keys,
        nodes=walk.nodes,
        non_finite=tuple(walk.non_finite),
        non_finite_count=walk.non_finite_count,
        nulls=tuple(walk.nulls),
        null_count=walk.null_count,
        numbers=tuple(walk.numbers),
        duplicate_keys=tuple(walk.duplicates),
        placeholders=tuple(walk.placeholders.first),
        placeholder_count=walk.placeholders.count,
        complete=complete,
        notes=() if complete else (f"Only the first {walk.nodes} values were looked at.",),
    )


def _one(look: Look, walk: _Walk) -> tuple[int, tuple[str, ...]]:
    with opened(look.descriptor, look.compression) as file:
        text = file.read(_MOST_BYTES + 1)
    if len(text) > _MOST_BYTES:
        raise CannotInspectError("too large", f"It unpacks to more than {_MOST_BYTES >> 20} MB of JSON.")
    root = _loaded(text, walk, "")
    walk.document(root)
    return 1, _keys(root)


def _many(look: Look, walk: _Walk) -> tuple[int, tuple[str, ...]]:
    documents, keys = 0, ()
    with opened(look.descriptor, look.compression) as file:
        for number, line in enumerate(lines_of(file), 1):
            if not line.strip():
                continue
            root = _loaded(line, walk, f" in line {number}")
            walk.document(root, f"[{documents}]")
            keys = keys if documents else _keys(root)
            documents += 1
            if documents >= _MOST_DOCUMENTS:
                break
    return documents, keys


def _loaded(text: str | bytes, walk: _Walk, where: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=walk.pairs)
    except RecursionError as error:
        raise CannotInspectError("unsupported", f"Its JSON is nested too deeply{where}.") from error
    except UnicodeDecodeError as error:
        raise CannotInspectError("damaged", f"It is no JSON{where}: it is no UTF-8 text.") from error
    except ValueError as error:
        raise CannotInspectError("damaged", f"It is no JSON{where}: {error}.") from error


def _keys(root: object) -> tuple[str, ...]:
    if not isinstance(root, dict):
        return ()
    return tuple(key[:_MOST_PATH_CHARACTERS] for key in cast(dict[str, Any], root))[:_MOST_KEYS]
