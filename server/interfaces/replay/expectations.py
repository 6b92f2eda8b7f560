"""What an answer is expected to be, and where it differs. Pure.

A plain value expects itself. A plain object expects the keys it names, whatever else there is. A plain list expects
as many items, each as it says. An object whose keys begin by `$` holds operators; all of them must agree.
"""

from __future__ import annotations

import difflib
import json
import math
import re
from collections import ChainMap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from . import names
from .patterns import check_pattern

LONGEST_SEARCHED = 100_000
"""Characters of a text that a pattern looks at."""


class Nothing:
    """Stands where a key is absent."""

    def __repr__(self) -> str:
        return "nothing"


NOTHING = Nothing()
Got = JsonValue | Nothing


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where an answer is not what was expected.

    :ivar path: such as `findings[0].exception`; empty for the answer as a whole.
    """

    path: str
    expected: str
    got: str


@dataclass(slots=True)
class Matched:
    """What came of holding an answer against an expectation."""

    differences: list[Difference] = field(default_factory=list[Difference])
    captured: dict[str, JsonValue] = field(default_factory=dict[str, JsonValue])


def match(expected: JsonValue, got: Got, known: Mapping[str, JsonValue]) -> Matched:
    """Hold an answer against an expectation; nothing is captured from one that differs.

    :param known: what was captured before; what stands behind a capture may refer to it too.
    """
    found = Matched()
    _compare(expected, got, "", _Notes(found, ChainMap(found.captured, dict(known))))
    if found.differences:
        found.captured.clear()
    return found


@dataclass(slots=True)
class _Notes:
    found: Matched
    known: Mapping[str, JsonValue]

    def differ(self, path: str, expected: str, got: Got) -> None:
        self.found.differences.append(Difference(path, expected, shown(got)))


def _compare(expected: JsonValue, got: Got, path: str, notes: _Notes) -> None:
    try:
        _compare_filled(expected, got, path, notes)
    except KeyError as error:  # the step in front that captures it was never reached, or its capture differed
        notes.differ(path, f"{shown(expected)}, but nothing was captured as ${error.args[0]}", got)


def _compare_filled(expected: JsonValue, got: Got, path: str, notes: _Notes) -> None:
    if isinstance(expected, dict):
        if _is_operators(expected):
            for name, operand in expected.items():
                OPERATORS[name](operand, got, path, notes)
        else:
            _object(expected, got, path, notes)
    elif isinstance(expected, list):
        _list(expected, got, path, notes)
    else:
        value = names.filled(expected, notes.known)
        if not _equal(value, got):
            notes.differ(path, shown(value), got)


def _equal(expected: JsonValue, got: Got) -> bool:
    """Whether two values are the same; 1 is 1.0 as in JSON, but True is not 1 as in Python."""
    if isinstance(expected, bool) or isinstance(got, bool):
        return expected is got
    return expected == got


def _object(expected: Mapping[str, JsonValue], got: Got, path: str, notes: _Notes) -> None:
    if not isinstance(got, dict):
        notes.differ(path, f"an object with {', '.join(expected) or 'anything'}", got)
        return
    for name, one in expected.items():
        _compare(one, got.get(name, NOTHING), f"{path}.{name}" if path else name, notes)


def _list(expected: list[JsonValue], got: Got, path: str, notes: _Notes) -> None:
    if not isinstance(got, list) or len(got) != len(expected):
        notes.differ(path, f"a list of {len(expected)}", got)
        return
    for place, (one, item) in enumerate(zip(expected, got, strict=True)):
        _compare(one, item, f"{path}[{place}]", notes)


def _any(_operand: JsonValue, got: Got, path: str, notes: _Notes) -> None:
    if isinstance(got, Nothing):
        notes.differ(path, "anything", got)


def _absent(_operand: JsonValue, got: Got, path: str, notes: _Notes) -> None:
    if not isinstance(got, Nothing):
        notes.differ(path, "nothing", got)


def _capture(operand: JsonValue, got: Got, path: str, notes: _Notes) -> None:
    if isinstance(got, Nothing):
        notes.differ(path, f"something to capture as ${operand}", got)
    else:
        notes.found.captured[str(operand)] = got


def _pattern(operand: JsonValue, got: Got, path: str, notes: _Notes) -> None:
    pattern = names.filled_pattern(str(operand), notes.known)
    if not isinstance(got, str) or not re.search(pattern, got[:LONGEST_SEARCHED]):
        notes.differ(path, f"text with the pattern {pattern}", got)


def _ordered(sign: str, holds: Callable[[float, float], bool]) -> _Operator:
    def compare(operand: JsonValue, got: Got, path: str, notes: _Notes) -> None:
        limit = names.filled(operand, notes.known)
        if not (_is_number(limit) and _is_number(got) and holds(_number(got), _number(limit))):
            notes.differ(path, f"a number {sign} {shown(limit)}", got)

    return compare


def _approx(operand: JsonValue, got: Got, path: str, notes: _Notes) -> None:
    value, tolerance = (_number(one) for one in operand) if isinstance(operand, list) else (0.0, 0.0)
    if not (_is_number(got) and abs(_number(got) - value) <= tolerance):
        notes.differ(path, f"{value:g} ± {tolerance:g}", got)


def _contains(operand: JsonValue, got: Got, path: str, notes: _Notes) -> None:
    """Expect a part of a text, or for each expectation an item of its own in a list."""
    if not isinstance(operand, list):
        part = names.filled(operand, notes.known)
        if not (isinstance(got, str) and isinstance(part, str) and part in got):
            notes.differ(path, f"text that contains {shown(part)}", got)
        return
    left = list(got) if isinstance(got, list) else None
    for one in operand:
        place = None if left is None else _first_match(one, left, notes)
        if left is None or place is None:
            notes.differ(path, f"a list that contains {shown(one)}", got)
        else:
            left.pop(place)


def _first_match(expected: JsonValue, items: list[JsonValue], notes: _Notes) -> int | None:
    for place, item in enumerate(items):
        found = match(expected, item, notes.known)
        if not found.differences:
            notes.found.captured.update(found.captured)
            return place
    return None


def _length(operand: JsonValue, got: Got, path: str, notes: _Notes) -> None:
    if isinstance(got, str | list | dict):
        _compare(operand, len(got), f"length of {path}" if path else "length", notes)
    else:
        notes.differ(path, "something with a length", got)


def _not(operand: JsonValue, got: Got, path: str, notes: _Notes) -> None:
    if not match(operand, got, notes.known).differences:
        notes.differ(path, f"anything but {shown(operand)}", got)


def _either(operand: JsonValue, got: Got, path: str, notes: _Notes) -> None:
    if not isinstance(operand, list) or _first_of(operand, got, notes) is None:
        notes.differ(path, f"one of {shown(operand)}", got)


def _first_of(expected: list[JsonValue], got: Got, notes: _Notes) -> int | None:
    for place, one in enumerate(expected):
        found = match(one, got, notes.known)
        if not found.differences:
            notes.found.captured.update(found.captured)
            return place
    return None


def _exactly(operand: JsonValue, got: Got, path: str, notes: _Notes) -> None:
    """Expect an object with these keys and no other."""
    _compare(operand, got, path, notes)
    if isinstance(got, dict) and isinstance(operand, dict):
        for name in got.keys() - operand.keys():
            notes.differ(f"{path}.{name}" if path else name, "nothing", got[name])


_Operator = Callable[[JsonValue, Got, str, _Notes], None]
OPERATORS: dict[str, _Operator] = {
    "$any": _any,
    "$absent": _absent,
    "$capture": _capture,
    "$pattern": _pattern,
    "$gt": _ordered(">", lambda got, limit: got > limit),
    "$ge": _ordered(">=", lambda got, limit: got >= limit),
    "$lt": _ordered("<", lambda got, limit: got < limit),
    "$le": _ordered("<=", lambda got, limit: got <= limit),
    "$approx": _approx,
    "$contains": _contains,
    "$length": _length,
    "$not": _not,
    "$either": _either,
    "$exactly": _exactly,
}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: object) -> float:
    return value if isinstance(value, int | float) else math.nan


def _is_operators(expected: Mapping[str, JsonValue]) -> bool:
    return any(name.startswith("$") for name in expected)


def check(expected: JsonValue) -> None:
    """Refuse an expectation that cannot be used.

    :raises ValueError: naming the operator and what is wrong with it.
    """
    if isinstance(expected, list):
        for one in expected:
            check(one)
    elif isinstance(expected, dict):
        for name, operand in expected.items():
            if _is_operators(expected):
                _check_operator(name, operand)
            else:
                check(operand)


def _check_operator(name: str, operand: JsonValue) -> None:
    if name not in OPERATORS:
        near = difflib.get_close_matches(name, OPERATORS, 1, 0.5)
        raise ValueError(f"{name[:40]!r} is no operator. {f'Did you mean {near[0]}? ' if near else ''}")
    fits, wanted = _OPERANDS.get(name, (lambda _: True, ""))
    if not fits(operand):
        raise ValueError(f"{name} takes {wanted}, not {shown(operand)}")
    if name == "$pattern":
        check_pattern(str(operand))
    if name in ("$contains", "$length", "$not", "$either", "$exactly"):
        check(operand)


def _names_or_number(operand: JsonValue) -> bool:
    return _is_number(operand) or (isinstance(operand, str) and bool(list(names.used(operand))))


def _value_and_tolerance(operand: JsonValue) -> bool:
    return isinstance(operand, list) and len(operand) == 2 and all(map(_is_number, operand))


_OPERANDS: dict[str, tuple[Callable[[JsonValue], bool], str]] = {
    "$any": (lambda operand: operand is True, "true"),
    "$absent": (lambda operand: operand is True, "true"),
    "$capture": (lambda operand: isinstance(operand, str) and names.is_name(operand), "a name"),
    "$pattern": (lambda operand: isinstance(operand, str), "a regular expression"),
    **dict.fromkeys(("$gt", "$ge", "$lt", "$le"), (_names_or_number, "a number or a captured name")),
    "$approx": (_value_and_tolerance, "[value, tolerance]"),
    "$contains": (lambda operand: isinstance(operand, str | list), "a text or a list of expectations"),
    "$either": (lambda operand: isinstance(operand, list), "a list of expectations"),
    "$exactly": (lambda operand: isinstance(operand, dict), "an object"),
}


def captures(expected: JsonValue) -> list[str]:
    """Return the names that an expectation captures when it holds for certain."""
    if isinstance(expected, list):
        return [name for one in expected for name in captures(one)]
    if not isinstance(expected, dict):
        return []
    found = [str(expected["$capture"])] if "$capture" in expected else []
    inside = [one for name, one in expected.items() if name not in ("$capture", "$not", "$either")]
    return [*found, *(name for one in inside for name in captures(one))]


def references(expected: JsonValue) -> list[str]:
    """Return the names that an expectation refers to."""
    if isinstance(expected, str):
        return list(names.used(expected))
    if isinstance(expected, list):
        return [name for one in expected for name in references(one)]
    if not isinstance(expected, dict):
        return []
    found = names.used_in_pattern(str(expected.get("$pattern", "")))
    inside = [one for name, one in expected.items() if name not in ("$capture", "$pattern")]
    return [*found, *(name for one in inside for name in references(one))]


def shown(value: Got, limit: int = 400) -> str:
    """Return a value as short JSON for a message."""
    text = "nothing" if isinstance(value, Nothing) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else f"{text[:limit]}…"
