"""JAX's compiled code: Python is traced once, and the calls of what was compiled of it say how often it ran.

What is traced inside a function of the person's that is compiled (`jax.jit`, `jax.pmap`) is noted there with the
lengths of the loops around it (`jax.lax.scan`, `fori_loop`); each call of the compiled function counts it anew. Of a
loop until something is reached, and of what a library compiles itself, nobody knows how often.
"""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import functools
import inspect
import sys
import weakref
from typing import Any

from . import compiled_results, jax_outputs, places
from .calls import MARK, pickled_from
from .more import is_due, tell_due
from .replaced import watch
from .state import here, ours, ours_at_length, state
from .trouble import trouble

_COMPILE = ("jit", "pmap")
_OF_A_COMPILED = ("lower", "trace", "eval_shape", "clear_cache")
_bodies: Any = weakref.WeakKeyDictionary()
"""What was traced in the body of a loop, by the body: JAX keeps what was traced."""


class Code:
    """What Python traced once: what one call of it runs and how often, and its calls that are not counted there yet."""

    __slots__ = ("calls", "found", "mixed", "returns")

    def __init__(self) -> None:
        self.found: dict[Any, Any] = {}
        self.calls = 0
        self.returns = False
        """Whether something of it wants to see what it returns."""
        self.mixed = False
        """Whether it was traced twice with something else in it, so that nobody knows which of them a call runs."""

    def traced(self, found: dict[Any, Any]) -> None:
        """Note what was traced now, in the place of what was before."""
        self.settle()
        self.mixed = self.mixed or (bool(self.found) and self.found != found)
        self.found = found
        self.returns = any(getattr(what, "returns", False) and each != 1 for what, each in found.values())

    def called(self) -> None:
        """Count a call."""
        if not self.calls:
            _uncounted.append(self)
        self.calls += 1

    def settle(self) -> None:
        """Count the calls so far."""
        calls, self.calls = self.calls, 0
        if calls:
            _run(self.found, calls, None)


class Codes:
    """What a compiled function runs: for other static arguments Python traces it anew.

    :param numbers: of the arguments that are static.
    :param names: the same by name.
    """

    def __init__(self, numbers: tuple[int, ...], names: tuple[str, ...]) -> None:
        self.numbers, self.names = numbers, names
        self.any = False
        """Whether anything was ever traced that counts."""
        self.untold = False
        """Whether nothing is told of what it returns."""
        self.name = ""
        self._by: dict[int, Code] = {}

    def of(self, args: Any, kwargs: Any) -> Code:
        """Return what a call with these arguments runs. The arguments themselves are not kept."""
        key = 0
        if self.numbers or self.names:
            static = [args[number] for number in self.numbers if number < len(args)]
            key = hash((*static, None, *(kwargs.get(name) for name in self.names)))
        code = self._by.get(key)
        if code is None:
            code = self._by[key] = Code()
        return code


_uncounted: list[Code] = []
"""Those that were called since the last count."""


class Hands(list[Any]):
    """What a wrapped function works with; pickled, it is empty, so that it needs nothing of ours elsewhere."""

    def __reduce__(self) -> Any:
        return list, ()


def settle() -> None:
    """Count all calls of compiled functions so far, before something is told of what they run."""
    while _uncounted:
        _uncounted.pop().settle()


def compiling(module: Any) -> list[str]:
    """Wrap what compiles, for the person's own functions, and the loops inside of it."""
    done = []
    for name in _COMPILE:
        done += _replace(module, name, _compiling)
    lax = sys.modules.get("jax.lax")
    if lax is not None:
        done += [*_replace(lax, "scan", _looping(_length)), *_replace(lax, "fori_loop", _looping(_span))]
        done += _replace(lax, "map", _looping(_leading))
        for name in ("while_loop", "cond", "switch"):
            done += _replace(lax, name, _looping(_nobody_knows))
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


def _compiling(compile_: Any, before: dict[str, Any] | None = None) -> Any:
    """Return what compiles, with what comes out of it counted.

    :param before: what was asked for by `jax.jit(static_argnames="n")`, which returns another function that compiles.
    """

    @functools.wraps(compile_)
    def call(*args: Any, **kwargs: Any) -> Any:
        made = compile_(*args, **kwargs)
        try:
            if state.writer is not None and not here.busy and places.is_persons(sys._getframe(1)):
                asked = {**(before or {}), **kwargs}
                if hasattr(made, "lower"):
                    codes = Codes(*_static(made, asked))
                    codes.name = str(getattr(made, "__name__", ""))[:80]
                    return _counting(made, codes)
                return made if args else _compiling(made, asked)
        except Exception as error:
            trouble("jax", error)
        return made

    return call


