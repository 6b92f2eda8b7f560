"""Numbers as people write them into a table: `12-18`, `>= 2,000`, `20k`, `at most 6 hours`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

_NUMBER = r"(?:\d{1,3}(?:[,_ ]\d{3})+(?!\d)|\d{1,15})(?:\.\d{1,15})?(?:[eE][+-]?\d{1,3})?(?:\s?[kK]\b)?"
_SIGNED = rf"[-−]?{_NUMBER}"
_RANGE = re.compile(
    rf"({_SIGNED})\s*(?:-|–|—|−|\.\.+|\bto\b)\s*({_SIGNED})|\bbetween\s+({_SIGNED})\s+and\s+({_SIGNED})"
)
_ONE = re.compile(rf"(?<![\w.])({_SIGNED})")
_MORE = (
    r"≥|>=|>|\bat least\b|\bmin(?:imum)?\b|\b(?:no|not|never) (?:less|fewer|shorter|lower) than\b"
    r"|\bnot (?:below|under)\b|\bfrom\b"
)
_LESS = (
    r"≤|<=|<|\bat most\b|\bmax(?:imum)?\b|\bup to\b|\b(?:no|not|never) (?:more|longer|higher) than\b"
    r"|\bnot (?:above|over|beyond)\b"
)
_AT_LEAST = re.compile(_MORE.removesuffix(r"|\bfrom\b") + r"|\bor more\b|\d\s?\+", re.IGNORECASE)
_AT_MOST = re.compile(_LESS + r"|\bor less\b", re.IGNORECASE)
_FROM_WORDS_TO_NUMBER = r"[^\d.;|]{0,12}?"
_LEAST_NAMED = re.compile(
    rf"(?:{_MORE}){_FROM_WORDS_TO_NUMBER}(?<![\w.])({_SIGNED})"
    rf"|(?<![\w.])({_SIGNED})[^\d.;|,/]{{0,12}}?\b(?:at (?:the (?:very )?)?least|min(?:imum)?)\b",
    re.IGNORECASE,
)
_MOST_NAMED = re.compile(rf"(?:{_LESS}|\bto\b){_FROM_WORDS_TO_NUMBER}(?<![\w.])({_SIGNED})", re.IGNORECASE)
_MOST_BEHIND = re.compile(rf"(?<![\w.])({_SIGNED})[^\d.;|,/]{{0,12}}?\b(?:at most|max(?:imum)?)\b", re.IGNORECASE)
_BOUND_OF_ANOTHER = re.compile(rf"(?:{_MORE}|{_LESS})[^\d.,;|()]{{0,12}}?(?<![\w.])({_SIGNED})", re.IGNORECASE)
"""Behind the first number: `100, batch size at most 32` is no bound of the 100."""
_SPACE = re.compile(r"(?<=\d)[\u00a0\u2009\u202f'’](?=\d{3}(?!\d))|[\u00a0\u2009\u202f]")
_RAISED = re.compile(r"(?<=\d)⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2}")
_AS_DIGITS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_POWER = re.compile(
    rf"(?<![\w.^*])(?:({_NUMBER})\s?[x×*·]\s?)?(10|2)\s?(?:\^|\*\*)\s?\{{?([-−]?\d{{1,2}})\}}?(?![\w.^])"
)
_PRODUCT = re.compile(rf"(?<![\w.])({_NUMBER})(?: [a-z]{{3,12}})?\s?[x×*]\s?({_NUMBER})(?!\s?[x×*]|\w)([ -]?folds?\b)?")
_DOTTED = re.compile(r"(?<![\w.,])[1-9]\d{0,2}(?:\.\d{3})+(?![\w.])")
_CLOCK = re.compile(
    r"(?<![\w:.])(\d{1,3}):([0-5]\d)(?::([0-5]\d))?(?![\w:.])(?!\s?(?:m|min|minutes)\b)(?:\s?(?:h|hrs?|hours)\b)?"
)
_OF_OTHERS = re.compile(r"\s*(?!(?:to|and|or|max\w*|min\w*|at|up|no|not|but|from)\b)[A-Za-z]{2}")
_LEAST_BEFORE = re.compile(r"\bmin\b\.?(?=\D{0,4}\d)", re.IGNORECASE)
"""In front of a number it is no minute."""
_MOST_WRITTEN = 1e15
_HOURS = {
    **dict.fromkeys(("ms", "millisecond"), 1 / 3_600_000),
    **dict.fromkeys(("s", "sec", "second"), 1 / 3600),
    **dict.fromkeys(("m", "min", "minute"), 1 / 60),
    **dict.fromkeys(("h", "hr", "hour"), 1.0),
    **dict.fromkeys(("d", "day"), 24.0),
    "week": 168.0,
}
_JOINT = re.compile(
    rf"(?<![\w.])({_NUMBER})\s?(h|hrs?|hours?|min|mins|minutes?)\.?,?\s?(?:and\s)?({_NUMBER})\s?"
    r"(min|mins|minutes?|s|secs?|seconds?)(?![A-Za-z])",
    re.IGNORECASE,
)
"""`2 h 30 min`, `1 minute and 30 seconds`: one time, in two units."""
_GLUED = re.compile(r"(?<=\d)(?=(?!e[-+]?\d|k\b)[a-z])", re.IGNORECASE)
_UNIT = re.compile(
    r"(?<![A-Za-z])(milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?)(?![A-Za-z])",
    re.IGNORECASE,
)
_UNIT_BEHIND = re.compile(rf"\s*{_UNIT.pattern}", re.IGNORECASE)
_MOST_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a text says of a number: the value named, and its bounds. A range names its lower end as the value."""

    value: float | None = None
    minimum: float | None = None
    maximum: float | None = None


