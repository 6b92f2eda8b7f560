"""JAX: by which names a loss is made that is derived: what its code calls, and that of the functions which it calls.

Read from the code, which is not run for it. `open`: whether something in it could not be followed.
"""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import builtins
import contextlib
import dis
import sys
import types
from typing import Any

from . import places

_MOST_FUNCTIONS, _MOST_NAMES = 30, 60
_MODULES = (
    "jax", "jax.numpy", "jax.nn", "jax.lax", "jax.tree_util", "jax.random", "jax.scipy.stats.norm", "jax.scipy.special",
    "optax", "numpy",
)  # fmt: skip
_PLAIN = frozenset(
    {"params", "apply", "apply_fn", "init", "items", "values", "keys", "get", "append", "step", "at", "set"}
)
_MAY_BE_LOSSES = ("loss", "criterion", "objective", "func", "fn")
_OPERATORS = {"COMPARE_OP": "<", "BINARY_POWER": "**"}


def told(function: Any) -> dict[str, Any]:
    """Return the names that a function is made by; nothing of what is no plain function."""
    with contextlib.suppress(Exception):
        found, is_open = _followed(function)
        return {"calls": sorted(found)[:_MOST_NAMES], **({"open": True} if is_open else {})}
    return {}


def _followed(function: Any) -> tuple[set[str], bool]:
    waiting, done, found, is_open = [function], set(), set(), False
    while waiting:
        one = waiting.pop()
        if len(done) >= _MOST_FUNCTIONS or not isinstance(one, types.FunctionType):
            return found, True
        if one.__code__ in done:
            continue
        done.add(one.__code__)
        scope = {**one.__globals__, **_closure(one)}
        for code in _codes(one.__code__):
            found.update(_operators(code))
            is_open = is_open or any(word in name for name in code.co_varnames for word in _MAY_BE_LOSSES)
            for name in code.co_names + code.co_freevars:
                value = scope.get(name, getattr(builtins, name, _NOTHING))
                value = getattr(value, "__wrapped__", value)
                if isinstance(value, types.FunctionType) and not _is_librarys(value):
                    waiting.append(value)
                elif value is _NOTHING and not _is_known(name):
                    is_open = True
                else:
                    found.add(name)
    return found, is_open


_NOTHING = object()


def _is_librarys(function: Any) -> bool:
    return places.is_plainly_library(function.__code__.co_filename)


def _closure(function: Any) -> dict[str, Any]:
    found = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):  # noqa: B905 (Python 3.8)
        with contextlib.suppress(ValueError):  # it holds nothing yet
            found[name] = cell.cell_contents
    return found


def _codes(code: Any) -> Any:
    yield code
    for one in code.co_consts:
        if isinstance(one, types.CodeType):
            yield from _codes(one)


def _operators(code: Any) -> set[str]:
    every = list(dis.get_instructions(code))
    powers = {"**" for one in every if one.opname == "BINARY_OP" and "**" in one.argrepr}
    return {_OPERATORS[one.opname] for one in every if one.opname in _OPERATORS} | powers


def _is_known(name: str) -> bool:
    """Whether a name is that of an attribute of arrays, or of a function of JAX, optax or NumPy."""
    modules = [sys.modules[one] for one in _MODULES if one in sys.modules]
    holders = [*modules, getattr(sys.modules.get("jax"), "Array", None), dict, list, tuple]
    return name in _PLAIN or any(hasattr(one, name) for one in holders)
