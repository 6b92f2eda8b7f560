"""JSON objects as a tool takes them: as they came or from JSON text, bounded, and plain all the way down. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import cast

from .errors import InvalidArgument

LONGEST_JSON = 100_000
"""Characters of names, texts and numbers that one argument may hold: a search of some two thousand trials."""
DEEPEST = 8
"""Levels of lists and objects inside one another."""
LARGEST_WHOLE_NUMBER = 10**30

JsonObject = dict[str, object]

_BAD_TEXT = re.compile("[\0\ud800-\udfff]")
_OBJECT = ("a JSON object", '{"lr": 0.01, "units": 64}')
_OBJECTS = ("a list of JSON objects", '[{"lr": 0.01, "units": 64, "score": 4.2}]')


def take_object(name: str, value: object) -> JsonObject:
    """Return an argument that is one JSON object, also when it came as JSON text.

    :raises InvalidArgument: saying what is expected, with an example.
    """
    decoded = _decoded(name, value, _OBJECT)
    if not isinstance(decoded, dict):
        raise _refused(name, _OBJECT, decoded)
    _check(name, cast(object, decoded), _OBJECT)
    return cast(JsonObject, decoded)


def take_objects(name: str, value: object) -> list[JsonObject]:
    """Return an argument that is a list of JSON objects; a single object is a list of one.

    :raises InvalidArgument: saying what is expected, with an example.
    """
    decoded = _decoded(name, value, _OBJECTS)
    items = cast(list[object], decoded) if isinstance(decoded, list) else [decoded]
    for item in items:
        if not isinstance(item, dict):
            raise _refused(name, _OBJECTS, item)
    _check(name, items, _OBJECTS)
    return cast(list[JsonObject], items)


def _decoded(name: str, value: object, wanted: tuple[str, str]) -> object:
    """Read JSON text, because the argument's shape is known; anything else is left as it came."""
    if not isinstance(value, str):
        return value
    try:
        return cast(object, json.loads(value))
    except (ValueError, RecursionError):
        raise _refused(name, wanted, value) from None


def _refused(name: str, wanted: tuple[str, str], value: object) -> InvalidArgument:
    words: dict[type, str] = {
        list: "a list",
        dict: "an object",
        type(None): "null",
        bool: "true or false",
        int: "a number",
    }
    shown = repr(value[:60]) if isinstance(value, str) else words.get(type(value), "a number")
    return InvalidArgument(f"{name} takes {wanted[0]}, not {shown}.", f"For example {wanted[1]}.")


def _check(name: str, value: object, wanted: tuple[str, str]) -> None:
    """Let a value pass that is small, flat and plain enough."""
    size = 0
    for piece in _pieces(name, value, DEEPEST, wanted):
        size += piece
        if size > LONGEST_JSON:
            raise InvalidArgument(
                f"{name} holds more than {LONGEST_JSON} characters.", "Shorten it, or give the trials as a file."
            )


def _pieces(name: str, value: object, deep: int, wanted: tuple[str, str]) -> Iterator[int]:
    """Yield the size of each name and value inside, refusing what is not plain JSON."""
    if deep < 0:
        raise InvalidArgument(f"{name} is nested more than {DEEPEST} levels deep.", f"Flat is enough: {wanted[1]}.")
    if isinstance(value, dict):
        for key, inner in cast(dict[object, object], value).items():
            yield _text_size(name, key, wanted)
            yield from _pieces(name, inner, deep - 1, wanted)
    elif isinstance(value, list):
        yield 1
        for inner in cast(list[object], value):
            yield from _pieces(name, inner, deep - 1, wanted)
    elif value is None or isinstance(value, bool | float):
        yield 8
    elif isinstance(value, int):
        if abs(value) > LARGEST_WHOLE_NUMBER:
            raise InvalidArgument(f"{name} holds a number beyond 1e30.", f"For example {wanted[1]}.")
        yield 8
    else:
        yield _text_size(name, value, wanted)


def _text_size(name: str, value: object, wanted: tuple[str, str]) -> int:
    if not isinstance(value, str):
        raise _refused(name, wanted, value)
    if _BAD_TEXT.search(value):
        raise InvalidArgument(f"{name} holds a text with NUL characters or lone surrogates.", "Take them out.")
    return len(value) + 1
