"""Captured names in texts: `$run` stands for a whole value, `${run}` for a part of a text, `$$` for a dollar. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import cast

from pydantic import JsonValue

WORKSPACE = "workspace"
"""The one name that is known from the start: the absolute path of the folder that is played in."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}", re.ASCII)
_WHOLE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]{0,59})", re.ASCII)
_PART = re.compile(r"\$\$|\$\{([A-Za-z_][A-Za-z0-9_]{0,59})\}", re.ASCII)
_PART_OF_PATTERN = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]{0,59})\}", re.ASCII)


def is_name(text: str) -> bool:
    """Whether something can be captured under this name."""
    return _NAME.fullmatch(text) is not None


def escaped(text: str) -> str:
    """Return a text that `filled` turns back into this one, whatever stands in it."""
    return text.replace("$", "$$")


def used(value: JsonValue) -> Iterator[str]:
    """Give every captured name that a value refers to, outside of patterns."""
    if isinstance(value, str):
        whole = _WHOLE.fullmatch(value)
        yield from [whole[1]] if whole else [found for found in _PART.findall(value) if found]
    elif isinstance(value, list):
        for item in value:
            yield from used(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from used(item)


def used_in_pattern(pattern: str) -> list[str]:
    """Return the names that a pattern refers to; a dollar stands for the end there, so only `${name}` is one."""
    return _PART_OF_PATTERN.findall(pattern)


def filled(value: JsonValue, known: Mapping[str, JsonValue]) -> JsonValue:
    """Return a value with every reference replaced.

    :raises KeyError: a name was never captured.
    """
    if isinstance(value, str):
        whole = _WHOLE.fullmatch(value)
        return known[whole[1]] if whole else _PART.sub(lambda found: _part(found, known, str), value)
    if isinstance(value, list):
        return [filled(item, known) for item in value]
    if isinstance(value, dict):
        return {name: filled(item, known) for name, item in value.items()}
    return value


def filled_pattern(pattern: str, known: Mapping[str, JsonValue]) -> str:
    """Return a pattern with every `${name}` replaced by the text it stands for, which matches itself only.

    :raises KeyError: a name was never captured.
    """
    return _PART_OF_PATTERN.sub(lambda found: _part(found, known, re.escape), pattern)


def _part(found: re.Match[str], known: Mapping[str, JsonValue], shown: Callable[[str], str]) -> str:
    if found[0] == "$$":
        return "$"
    value = known[found[1]]
    return shown(value if isinstance(value, str) else str(cast("object", value)))
