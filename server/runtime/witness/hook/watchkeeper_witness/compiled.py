"""JAX's compiled code: Python is traced once, and the calls of what was compiled of it say how often it ran.

What is traced inside a function of the person's that is compiled (`jax.jit`, `jax.pmap`) is noted there with the
lengths of the loops around it (`jax.lax.scan`, `fori_loop`); each call of the compiled function counts it anew. Of a
loop until something is reached, and of what a library compiles itself, nobody knows how often.
"""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import functools
import sys
import weakref
from typing import Any

from . import places
from .calls import MARK, pickled_from
from .more import is_due, tell_due
from .replaced import watch
from .state import here, ours, state
from .trouble import trouble

_COMPILE = ("jit", "pmap")
_OF_A_COMPILED = ("lower", "trace", "eval_shape", "clear_cache")
_codes: list[Code] = []
"""Compiled functions of which something was traced that counts."""
_bodies: Any = weakref.WeakKeyDictionary()
"""The same by the body of a loop, of which JAX keeps what was traced."""


class Code:
    """A compiled function: what one call of it runs and how often, and its calls that are not counted there yet."""

    __slots__ = ("calls", "found", "returns")

    def __init__(self) -> None:
        self.found: dict[Any, Any] = {}
        self.calls = 0
        self.returns = False
        """Whether something of it wants to see what it returns."""

    def traced(self, found: dict[Any, Any]) -> None:
        """Note what was traced now, in the place of what was before."""
        self.settle()
        if not self.found:
            _codes.append(self)
        self.found = found
        self.returns = any(getattr(what, "returns", False) for what, _ in found.values())

    def settle(self) -> None:
        """Count the calls so far."""
        calls, self.calls = self.calls, 0
        if calls:
            _run(self.found, calls, None)


class Hands(list[Any]):
    """What a wrapped function works with; pickled, it is empty, so that it needs nothing of ours elsewhere."""

    def __reduce__(self) -> Any:
        return list, ()


def settle() -> None:
    """Count all calls of compiled functions so far, before something is told of what they run."""
    for code in _codes:
        code.settle()


def compiling(module: Any) -> list[str]:
    """Wrap what compiles, for the person's own functions, and the loops inside of it."""
    done = []
    for name in _COMPILE:
        done += _replace(module, name, _compiling)
    lax = sys.modules.get("jax.lax")
    if lax is not None:
        done += [*_replace(lax, "scan", _looping(_length)), *_replace(lax, "fori_loop", _looping(_span))]
        done += _replace(lax, "while_loop", _looping(_nobody_knows))
    return done


def _replace(module: Any, name: str, wrap: Any) -> list[str]:
    function = getattr(module, name, None)
    if not callable(function) or hasattr(function, MARK):
        return []
    ours_now = wrap(function)
    setattr(ours_now, MARK, True)
    pickled_from(module, ours_now)
    setattr(module, name, ours_now)
    watch(module, name, ours_now)
    return [f"{module.__name__}.{name}"]


def _compiling(compile_: Any) -> Any:
    @functools.wraps(compile_)
    def call(*args: Any, **kwargs: Any) -> Any:
        made = compile_(*args, **kwargs)
        try:
            if state.writer is not None and not here.busy and places.is_persons(sys._getframe(1)):
                return _counting(made) if args else _compiling(made)
        except Exception as error:
            trouble("jax", error)
        return made

    return call


def _counting(run: Any) -> Any:
    """Return a compiled function whose calls are counted. It names nothing of this module, as it may be pickled."""
    hands = Hands((enter, leave, Code()))

    @functools.wraps(run)
    def watchkeeper_witness_compiled(*args: Any, **kwargs: Any) -> Any:
        if not hands:
            return run(*args, **kwargs)
        begin, end, code = hands
        now, result = begin(), None
        try:
            result = run(*args, **kwargs)
            return result
        finally:
            end(code, now, result)

    for name in _OF_A_COMPILED:
        if hasattr(run, name):
            setattr(watchkeeper_witness_compiled, name, getattr(run, name))
    return watchkeeper_witness_compiled


