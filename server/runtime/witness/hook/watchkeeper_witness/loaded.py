"""Weights that were read from files, held against those that an optimiser begins with: who trained these?

Of each array that was read its first numbers are kept, by its size; a network that takes them over begins with them.
"""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import functools
import sys
import types
from collections import deque
from typing import Any

from . import clock as time
from . import places
from .calls import MARK, pickled_from
from .fingerprint import as_array
from .state import can_afford, here, numpy, ours_at_length, reserved, state
from .trouble import trouble

_LEAST, _MOST = 16, 64
"""So many numbers of an array tell it from another one, and so many are kept."""
_MOST_ARRAYS = 5_000
_MOST_OF_A_SIZE = 20
_ALIKE, _NEAR = 0.999, 0.65
"""Correlations from which on two arrays are the same, of few numbers, and of all that are kept: then with a jitter,
which hides whose they are. Of 64 numbers that have nothing to do with each other it is 0.125 as a rule."""
_DEEP = 8
_MOST_VISITED = 20_000
"""So many things that a file held are looked at: of a list of texts as lists there are millions."""
_LEAVES = (str, bytes, int, float, bool, type(None))
_MOST_BROUGHT = 1 << 20
"""So many numbers of one array of JAX are brought over from a device; to cut a piece off it would be compiled."""
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
        if state.writer is not None and not (here.busy or here.calls) and _count[0] < _MOST_ARRAYS:
            try:
                with ours_at_length():
                    source = args[where_path] if len(args) > where_path else next(iter(kwargs.values()), None)
                    took(result, source, sys._getframe(1))
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


def took(thing: Any, source: Any, frame: Any) -> None:
    """Keep the beginnings of all arrays that the person's code read from a file, as long as there is time for it."""
    where = places.where(frame)
    if where:
        with reserved(f"reads at {where}"):
            path = _path_of(source) if can_afford() else ""
            if path:
                note(path, _arrays(thing))


def note(path: str, arrays: Any) -> None:
    """Keep the beginnings of arrays that stand in a file."""
    now = round(time.time(), 3)
    for each in arrays:
        if _count[0] >= _MOST_ARRAYS:
            return
        size = _size(each)
        head = _head(each) if len(_kept.get(size, ())) < _MOST_OF_A_SIZE else None
        if head is not None:
            _kept.setdefault(size, []).append((head, path, now))
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


def _arrays(thing: Any) -> Any:
    """Yield the arrays in what a file held, the outer ones first."""
    if _is_small_archive(thing):
        yield from (thing[name] for name in thing.files[:200])
        return
    waiting, left = deque([(thing, 0)]), _MOST_VISITED
    while waiting and left > 0:
        one, depth = waiting.popleft()
        left -= 1
        if hasattr(one, "shape") and hasattr(one, "dtype"):
            yield one
        elif depth < _DEEP:
            inside = _inside(one)
            left -= len(inside)
            waiting.extend((each, depth + 1) for each in inside if type(each) not in _LEAVES)


def _inside(thing: Any) -> list[Any]:
    other: Any = thing
    if hasattr(thing, "state_dict") and hasattr(thing, "parameters"):
        other = thing.state_dict()
    if isinstance(other, dict):
        return list(other.values())[:_MOST_ARRAYS]
    return list(other) if isinstance(other, (list, tuple)) and len(other) <= _MOST_ARRAYS else []


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
        head = np.asarray(as_array(np, _beginning(np, array)), "<f8").reshape(-1)[:_MOST]
    except Exception:
        return None
    return head if np.isfinite(head).all() and head.std() > 0 else None


def _beginning(np: Any, array: Any) -> Any:
    """Return the first numbers of an array; of one that lies in another order in memory no copy of all is made.

    :raises TypeError: it is none of NumPy, torch or JAX, and would be computed first.
    """
    if isinstance(array, np.ndarray):
        return array.flat[:_MOST]
    if hasattr(array, "detach"):
        some = (array.to_local() if hasattr(array, "to_local") else array).detach()
        while some.dim() > 1:
            some = some[0] if some[0].numel() >= _MOST else some[:_MOST].reshape(-1)
        return some[:_MOST]
    near = hasattr(array, "devices") and all(each.platform == "cpu" for each in array.devices())
    if "jax" in type(array).__module__ and (near or _size(array) <= _MOST_BROUGHT):
        return np.asarray(array)
    raise TypeError("no array at hand")


def _alike(one: Any, other: Any) -> bool:
    np = numpy()
    a, b = one - one.mean(), other - other.mean()
    least = _NEAR if len(one) >= _MOST else _ALIKE
    return len(one) == len(other) and bool(a.dot(b) > least * np.sqrt(a.dot(a) * b.dot(b)))
