"""Values as JSON can hold them: arguments of calls and parameters of estimators, cut short."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import inspect
import math
import weakref
from typing import Any

MOST_ITEMS = 60
MOST_TEXT = 80
MOST_LIST = 24
_signatures: weakref.WeakKeyDictionary[Any, inspect.Signature] = weakref.WeakKeyDictionary()


def plain(value: Any, depth: int = 0) -> Any:
    """Return a value as JSON can hold it; the name of its type for what it cannot."""
    if value is None or isinstance(value, (bool, str)):
        return value[:MOST_TEXT] if isinstance(value, str) else value
    if isinstance(value, int):
        return int(value) if abs(value) < 1 << 60 else str(value)[:MOST_TEXT]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, dict) and depth < 2:
        return {str(k)[:MOST_TEXT]: plain(v, depth + 1) for k, v in list(value.items())[:MOST_ITEMS]}
    if isinstance(value, (list, tuple, set, frozenset, range)) and depth < 2:
        return [plain(each, depth + 1) for each in list(value)[:MOST_LIST]]
    return _other(value, depth)


def _other(value: Any, depth: int) -> Any:
    if inspect.isclass(value) or inspect.isroutine(value):
        return f"<{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', '')}>"[:MOST_TEXT]
    try:
        size = getattr(value, "size", None)
        if isinstance(size, int) and 0 < size <= MOST_LIST and callable(getattr(value, "tolist", None)):
            return plain(value.tolist(), depth + 1)
        if callable(getattr(value, "item", None)) and getattr(value, "ndim", 1) == 0:
            return plain(value.item(), depth + 1)
    except Exception:
        return f"<{type(value).__name__}>"
    return f"<{type(value).__name__}>"


def arguments(function: Any, args: Any, kwargs: Any) -> dict[str, Any]:
    """Return a call's arguments by name, defaults filled in, those of `**kwargs` beside the others. Not made plain."""
    found: dict[str, Any] = {}
    try:
        signature = _signature(function)
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
    except (TypeError, ValueError):
        return dict(kwargs)
    for name, value in bound.arguments.items():
        kind = signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_KEYWORD:
            found.update(value)
        elif name != "self":
            found[name] = value
    return found


def _signature(function: Any) -> inspect.Signature:
    """Return the signature of a function; finding it takes as long as the rest of a line, so it is kept."""
    if not inspect.isfunction(function):
        return inspect.signature(function)
    known = _signatures.get(function)
    if known is None:
        known = _signatures[function] = inspect.signature(function)
    return known


def plain_all(values: dict[str, Any]) -> dict[str, Any]:
    """Return named values as JSON can hold them."""
    return {str(name)[:MOST_TEXT]: plain(value) for name, value in list(values.items())[:MOST_ITEMS]}
