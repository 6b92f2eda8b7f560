"""One change between two programs."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Literal

Kind = Literal["parameter", "estimator", "feature", "structure", "argument"]
MAX_WORDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What was, and what is.

    :ivar name: the nearest keyword, assigned name or function. :ivar before: empty for what was added.
    :ivar after: empty for what was taken away. :ivar file: where it stands now; for what was taken away, where it was.
    :ivar lowered: whether a number became smaller, or a list shorter.
    :ivar needs_approval: False only for what cannot alter a number, an estimator, a feature or the structure.
    """

    kind: Kind
    name: str
    before: str
    after: str
    file: str
    line: int
    lowered: bool = False
    needs_approval: bool = True

    def __str__(self) -> str:
        return f"{self.name} {self.before or 'nothing'} -> {self.after or 'nothing'} ({self.file}:{self.line})"


def words(node: ast.AST | None) -> str:
    """Return a node as source on one line, cut to 120 characters."""
    if node is None:
        return ""
    try:
        text = " ".join(ast.unparse(node).split())
    except (RecursionError, ValueError):
        return type(node).__name__
    return text if len(text) <= MAX_WORDS else f"{text[: MAX_WORDS - 1]}…"


def number_words(value: float | None) -> str:
    """Return a number as a change shows it, `?` for one that is not known."""
    if value is None:
        return "?"
    return str(value) if isinstance(value, int) else f"{value:g}" if abs(value) < 1e15 else repr(value)


def line_of(node: ast.AST) -> int:
    """Return the line of a node, 1 where it has none."""
    return getattr(node, "lineno", 1)
