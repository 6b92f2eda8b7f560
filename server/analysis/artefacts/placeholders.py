"""Texts that stand where a result should stand."""

from __future__ import annotations

import re

from .facts import Placeholder

MOST_PLACEHOLDERS = 50
_MOST_TEXT_CHARACTERS = 80

_ANYWHERE = re.compile(
    r"\b(?:TODO|TBD|TBC|FIXME)\b"
    r"|(?i:\bplace\s?holder\b|\blorem ipsum\b|\bcoming soon\b|\bn/?a so far\b"
    r"|\b(?:to be|not yet|yet to be|will be) (?:determined|filled|computed|calculated|added|completed|done|available"
    r"|implemented|run|trained|measured|updated)\b"
    r"|\b(?:fill|insert|put|replace) (?:me|this|here)\b|\bfill (?:me |this )?in\b)"
)
"""Unmistakable also inside a sentence; the short words in capitals only, "todo" is Spanish for "all"."""

_ALONE = re.compile(
    r"(?i:todo|tbd|tba|fixme|pending|dummy|mock|fake|stub|sample value|example value|your value|changeme|change me"
    r"|in progress|not run|xxx+|\?{2,}|\.{3,}|…|<[a-z][^<>]{0,60}>|\{\{[^{}]{0,60}\}\})"
)
"""Means something else inside a sentence ("pending orders"), so that it has to be the whole cell."""


def is_placeholder(text: str) -> bool:
    """Return whether a cell or a string value stands for a result that is not there."""
    stripped = text.strip()
    return bool(_ALONE.fullmatch(stripped) or _ANYWHERE.search(stripped))


def in_line(line: str) -> bool:
    """Return whether a line of prose holds an unmistakable placeholder."""
    return bool(_ANYWHERE.search(line))


class Collected:
    """The first placeholders and the number of all."""

    def __init__(self) -> None:
        self.first: list[Placeholder] = []
        self.count = 0

    def add(self, text: str, where: str = "", row: int | None = None) -> None:
        """Count one more."""
        self.count += 1
        if len(self.first) < MOST_PLACEHOLDERS:
            shown = " ".join(text.split())[:_MOST_TEXT_CHARACTERS]
            self.first.append(Placeholder(text=shown, where=where, row=row))