def quantity(text: str) -> Quantity:
    """Return the first number or range of a text; an empty Quantity where there is none that is finite."""
    text = _written_out(text[:_MOST_CHARACTERS])
    found = _ONE.search(text)
    value = number(found[1]) if found else None
    first = value if found and not re.search(r"\w", text[: found.start()]) else None
    for both in (_range(text), _both_bounds(text)):
        if both is not None and (first is None or first <= (both.maximum or 0)):  # `5000, rates 0.001-0.1`: 5000
            return both
    if found is None or value is None:
        return Quantity()
    rest = _BOUND_OF_ANOTHER.sub(" ", text[found.end() :])
    at_most = bool(_AT_MOST.search(text[: found.end()] + rest))
    at_least = not at_most and bool(_AT_LEAST.search(text[: found.end()] + rest))
    return Quantity(value, value if at_least else None, value if at_most else None)


def _range(text: str) -> Quantity | None:
    if found := _RANGE.search(text):
        low, high = (number(one) for one in found.groups() if one is not None)
        if low is not None and high is not None and low <= high:
            return Quantity(low, low, high)
    return None


def count(text: str) -> Quantity:
    """Return a count: `4 x 1000` asks for 1000 of each, and `2.000` is no fraction of anything."""
    text = _DOTTED.sub(lambda found: found[0].replace(".", ""), text[:_MOST_CHARACTERS])
    return quantity(_each(_written_out(text)))


def _each(text: str) -> str:
    """Of `4 x 1000` the larger number, of `10 x 5-fold` that of the folds."""
    return _PRODUCT.sub(lambda found: found[2] if found[3] else max(found[1], found[2], key=_size) + " ", text)


def _size(written: str) -> float:
    return number(written) or 0.0


def _written_out(text: str) -> str:
    """Return a text whose powers are numbers: `10^4` is 10000, `2 x 10^3` is 2000."""
    text = _RAISED.sub(lambda found: "^" + found[0].translate(_AS_DIGITS), _SPACE.sub(" ", text))
    return _POWER.sub(_power, text)


def _power(found: re.Match[str]) -> str:
    value = (number(found[1]) or 0.0 if found[1] else 1.0) * float(found[2]) ** float(found[3].replace("−", "-"))
    return f"{value:.15g}" if value < _MOST_WRITTEN else found[0]


def _both_bounds(text: str) -> Quantity | None:
    """Return what is said as two bounds in words: `minimum 3, maximum 15`, `up to 700 per fold, at least 60`."""
    least = _LEAST_NAMED.search(text)
    for most in (_MOST_NAMED.search(text), _MOST_BEHIND.search(text)):
        if least is None or most is None or max(least.span(1), least.span(2)) == most.span(1):
            continue
        low, high = number(least[1] or least[2]), number(most[1])
        return Quantity(low, low, high) if low is not None and high is not None and low <= high else None
    return None


def duration(text: str, otherwise_hours: float | None = None) -> Quantity:
    """Return a time in hours, each number by the unit behind it: `5 seconds to 20 minutes`, `2-6 hours`.

    :param otherwise_hours: hours in the unit of numbers that have none behind them, by a column or a name.
    """
    text = _JOINT.sub(_joint_hours, _GLUED.sub(" ", _CLOCK.sub(_hours, text[:_MOST_CHARACTERS])))
    text = _each(_written_out(text))
    found = [(one, _UNIT_BEHIND.match(text, one.end())) for one in _ONE.finditer(text)]
    if any(unit for _, unit in found):  # `for each of 12 models 2-6 hours`
        found = [(one, unit) for one, unit in found if unit or not _OF_OTHERS.match(text, one.end())]
    units = [hours_in(unit[1]) if unit else None for _, unit in found]
    otherwise = otherwise_hours or hours_in(_LEAST_BEFORE.sub(" ", text)) or 1.0
    written, at = "", 0
    for place, (one, unit) in enumerate(found):
        hours = next((each for each in units[place:] if each), otherwise)
        value = number(one[1])
        written += _ONE.sub("", text[at : one.start()]) + (one[1] if value is None else f"{value * hours:.15f}")
        at = unit.end() if unit else one.end()
    return quantity(written + text[at:])


def _hours(found: re.Match[str]) -> str:
    """Return `1:30`, `00:30:00` as hours."""
    return f"{int(found[1]) + int(found[2]) / 60 + int(found[3] or 0) / 3600:.9f} h"


def _joint_hours(found: re.Match[str]) -> str:
    """Return `2 h 30 min` as hours; a unit that is no smaller than the one before begins another time."""
    (first, unit), (second, smaller) = found.groups()[:2], found.groups()[2:]
    sizes = hours_in(unit) or 1.0, hours_in(smaller) or 1.0
    if sizes[1] >= sizes[0]:
        return found[0]
    return f"{(number(first) or 0.0) * sizes[0] + (number(second) or 0.0) * sizes[1]:.9f} h"


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
    found = _UNIT.search(_GLUED.sub(" ", text[:_MOST_CHARACTERS]))
    if found is None:
        return None
    word = found[1].lower()
    return _HOURS.get(word) or _HOURS.get(word.removesuffix("s"))


def plain(value: float) -> str:
    """Return a number as people write it: whole numbers whole, never in powers of ten below a million million."""
    return str(int(value)) if abs(value) < 1e12 and value == int(value) else f"{value:g}"
