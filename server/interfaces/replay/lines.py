"""Lines of JSON that others wrote: read strictly, refused with the number of the line. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NoReturn, cast

from pydantic import JsonValue

from ...vocabulary.errors import InvalidArgument
from ...vocabulary.sanitize import one_line

LONGEST_BYTES = 64 << 20
DEEPEST = 40
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED = re.compile(
    r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
"""In JSON a backslash, a whole surrogate pair, or (the group) half of one."""


def refuse(source: str, at: str, what: str, do_next: str = "docs/transcripts.md tells the format.") -> InvalidArgument:
    """Return the error for a place in a file."""
    return InvalidArgument(f"{one_line(source, 200)}, {at}: {one_line(what, 400)}.", do_next)


def decoded(data: bytes, source: str) -> str:
    """Return a file's text.

    :raises InvalidArgument: it is too large or not UTF-8.
    """
    if len(data) > LONGEST_BYTES:
        raise InvalidArgument(f"{source} is larger than {LONGEST_BYTES >> 20} MiB.", "Name a smaller file.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise refuse(source, f"line {line}", "is not UTF-8", "Save it as UTF-8.") from None


def numbered(text: str) -> Iterator[tuple[int, str]]:
    """Give each line that is not empty, with its number from 1; lines end at LF only."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line


def without_halves(text: str) -> str:
    """Return JSON in which half of a surrogate pair is U+FFFD: programs leave one where they cut a text short."""
    return _ESCAPED.sub(lambda found: r"\ufffd" if found[1] else found[0], text)


def parsed(text: str) -> JsonValue:
    """Return strict JSON: no NaN, no key twice, no half of a surrogate pair, not deeper than 40 levels.

    :raises ValueError: saying what is wrong with it.
    """
    try:
        value = cast("JsonValue", json.loads(text, parse_constant=_no_number, object_pairs_hook=_once))
    except json.JSONDecodeError as error:
        raise ValueError(f"is no JSON at column {error.pos + 1} ({error.msg})") from None
    except RecursionError:
        raise ValueError(f"is nested deeper than {DEEPEST} levels") from None
    _check(value, DEEPEST)
    return value


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number in JSON")


def _once(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen = set[str]()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))
        raise ValueError(f"names {twice[:60]!r} twice")
    return found


def _check(value: JsonValue, left: int) -> None:
    if left == 0:
        raise ValueError(f"is nested deeper than {DEEPEST} levels")
    if isinstance(value, str) and _SURROGATE.search(value):
        raise ValueError("holds half of a surrogate pair")
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        raise ValueError("holds a number that is too large")
    if isinstance(value, dict):
        for name, item in value.items():
            _check(name, left - 1)
            _check(item, left - 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, left - 1)
