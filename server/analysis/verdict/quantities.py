"""Numbers as people write them into a table: `12-18`, `>= 2,000`, `20k`, `at most 6 hours`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

_NUMBER = r"(?:\d{1,3}(?:[,_ ]\d{3})+(?!\d)|\d{1,15})(?:\.\d{1,15})?(?:[eE][+-]?\d{1,3})?(?:\s?[kK]\b)?"
_SIGNED = rf"[-−]?{_NUMBER}"
_RANGE = re.compile(rf"({_SIGNED})\s*(?:-|–|—|−|\.\.+|\bto\b)\s*({_SIGNED})")
_ONE = re.compile(rf"(?<![\w.])({_SIGNED})")
_AT_LEAST = re.compile(r"≥|>=|>|\bat least\b|\bmin(?:imum)?\b|\bor more\b|\d\s?\+", re.IGNORECASE)
_AT_MOST = re.compile(r"≤|<=|<|\bat most\b|\bmax(?:imum)?\b|\bup to\b|\bor less\b", re.IGNORECASE)
_HOURS = {
    **dict.fromkeys(("s", "sec", "second"), 1 / 3600),
    **dict.fromkeys(("m", "min", "minute"), 1 / 60),
    **dict.fromkeys(("h", "hr", "hour"), 1.0),
    **dict.fromkeys(("d", "day"), 24.0),
}
_UNIT = re.compile(r"(?<![A-Za-z])(seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)(?![A-Za-z])", re.IGNORECASE)
_MOST_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a text says of a number: the value named, and its bounds. A range names its lower end as the value."""

    value: float | None = None
    minimum: float | None = None
    maximum: float | None = None


def quantity(text: str) -> Quantity:
    """Return the first number or range of a text; an empty Quantity where there is none that is finite."""
    text = text[:_MOST_CHARACTERS]
    if found := _RANGE.search(text):
        low, high = number(found[1]), number(found[2])
        if low is not None and high is not None and low <= high:
            return Quantity(low, low, high)
    found = _ONE.search(text)
    value = number(found[1]) if found else None
    if value is None:
        return Quantity()
    at_most = bool(_AT_MOST.search(text))
    at_least = not at_most and bool(_AT_LEAST.search(text))
    return Quantity(value, value if at_least else None, value if at_most else None)


def number(text: str) -> float | None:
    """Return a number written with group separators or a trailing k; None when it is none or not finite."""
    bare = text.strip().replace("−", "-")
    thousands = bare[-1:] in ("k", "K")
    try:
        value = float(re.sub(r"[,_ ]", "", bare.rstrip("kK").strip())) * (1000 if thousands else 1)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def hours_in(text: str) -> float | None:
    """Return the hours in one of the first unit of time that a text names; None when it names none."""
    found = _UNIT.search(re.sub(r"(?<=\d)(?=[A-Za-z])", " ", text[:_MOST_CHARACTERS]))
    if found is None:
        return None
    word = found[1].lower()
    return _HOURS.get(word) or _HOURS.get(word.removesuffix("s"))


def plain(value: float) -> str:
    """Return a number as people write it: whole numbers whole, never in powers of ten below a million million."""
    return str(int(value)) if abs(value) < 1e12 and value == int(value) else f"{value:g}"