def enter() -> dict[Any, Any]:
    """Begin a call of compiled code: what is traced from now on is noted in what is returned."""
    now: dict[Any, Any] = {}
    here.traces.append(now)
    return now


def leave(code: Code, now: dict[Any, Any], result: Any) -> None:
    """End such a call. :param result: what it returned, None where it raised."""
    here.traces.pop()
    if not (now or code.found) or result is None:
        return
    try:
        if now:
            code.traced(now)
        if here.traces or code.returns or (now and is_traced(result)):
            _ran(code.found, 1, result)
        else:
            code.calls += 1
            if is_due():
                with ours():
                    tell_due()
    except Exception as error:
        trouble("jax", error)


def _looping(times: Any) -> Any:
    """Return what wraps a loop of JAX.

    :param times: how often its body runs, by the loop's arguments; None where nobody knows.
    """

    def wrap(loop: Any) -> Any:
        @functools.wraps(loop)
        def call(*args: Any, **kwargs: Any) -> Any:
            if state.writer is None or here.busy:
                return loop(*args, **kwargs)
            now = enter()
            result = None
            try:
                result = loop(*args, **kwargs)
                return result
            finally:
                here.traces.pop()
                try:
                    if result is not None:
                        _looped(now, times, args, kwargs, result)
                except Exception as error:
                    trouble("jax", error)

        return call

    return wrap


def _looped(now: dict[Any, Any], times: Any, args: Any, kwargs: Any, result: Any) -> None:
    body = next((each for each in (*args, *kwargs.values()) if callable(each)), None)
    if now:
        _bodies[body] = now
    found = now or _bodies.get(body)
    if found:
        _ran(found, times(*args, **kwargs), result)


def _length(f: Any, init: Any, xs: Any = None, length: Any = None, *_: Any, **__: Any) -> int | None:
    if length is not None:
        return int(length)
    leaves = sys.modules["jax"].tree_util.tree_leaves(xs)
    return int(leaves[0].shape[0]) if leaves else None


def _span(lower: Any, upper: Any, *_: Any, **__: Any) -> int | None:
    try:
        return max(0, int(upper) - int(lower))
    except Exception:  # they are traced themselves
        return None


def _nobody_knows(*_: Any, **__: Any) -> None:
    return None


def _ran(found: dict[Any, Any], times: int | None, result: Any) -> None:
    """Count what ran, or note it in the trace that this one is part of."""
    if here.traces:
        frame = sys._getframe(3)
        for key, (what, each) in found.items():
            often = None if each is None or times is None else each * times
            here.traces[-1][key, frame.f_code, frame.f_lasti] = (what, often)
        return
    unknown = is_traced(result)  # a library compiles what is around it
    _run(found, None if unknown else times, None if unknown else result)
    if is_due():
        with ours():
            tell_due()


def _run(found: dict[Any, Any], times: int | None, result: Any) -> None:
    for what, each in found.values():
        what.ran(None if each is None or times is None else each * times, result)


def noted(what: Any, frame: Any, values: Any) -> bool:
    """Note something that is traced where a compiled function of the person's is; return whether it was.

    :param what: has `ran(times, result)`, called when the compiled code ran: so often, or None for nobody knows.
    :param values: those that it is called with, of which traced ones show that it does not run now.
    """
    if here.traces:
        here.traces[-1][id(what), frame.f_code, frame.f_lasti] = (what, 1)
        return True
    if is_traced(values):
        what.ran(None, None)
        return True
    return False


def is_traced(values: Any) -> bool:
    """Whether some values stand for those of compiled code that runs later."""
    jax = sys.modules.get("jax")
    leaves = jax.tree_util.tree_leaves(values) if jax is not None else []
    return any("Tracer" in type(each).__name__ for each in leaves)
