"""Regular expressions of transcripts, bounded: those that can take for ever on a short text are refused. Pure."""

from __future__ import annotations

import re
import warnings

LONGEST = 500
MOST_REPEATS = 6

_REPEATS = re.compile(r"[*+?]|\{\d*,?\d*\}")
_PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?[a-zA-Z:=!<>P-]*|[*+?]|\{\d*,?\d*\}|.", re.DOTALL)


def check_pattern(pattern: str) -> None:
    """Refuse what is no regular expression, or one whose time is not bounded by its text's length.

    :raises ValueError: saying what is wrong.
    """
    if len(pattern) > LONGEST:
        raise ValueError(f"a pattern has at most {LONGEST} characters, this one has {len(pattern)}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(re.sub(r"\$\{\w+\}", "x", pattern))
    except (re.error, RecursionError, OverflowError, Warning) as error:
        raise ValueError(f"{pattern[:60]!r} is no regular expression: {error}") from None
    if _explodes(pattern):
        raise ValueError(f"{pattern[:60]!r} repeats a group that repeats or branches itself, or repeats too often")


def _explodes(pattern: str) -> bool:
    """Whether a repeated group holds a repetition or a choice, or there are too many repetitions without an end."""
    inner = [False]
    endless = 0
    closed = False
    for piece in _PIECE.findall(re.sub(r"\$\{\w+\}", "x", pattern)):
        repeats = _REPEATS.fullmatch(piece) is not None
        if repeats and closed and piece != "?":
            return True
        if repeats or piece == "|":
            inner[-1] = True
            endless += piece in "*+" or piece.endswith(",}")
        closed = False
        if piece.startswith("("):
            inner.append(False)
        elif piece == ")" and len(inner) > 1:
            closed = inner.pop()
            inner[-1] = inner[-1] or closed
    return endless > MOST_REPEATS
