"""Notices when a function that is watched was put away for another one."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

from typing import Any

from . import places
from .state import state

MARK = "__watchkeeper_witness__"
"""Set on every function of ours that stands where a library's was."""

_watched: list[tuple[Any, str, Any]] = []
_told: set[tuple[str, str, int]] = set()


def watch(holder: Any, name: str, wrapped: Any) -> None:
    """Remember what a module or class should hold under a name."""
    _watched.append((holder, name, wrapped))


def look(seen: str) -> None:
    """Tell what was replaced since."""
    for holder, name, wrapped in _watched:
        found = vars(holder).get(name)
        if found is wrapped or found is None or hasattr(found, MARK):
            continue
        what = f"{getattr(holder, '__name__', '')}.{name}"
        key = (what, name, id(found))
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
