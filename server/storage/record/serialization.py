"""Between the typed records and the JSON that stands in the ledger. Pure.

A body that an older release wrote lacks fields: they take their defaults. What it holds beyond the fields of today is
left out; the chain keeps it.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from .chain import Body

T = TypeVar("T")


def encode(record: Any, form: type[Any] | None = None) -> dict[str, Any]:  # noqa: ANN401 (any of our dataclasses)
    """Return a typed record as the body of an event; where its class is `SPARSE`, fields at their default are absent.

    :param form: a class that the record's own is derived from: only its fields are returned.
    """
    sparse = getattr(record, "SPARSE", False)
    values = ((one, getattr(record, one.name)) for one in fields(form or record))
    return {one.name: _plain(value) for one, value in values if not (sparse and _is_default(one, value))}


def _is_default(one: Field[Any], value: object) -> bool:
    return one.default is not MISSING and value == one.default


def _plain(value: Any) -> Any:  # noqa: ANN401 (whatever a field holds)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [_plain(one) for one in cast(Iterable[Any], value)]
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in cast(Body, value).items()}
    return encode(value) if is_dataclass(value) else value


def decode(form: type[T], body: Body, **known: object) -> T:
    """Return a body as a typed record.

    :param known: fields whose values do not stand in the body.
    :raises ValueError: if the body does not fit: a field without a default is missing or has another type.
    """
    values: dict[str, object] = dict(known)
    for one, kind in _kinds(form):
        if one.name in values:
            continue
        if one.name in body:
            values[one.name] = _typed(kind, body[one.name], one.name)
        elif one.default is MISSING and one.default_factory is MISSING:
            raise ValueError(f"{one.name} is missing")
    return form(**values)


@cache
def _kinds(form: type[Any]) -> tuple[tuple[Field[Any], Any], ...]:
    hints = get_type_hints(form)
    return tuple((one, hints[one.name]) for one in fields(form))


def _typed(kind: Any, value: Any, name: str) -> Any:  # noqa: ANN401 (JSON)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return None if value is None else _typed(next(one for one in inner if one is not types.NoneType), value, name)
    if origin is tuple:
        return _tuple(inner, value, name)
    form: type[Any] = origin or kind
    if is_dataclass(form) and isinstance(value, dict):
        return decode(form, cast(Body, value))
    if issubclass(form, Enum):
        return form(value)
    if form is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, form):
        raise ValueError(f"{name} is {type(value).__name__}")
    return value


def _tuple(inner: tuple[Any, ...], value: Any, name: str) -> tuple[Any, ...]:  # noqa: ANN401 (JSON)
    if not isinstance(value, list):
        raise ValueError(f"{name} is {type(value).__name__}")
    items = cast(list[Any], value)
    if inner[1:] == (...,):
        return tuple(_typed(inner[0], one, name) for one in items)
    return tuple(_typed(kind, one, name) for kind, one in zip(inner, items, strict=True))
