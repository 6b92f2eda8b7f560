"""Files that do not parse: a fix of syntax changes punctuation only."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"#[^\n]*|\n[ \t]*|[A-Za-z_]\w*|\d[\w.]*|[-+*/%@<>=!&|^~.]+|[^\s\w]")
_PUNCTUATION = frozenset(":,()[]{}'\"\\;")
MAX_SHOWN = 60


def meaning(source: bytes, indented: bool) -> list[tuple[int, str]]:
    """Return (line, word) of all names, numbers and operators of a file, without comments and punctuation.

    :param indented: whether the depth of a line counts as well.
    """
    found: list[tuple[int, str]] = []
    line, depth = 1, ""
    for match in _TOKEN.finditer(source.decode("utf-8", "replace")):
        word = match.group()
        if word.startswith("\n"):
            line, depth = line + 1, word[1:]
        elif word[0] != "#" and word not in _PUNCTUATION:
            if indented and depth:
                found.append((line, depth))
            depth = ""
            found.append((line, word))
    return found


def first_difference(old: bytes, new: bytes, indented: bool) -> tuple[int, str, str] | None:
    """Return (line, before, after) of the first name, number or operator that differs; None where none does."""
    first, second = meaning(old, indented), meaning(new, indented)
    for (_, one), (line, other) in zip(first, second, strict=False):
        if one != other:
            return line, one[:MAX_SHOWN], other[:MAX_SHOWN]
    if len(first) == len(second):
        return None
    shorter = min(len(first), len(second))
    if len(first) > shorter:
        return first[shorter][0], first[shorter][1][:MAX_SHOWN], ""
    return second[shorter][0], "", second[shorter][1][:MAX_SHOWN]
