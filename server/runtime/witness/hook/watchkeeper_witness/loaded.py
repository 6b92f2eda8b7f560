"""Weights that were read from files, held against those that an optimiser begins with: who trained these?

Of each array that was read its first numbers are kept, by its size; a network that takes them over begins with them.
"""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import functools
import sys
import types
from typing import Any

from . import clock as time
from . import places
from .calls import MARK, pickled_from
from .fingerprint import as_array
from .state import here, numpy, ours_at_length, state
from .trouble import trouble

_LEAST, _MOST = 16, 64
"""So many numbers of an array tell it from another one, and so many are kept."""
_MOST_ARRAYS = 5_000
_MOST_OF_A_SIZE = 20
_ALIKE = 0.999
"""Correlation from which on two arrays are the same, with a jitter."""
_DEEP = 8
_MOST_BYTES = 32 << 20
"""An archive of more is data, and reading it twice would be felt."""

_kept: dict[int, list[tuple[Any, str, float]]] = {}
_count = [0]


def reading(module: Any, name: str, where_path: int = 0) -> list[str]:
    """Wrap a function of a module that reads arrays from a file, its argument of that number."""
    function = getattr(module, name, None)
    if not callable(function) or hasattr(function, MARK):
        return []

    @functools.wraps(function)
    def watched(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        if state.writer is not None and not here.busy and not here.calls:
            try:
                with ours_at_length():
                    source = args[where_path] if len(args) > where_path else next(iter(kwargs.values()), None)
                    took(result, _path_of(source), sys._getframe(1))
            except Exception as error:
                trouble(name, error)
        return result

    setattr(watched, MARK, True)
    if isinstance(module, types.ModuleType):
        pickled_from(module, watched)
    setattr(module, name, watched)
    return [f"{getattr(module, '__name__', '')}.{name}"]


def safetensors(module: Any) -> list[str]:
    """Wrap `load_file` of one of safetensors' modules."""
    return reading(module, "load_file")


def took(thing: Any, path: str, frame: Any) -> None:
    """Keep the beginnings of all arrays that the person's code read from a file."""
    if path and places.where(frame):
        note(path, list(_arrays(thing, 0)))


def note(path: str, arrays: list[Any]) -> None:
    """Keep the beginnings of arrays that stand in a file."""
    now = round(time.time(), 3)
    for each in arrays:
        head = _head(each)
        if head is not None and _count[0] < _MOST_ARRAYS:
            same = _kept.setdefault(_size(each), [])
            if len(same) < _MOST_OF_A_SIZE:
                same.append((head, path, now))
                _count[0] += 1


def among(arrays: list[Any]) -> dict[str, Any]:
    """Return, as a fact of an optimiser, how many of the numbers that it begins with were read from which file."""
    if not _kept:
        return {}
    found: dict[str, list[Any]] = {}
    for each in arrays:
        head = _head(each) if _size(each) in _kept else None
        for other, path, at in reversed(_kept[_size(each)]) if head is not None else ():
            if _alike(head, other):
                told = found.setdefault(path, [0, at])
                told[0] += _size(each)
                break
    listed = [{"path": path, "numbers": numbers, "at": at} for path, (numbers, at) in list(found.items())[:8]]
    return {"from_files": listed} if listed else {}


def _path_of(source: Any) -> str:
    if isinstance(source, (str, bytes)) or hasattr(source, "__fspath__"):
        import os

        return places.inside(os.fsdecode(source))
    name = getattr(source, "name", "")
    return places.inside(name) if isinstance(name, str) and name else ""


def _arrays(thing: Any, depth: int) -> Any:
    other: Any = thing
    if hasattr(thing, "shape") and hasattr(thing, "dtype"):
        yield thing
    elif depth < _DEEP and isinstance(thing, dict):
        for each in list(thing.values())[:_MOST_ARRAYS]:
            yield from _arrays(each, depth + 1)
    elif depth < _DEEP and isinstance(thing, (list, tuple)) and len(thing) <= _MOST_ARRAYS:
        for each in thing:
            yield from _arrays(each, depth + 1)
    elif depth < _DEEP and hasattr(thing, "state_dict") and hasattr(thing, "parameters"):
        yield from _arrays(other.state_dict(), depth + 1)
    elif _is_small_archive(thing):
        yield from (other[name] for name in other.files[:200])


def _is_small_archive(thing: Any) -> bool:
    """Whether it is NumPy's own archive, which reads when it is asked, and holds no more than weights do."""
    whole = hasattr(thing, "files") and hasattr(thing, "zip")
    return whole and sum(each.file_size for each in thing.zip.infolist()) <= _MOST_BYTES


def _size(array: Any) -> int:
    size = 1
    for each in getattr(array, "shape", ()):
        size *= int(each)
    return size


def _head(array: Any) -> Any:
    """Return the first numbers of an array as float64; None of what is small, constant, or no numbers."""
    np = numpy()
    if np is None or _size(array) < _LEAST:
        return None
    try:
        some = array.detach() if hasattr(array, "detach") else array
        head = np.asarray(as_array(np, some.reshape(-1)[:_MOST]), "<f8")
    except Exception:
        return None
    return head if np.isfinite(head).all() and head.std() > 0 else None


def _alike(one: Any, other: Any) -> bool:
    np = numpy()
    a, b = one - one.mean(), other - other.mean()
    return bool(a.dot(b) > _ALIKE * np.sqrt(a.dot(a) * b.dot(b)))
