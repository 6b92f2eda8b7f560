"""Arithmetic and plain methods of constants, kept small: no result may be large or slow to make."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from typing import Any, cast

from .values import (
    Either,
    Items,
    Known,
    Ref,
    Scalar,
    Table,
    Unknown,
    Value,
    joined,
    number_of,
    options_of,
    retagged,
    truth,
)

MAX_BITS = 256
MAX_TEXT = 10_000

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda one, other: one / other,
    ast.FloorDiv: lambda one, other: one // other,
    ast.Mod: operator.mod,
    ast.Pow: lambda one, other: one**other,
    ast.LShift: lambda one, other: one << other,
    ast.RShift: lambda one, other: one >> other,
    ast.BitAnd: lambda one, other: one & other,
    ast.BitOr: lambda one, other: one | other,
    ast.BitXor: lambda one, other: one ^ other,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.eq,
    ast.IsNot: operator.ne,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
    ast.Not: operator.not_,
}
_TEXT_METHODS = frozenset(
    {"lower", "upper", "strip", "lstrip", "rstrip", "replace", "removeprefix", "removesuffix", "startswith", "endswith"}
    | {"split", "title", "capitalize", "is_integer", "isdigit", "join"}
)


def scalar(value: object) -> Value:
    """Return a constant of Python as a value; what is too large is unknown."""
    if isinstance(value, bool) or value is None:
        return Known(value)
    if isinstance(value, int):
        return Known(value) if value.bit_length() <= MAX_BITS else Unknown("a very large number")
    if isinstance(value, float):
        return Known(value)
    if isinstance(value, str | bytes):
        return Known(value) if len(value) <= MAX_TEXT else Unknown("a long text")
    if isinstance(value, list | tuple):
        items = [scalar(one) for one in cast("list[object]", value)[:1000]]
        return Items("list", items, len(items))
    return Unknown()


def _small(kind: type[ast.operator], left: Scalar, right: Scalar) -> bool:
    if kind in {ast.LShift, ast.Pow} and isinstance(left, int) and isinstance(right, int):
        return abs(right) <= 64 and left.bit_length() <= MAX_BITS
    if isinstance(left, str | bytes) or isinstance(right, str | bytes):
        count = left if isinstance(left, int) else right if isinstance(right, int) else 1
        text = left if isinstance(left, str | bytes) else right
        return kind is ast.Add or (kind is ast.Mult and isinstance(text, str | bytes) and count * len(text) <= MAX_TEXT)
    return True


def binary(kind: type[ast.operator], left: Value, right: Value) -> Value:  # noqa: PLR0911 (one for each sort)
    """Return `left kind right`."""
    tags = left.tags | right.tags
    if isinstance(left, Either) or isinstance(right, Either):
        pairs = [(one, other) for one in options_of(left) for other in options_of(right)]
        return retagged(joined([binary(kind, one, other) for one, other in pairs]), tags)
    if isinstance(left, Known) and isinstance(right, Known) and _small(kind, left.data, right.data):
        try:
            return retagged(scalar(_BINARY[kind](left.data, right.data)), tags)
        except (ArithmeticError, TypeError, ValueError, KeyError):
            return Unknown("arithmetic that fails", tags=tags)
    if isinstance(left, Items) and isinstance(right, Items) and kind is ast.Add:
        count = None if left.count is None or right.count is None else left.count + right.count
        return Items(left.kind, [*left.items, *right.items][:10_000], count, tags=tags)
    if isinstance(left, Items) and isinstance(right, Known) and kind is ast.Mult and isinstance(right.data, int):
        count = None if left.count is None else left.count * max(0, right.data)
        return Items(left.kind, list(left.items), count, tags=tags)
    if isinstance(left, Table) and isinstance(right, Table) and kind is ast.BitOr:
        return Table({**left.items, **right.items}, left.whole and right.whole, tags=tags)
    return Unknown(_why(left, right), tags=tags)


def _why(*values: Value) -> str:
    return next((one.why for one in values if isinstance(one, Unknown) and one.why), "computed at run time")


def unary(kind: type[ast.unaryop], operand: Value) -> Value:
    """Return `kind operand`."""
    if isinstance(operand, Either):
        return retagged(joined([unary(kind, one) for one in operand.options]), operand.tags)
    if kind is ast.Not:
        answer = truth(operand)
        return Unknown(_why(operand), tags=operand.tags) if answer is None else Known(not answer, tags=operand.tags)
    if isinstance(operand, Known):
        try:
            return retagged(scalar(_UNARY[kind](operand.data)), operand.tags)
        except TypeError:
            return Unknown(tags=operand.tags)
    return Unknown(_why(operand), tags=operand.tags)


def compare(kind: type[ast.cmpop], left: Value, right: Value) -> Value:  # noqa: PLR0911 (one for each sort)
    """Return whether `left kind right` holds."""
    tags = left.tags | right.tags
    if isinstance(left, Either) or isinstance(right, Either):
        pairs = [(one, other) for one in options_of(left) for other in options_of(right)]
        return retagged(joined([compare(kind, one, other) for one, other in pairs]), tags)
    if kind in {ast.In, ast.NotIn}:
        found = _inside(left, right)
        return Unknown(tags=tags) if found is None else Known(found is (kind is ast.In), tags=tags)
    if isinstance(left, Known) and isinstance(right, Known):
        try:
            return Known(bool(_COMPARE[kind](left.data, right.data)), tags=tags)
        except TypeError:
            return Unknown(tags=tags)
    if isinstance(left, Ref) and isinstance(right, Ref) and kind in {ast.Is, ast.IsNot, ast.Eq, ast.NotEq}:
        return Known((left.name == right.name) is (kind in {ast.Is, ast.Eq}), tags=tags)
    if _never_none(left) and isinstance(right, Known) and right.data is None and kind in {ast.Is, ast.IsNot}:
        return Known(kind is ast.IsNot, tags=tags)
    return Unknown(_why(left, right), tags=tags)


def _never_none(value: Value) -> bool:
    return isinstance(value, Items | Table)


def _inside(left: Value, right: Value) -> bool | None:
    if not isinstance(left, Known):
        return None
    if isinstance(right, Known) and isinstance(right.data, str) and isinstance(left.data, str):
        return left.data in right.data
    if isinstance(right, Table):
        return True if left.data in right.items else (False if right.whole else None)
    if isinstance(right, Items):
        known = [one.data for one in right.items if isinstance(one, Known)]
        if left.data in known:
            return True
        return False if len(known) == len(right.items) == right.count else None
    return None


def plain_method(owner: Known, name: str, args: list[Value]) -> Value | None:
    """Return what a method of a constant returns, None where this is not known to be small and plain."""
    if name not in _TEXT_METHODS or not all(isinstance(one, Known) for one in args):
        return None
    try:
        return retagged(
            scalar(getattr(owner.data, name)(*[one.data for one in args if isinstance(one, Known)])), owner.tags
        )
    except (AttributeError, TypeError, ValueError):
        return None


def converted(name: str, value: Value) -> Value:
    """Return `int(value)`, `float(value)`, `str(value)`, `bool(value)`, `abs(value)` or `round(value)`."""
    if isinstance(value, Either):
        return retagged(joined([converted(name, one) for one in value.options]), value.tags)
    if not isinstance(value, Known) or (isinstance(value.data, str) and len(value.data) > 100):
        return Unknown(_why(value), tags=value.tags)
    functions: dict[str, Callable[[Any], Any]] = {
        "int": int,
        "float": float,
        "str": str,
        "bool": bool,
        "abs": abs,
        "round": round,
        "ceil": math.ceil,
        "floor": math.floor,
        "sqrt": math.sqrt,
    }
    try:
        return retagged(scalar(functions[name](value.data)), value.tags)
    except (TypeError, ValueError, OverflowError):
        return Unknown("a conversion that fails", tags=value.tags)


def _as_number(value: Value) -> float:
    return number_of(value) or 0


def _is_number(value: Value) -> bool:
    return number_of(value) is not None


def range_length(args: list[Value]) -> int | None:
    """Return how many numbers `range(*args)` has at most; a resumed run may start later than it does otherwise."""
    if len(args) > 1 and isinstance(args[0], Either):
        args = [min(filter(_is_number, args[0].options), key=_as_number, default=args[0]), *args[1:]]
    if not 1 <= len(args) <= 3 or not all(isinstance(one, Known) and isinstance(one.data, int) for one in args):
        return None
    numbers = [int(one.data) for one in args if isinstance(one, Known) and isinstance(one.data, int)]
    start, stop, stride = {1: [0, *numbers, 1], 2: [*numbers, 1], 3: numbers}[len(numbers)]
    if stride == 0:
        return None
    return max(0, -((start - stop) // stride) if stride > 0 else -((stop - start) // -stride))
