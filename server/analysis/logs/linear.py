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
MOST_CONTESTED_PARTS = 3
REACH_CHARS = (4000, 4000, 250, 100, 50)
"""So much of a line is looked at, by how often a pattern may begin anew in it: a tenth of a second at most."""
LONGEST_PATTERN = 500
MANY = 16
"""From so many repetitions on a part counts as of any length."""
SIMPLER = (
    "Write it without a repeat inside a repeat: (?:a|b)+ as [ab]+, (\\w+ )* as [\\w ]*, or make the inner one give "
    "nothing back: \\w++ or (?>...)."
)
_PARSER: Any = getattr(re, "_parser")  # noqa: B009 (the only parser of the engine's own dialect)
_COMPILER: Any = getattr(re, "_compiler")  # noqa: B009 (the same)
_FIRST = tuple(map(chr, range(0x250)))


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
    if (count := _open_parts(parsed, parsed)[0]) > MOST_CONTESTED_PARTS:
        return (
            f"has {count} parts of any length that may take what comes after them too, "
            f"of which {MOST_CONTESTED_PARTS} are allowed"
        )
    return ""


def reach_chars(pattern: str) -> int:
    """Return in how many characters of a line a pattern without trouble may be searched."""
    parsed = _PARSER.parse(pattern)
    contested, certain = _open_parts(parsed, parsed)
    from_one_place = contested > 0 and str(parsed[0][0]) == "AT"
    return REACH_CHARS[contested + (certain > 0) - from_one_place]


def _open_parts(parsed: Any, body: Any) -> tuple[int, int]:  # noqa: ANN401 (re's own parse tree)
    """Return how many open parts may take what the next part could take, and how many others are not the last.

    Each of the first multiplies the tries.
    """
    contested = certain = 0
    leaves = [*_leaves(body)]
    for place, part in enumerate(leaves):
        after = leaves[place + 1] if place + 1 < len(leaves) else None
        if str(part[0]) == "BRANCH":
            found = [_open_parts(parsed, one) for one in part[1][1]]
            contested, certain = contested + max(one for one, _ in found), certain + max(one for _, one in found)
        elif not _is_open(part):
            contested += sum(map(_is_open, _parts([part])))
        elif after is not None and not _are_disjoint(parsed, part, after):
            contested += 1
        else:
            certain += after is not None
    return contested, certain


def _leaves(body: Any) -> Iterator[Any]:  # noqa: ANN401 (the same)
    """Yield the parts of one text in order, those of groups in the place of these."""
    for part in body:
        if str(part[0]) == "SUBPATTERN":
            yield from _leaves(part[1][3])
        else:
            yield part


def _are_disjoint(parsed: Any, part: Any, after: Any) -> bool:  # noqa: ANN401 (the same)
    """Whether no character that a repeated part may take can be the first of what comes after; not known is no."""
    if str(after[0]) == "AT":
        return str(after[1]) in ("AT_END", "AT_END_STRING")
    return not _characters(parsed, part) & _characters(parsed, after)


def _characters(parsed: Any, part: Any) -> set[str]:  # noqa: ANN401 (the same)
    """Return which of the first characters there are a part may begin with; all of them where that is not plain."""
    name, argument = str(part[0]), part[1]
    if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        if len(argument[2]) != 1 or (argument[0] == 0 and not _is_open(part)):
            return set(_FIRST)
        return _characters(parsed, argument[2][0])
    if name not in ("LITERAL", "NOT_LITERAL", "IN", "ANY"):
        return set(_FIRST)
    one = _COMPILER.compile(type(parsed)(parsed.state, [part]), parsed.state.flags)
    return set(filter(one.fullmatch, _FIRST))


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