def _static(run: Any, asked: dict[str, Any]) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Return numbers and names of the static arguments of a compiled function, as JAX finds one by the other."""
    given = asked.get("static_argnums", asked.get("static_broadcasted_argnums"))
    numbers = {given} if isinstance(given, int) else set(given or ())
    given = asked.get("static_argnames")
    names = {given} if isinstance(given, str) else set(given or ())
    if numbers or names:
        known = list(inspect.signature(run).parameters)
        numbers = {each + len(known) if each < 0 else each for each in numbers}
        numbers |= {known.index(each) for each in names if each in known}
        names |= {known[each] for each in numbers if each < len(known)}
    return tuple(sorted(numbers)), tuple(sorted(names))


def _counting(run: Any, codes: Codes) -> Any:
    """Return a compiled function whose calls are counted. It names nothing of this module, as it may be pickled."""
    hands = Hands((enter, leave, codes))

    @functools.wraps(run)
    def watchkeeper_witness_compiled(*args: Any, **kwargs: Any) -> Any:
        if not hands:
            return run(*args, **kwargs)
        begin, end, codes = hands
        now, result = begin(), None
        try:
            result = run(*args, **kwargs)
            return result
        finally:
            end(codes, now, args, kwargs, result)

    watchkeeper_witness_compiled.__wrapped__ = getattr(run, "__wrapped__", run)
    for name in _OF_A_COMPILED:
        if hasattr(run, name):
            setattr(watchkeeper_witness_compiled, name, getattr(run, name))
    if hasattr(run, "_cache_size"):  # which itself cannot be pickled
        setattr(watchkeeper_witness_compiled, "_cache_size", lambda: run._cache_size())  # noqa: B010, PLW0108
    return watchkeeper_witness_compiled


def enter() -> dict[Any, Any]:
    """Begin a call of compiled code: what is traced from now on is noted in what is returned."""
    now: dict[Any, Any] = {}
    here.traces.append(now)
    return now


def leave(codes: Codes, now: dict[Any, Any], args: Any, kwargs: Any, result: Any) -> None:
    """End such a call. :param result: what it returned, None where it raised."""
    here.traces.pop()
    if result is None:
        return
    try:
        if not (now or codes.any):
            if jax_outputs.trained[0] and not codes.untold and not here.traces and not here.busy:
                with ours():
                    codes.untold = not jax_outputs.took(id(codes), codes.name, args, result, sys._getframe(2))
            return
        codes.any = True
        code = codes.of(args, kwargs)
        if now:
            code.traced(now)
        if code.found:
            jax_outputs.trained[0] += 1
            _called(code, now, result)
            if not here.traces and not is_traced(result):
                with ours_at_length():
                    compiled_results.took(codes, result, sys._getframe(2))
    except Exception as error:
        trouble("jax", error)


def _called(code: Code, now: dict[Any, Any], result: Any) -> None:
    if here.traces or code.returns or code.mixed or (now and is_traced(result)):
        _ran(code.found, None if code.mixed and not now else 1, result, 4)
        return
    code.called()
    if is_due():
        with ours():
            tell_due()


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
    found = now if times is _nobody_knows else _of_body(now, (*args, *kwargs.values()))
    if found:
        _ran(found, times(*args, **kwargs), result)


def _of_body(now: dict[Any, Any], given: Any) -> dict[Any, Any]:
    """Return what the body of a loop runs, noted now or when it was traced; the body is the first function given."""
    body = next((each for each in given if callable(each)), None)
    try:
        if now:
            _bodies[body] = now
        return now or _bodies.get(body, now)
    except TypeError:  # it has no hash, or nothing weak leads to it
        return now


def _leading(f: Any, xs: Any, *, batch_size: Any = None) -> int | None:
    return None if batch_size else _length(f, None, xs)


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


def _ran(found: dict[Any, Any], times: int | None, result: Any, depth: int = 3) -> None:
    """Count what ran, or note it in the trace that this one is part of.

    :param depth: how many frames above this one the call of the compiled function or the loop stands.
    """
    if here.traces:
        frame = sys._getframe(depth)
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
