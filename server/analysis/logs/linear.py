"""Whether a regular expression of a project may take longer than a line is worth. Pure.

Python's engine goes back and tries again, and holds all threads while it does. `(a+)+$` doubles its time with each
letter. So a repeated part must not itself be of several lengths or choices, unless it gives nothing back (`a++`,
`(?>...)`, Python 3.11), and only so many parts may be of any length: each one multiplies the tries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

MOST_OPEN_PARTS = 5
LONGEST_PATTERN = 500
MANY = 16
"""From so many repetitions on a part counts as of any length."""
SIMPLER = (
    "Write it without a repeat inside a repeat: (?:a|b)+ as [ab]+, (\\w+ )* as [\\w ]*, or make the inner one give "
    "nothing back: \\w++ or (?>...)."
)
_PARSER: Any = getattr(re, "_parser")  # noqa: B009 (the only parser of the engine's own dialect)


def trouble(pattern: str) -> str:
    """Return why a pattern may be slow; empty where it is not. It must be one that `re` can compile."""
    if len(pattern) > LONGEST_PATTERN:
        return f"is longer than {LONGEST_PATTERN} characters"
    parsed = _PARSER.parse(pattern)
    repeats = [one for one in _parts(parsed) if _is_open(one)]
    if any(_varies(one[1][2]) for one in repeats):
        return "repeats what can itself match in several ways, which may take for ever"
    if any(str(one[0]) in ("GROUPREF", "GROUPREF_EXISTS") for one in _parts(parsed)) and repeats:
        return "asks for what it found before, which may take for ever"
    if (count := _most_open(parsed)) > MOST_OPEN_PARTS:
        return f"has {count} parts of any length, of which {MOST_OPEN_PARTS} are allowed"
    return ""


def _is_open(part: Any) -> bool:  # noqa: ANN401 (re's own parse tree)
    return str(part[0]) in ("MAX_REPEAT", "MIN_REPEAT") and int(part[1][1]) >= MANY


def _most_open(body: Any) -> int:  # noqa: ANN401 (the same)
    """Return how many open parts one text may have to pass; of several choices the worst counts."""
    total = 0
    for part in body:
        name, argument = str(part[0]), part[1]
        if name == "BRANCH":
            total += max(_most_open(one) for one in argument[1])
        elif name == "SUBPATTERN":
            total += _most_open(argument[3])
        else:
            total += sum(map(_is_open, _parts([part])))
    return total


def _varies(body: Any) -> bool:  # noqa: ANN401 (the same)
    """Whether a part may match one text in more than one way."""
    return any(str(one[0]) in ("MAX_REPEAT", "MIN_REPEAT", "BRANCH") for one in _parts(body))


def _parts(body: Any) -> Iterator[Any]:  # noqa: ANN401 (the same)
    """Yield every part of a parsed pattern, those inside of others too; not what gives nothing back."""
    for part in body:
        yield part
        name, argument = str(part[0]), part[1]
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            yield from _parts(argument[2])
        elif name == "SUBPATTERN":
            yield from _parts(argument[3])
        elif name == "BRANCH":
            for one in argument[1]:
                yield from _parts(one)
        elif name in ("ASSERT", "ASSERT_NOT"):
            yield from _parts(argument[1])
