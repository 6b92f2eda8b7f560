"""The data that a likelihood written by hand has at its hand: arrays that a function or a graph holds.

A library is told what a model observes; what stands in a `pm.Potential`, in a `numpyro.factor` or in a log-probability
is only reached through what these hold: arguments, closures, the global names that the code uses.
"""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import functools
import math
import types
from collections.abc import Iterator
from typing import Any

from . import places
from .fingerprint import as_array
from .state import can_afford, numpy
from .tables import outcome

MOST_ARRAYS = 12
LEAST_VALUES, _MOST_VALUES = 12, 1 << 20
_MOST_NODES = 20_000
_MOST_FUNCTIONS, _DEEPEST = 24, 3
_MOST_BOUNDS = 24
_MOST_COLUMNS = 24


def of_call(function: Any, args: Any = (), kwargs: Any = None) -> dict[str, Any]:
    """Return what a function holds beside what it is given, with the arguments that it is given in each call."""
    found = _Found()
    _from_function(found, function, 0)
    for name, value in (*((f"args[{i}]", each) for i, each in enumerate(args or ())), *(kwargs or {}).items()):
        found.see(str(name), value)
    return found.told()


def of_graph(outputs: Any) -> dict[str, Any]:
    """Return the constants and shared variables that symbolic outputs of PyTensor are computed from."""
    found, seen, left = _Found(), set(), list(outputs)
    while left and len(seen) < _MOST_NODES:
        one = left.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        apply = getattr(one, "owner", None)
        if apply is not None:
            left.extend(apply.inputs)
            continue
        value = getattr(one, "data", None)
        if value is None and hasattr(one, "get_value"):
            value = one.get_value(borrow=True)
        if value is not None:
            found.see(str(getattr(one, "name", None) or f"constant {len(found.arrays)}"), value)
    return found.told()


class _Found:
    """Arrays by name, and the whole numbers beside them: where a part is cut off, one of these says where."""

    def __init__(self) -> None:
        self.arrays: dict[str, Any] = {}
        self.bounds: set[int] = set()
        self.functions: set[int] = set()

    def see(self, name: str, value: Any) -> None:
        """Keep a value that may be data, or a bound of them."""
        if isinstance(value, slice):
            for each in (value.start, value.stop):
                self.see(name, each)
        elif isinstance(value, int):
            if len(self.bounds) < _MOST_BOUNDS and not isinstance(value, bool):
                self.bounds.add(value)
        elif hasattr(value, "columns") and hasattr(value, "dtypes"):
            for column in list(value.columns)[:_MOST_COLUMNS]:
                self.see(f"{name}.{column}", value[column])
        elif isinstance(value, (dict, tuple, list)) and len(value) <= _MOST_COLUMNS:
            pairs = value.items() if isinstance(value, dict) else enumerate(value)
            for key, each in pairs:
                if hasattr(each, "shape"):
                    self.see(f"{name}.{key}", each)
        elif hasattr(value, "shape") and hasattr(value, "dtype"):
            self._array(name, value)

    def _array(self, name: str, value: Any) -> None:
        np = numpy()
        if np is None or len(self.arrays) >= MOST_ARRAYS or "Tracer" in type(value).__name__:
            return
        try:  # what is large, on a device, or computed once it is asked for, is told by its shape alone
            if not all(isinstance(each, int) for each in value.shape) or math.prod(value.shape) > _MOST_VALUES:
                return
            array = as_array(np, value)
        except Exception:
            return
        if array.dtype.kind not in "biuf":
            return
        if array.size == 1 and array.dtype.kind in "iu" and len(self.bounds) < _MOST_BOUNDS:
            self.bounds.add(int(array.reshape(-1)[0]))
        flat = array.ndim == 1 or (array.ndim == 2 and 1 in array.shape)
        if flat and LEAST_VALUES <= array.size <= _MOST_VALUES:
            self.arrays[name[:80]] = array.reshape(-1)

    def told(self) -> dict[str, Any]:
        if not self.arrays or not can_afford():
            return {}
        held = {name: {"shape": list(array.shape), "data": outcome(array)} for name, array in self.arrays.items()}
        return {"held": held, "bounds": sorted(self.bounds)}


def _from_function(found: _Found, function: Any, depth: int) -> None:
    """Look into a function, and into those of the person that it uses."""
    if isinstance(function, functools.partial):
        _from_function(found, function.func, depth)
        for name, value in (*enumerate(function.args), *function.keywords.items()):
            found.see(str(name), value)
        return
    function = getattr(function, "__wrapped__", function)  # `jax.jit` and others keep what they wrap there
    owner = getattr(function, "__self__", None)
    function = getattr(function, "__func__", function)
    if not isinstance(function, types.FunctionType):
        owner, function = function, vars(type(function)).get("__call__")
    if not isinstance(function, types.FunctionType) or not _is_own(function) or id(function) in found.functions:
        return
    if len(found.functions) >= _MOST_FUNCTIONS:
        return
    found.functions.add(id(function))
    for name, value in (*_held(function), *_attributes(owner)):
        found.see(name, value)
        if depth < _DEEPEST and callable(value) and not isinstance(value, type):
            _from_function(found, value, depth + 1)


def _held(function: Any) -> Iterator[tuple[str, Any]]:
    code = function.__code__
    for name, cell in zip(code.co_freevars, function.__closure__ or ()):  # noqa: B905 (Python 3.8)
        try:
            yield name, cell.cell_contents
        except ValueError:  # not yet filled
            continue
    for each in _codes(code):
        for value in each.co_consts:
            yield "constant", value
        for name in each.co_names:
            if name in function.__globals__:
                yield name, function.__globals__[name]
    defaults = function.__defaults__ or ()
    yield from zip(code.co_varnames[code.co_argcount - len(defaults) : code.co_argcount], defaults)  # noqa: B905 (the same)
    yield from (function.__kwdefaults__ or {}).items()


def _codes(code: Any) -> Iterator[Any]:
    """Yield the code of a function and of those inside of it."""
    yield code
    for each in code.co_consts:
        if isinstance(each, types.CodeType):
            yield from _codes(each)


def _attributes(owner: Any) -> Iterator[tuple[str, Any]]:
    if owner is not None and not isinstance(owner, types.ModuleType):
        yield from list(getattr(owner, "__dict__", {}).items())[:_MOST_COLUMNS]


def _is_own(function: Any) -> bool:
    """Whether a function is of the script, and not of a library."""
    path = function.__code__.co_filename
    return bool(path) and not path.startswith("<frozen") and not places.is_plainly_library(path)
