"""Notices when a function that is watched was put away for another one."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import sys
import types
from typing import Any

from . import places
from .state import state

MARK = "__watchkeeper_witness__"
"""Set on every function of ours that stands where a library's was."""

_watched: list[tuple[Any, str, Any]] = []
_told: set[tuple[str, int]] = set()


def watch(holder: Any, name: str, wrapped: Any) -> None:
    """Remember what a module or class should hold under a name."""
    _watched.append((holder, name, wrapped))


def check(cls: Any) -> None:
    """Tell of a library's class whose fit or prediction is the person's function now, before it is put back."""
    for name in ("fit", "predict"):
        found = next((vars(one)[name] for one in cls.__mro__ if name in vars(one)), None)
        if not isinstance(found, types.FunctionType) or hasattr(found, MARK) or _is_persons(cls):
            continue
        if _is_persons(found):
            _tell(f"{cls.__name__}.{name}", found, "call")


def _is_persons(thing: Any) -> bool:
    code = getattr(thing, "__code__", None)
    module = sys.modules.get(getattr(thing, "__module__", "") or "")
    path = code.co_filename if code is not None else getattr(module, "__file__", "") or "<>"
    return path.startswith("<") or bool(places.places and places.places.person(path))


def look(seen: str) -> None:
    """Tell what was replaced since."""
    for holder, name, wrapped in _watched:
        found = vars(holder).get(name)
        if found is wrapped or found is None or hasattr(found, MARK):
            continue
        _tell(f"{getattr(holder, '__name__', '')}.{name}", found, seen)


def _tell(what: str, found: Any, seen: str) -> None:
    key = (what, id(found))
    if key not in _told:
        _told.add(key)
        state.writer.tell("replaced", "", {"what": what, **_about(found), "seen": seen})


def _about(found: Any) -> dict[str, str]:
    code = getattr(getattr(found, "func", found), "__code__", None)
    defined = ""
    if code is not None:
        path = places.places.person(code.co_filename) if places.places is not None else ""
        defined = f"{path or code.co_filename}:{code.co_firstlineno}"
    return {"by": str(getattr(found, "__qualname__", type(found).__name__))[:80], "defined": defined}
