"""What a program shows its model of a tool's answer: its text, its structured content, a picture in it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

PNG = "iVBORw0KGgo"
"""How each PNG begins in base64."""
_TEXT = re.compile(r"(?:^|\n|\\n)next: ")
_STRUCTURED = re.compile(r"""\\?["']next\\?["']\s*:""")
_PICTURE_KEYS = frozenset({"data", "url", "image_url"})


def form_of(answer: str) -> str:
    """Return which of the two forms of our answers the model reads: each of them has a `next`."""
    found = [name for name, form in (("text", _TEXT), ("structured content", _STRUCTURED)) if form.search(answer)]
    return " and ".join(found) or "neither"


def picture_in(body: object) -> str:
    """Return how a request hands a picture to its model: as one, as letters in a text, or not at all."""
    ways = {_way(key, text) for key, text in _strings(body) if PNG in text}
    return " and ".join(sorted(ways)) or "not"


def _way(key: str, text: str) -> str:
    return "as a picture" if key in _PICTURE_KEYS and text.startswith((PNG, "data:image/")) else "as base64 in a text"


def _strings(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Give the texts in a JSON value with the keys under which they stand."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, Mapping):
        for name, inner in cast("Mapping[str, Any]", value).items():
            yield from _strings(inner, name)
    elif isinstance(value, list):
        for inner in cast("list[Any]", value):
            yield from _strings(inner, key)
