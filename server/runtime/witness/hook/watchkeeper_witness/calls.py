"""Wraps what samples, fits and predicts: the outermost call of a thread is told, with what it took and what came back.

A wrapped function names nothing of this module but by an import inside itself: so a class of a script that carries one
can be pickled by value, and works in a process without a witness.
"""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable
from typing import Any

from . import clock as time
from . import places
from .more import tell_each
from .replaced import MARK, watch
from .state import here, ours, ours_at_length, reserved, state
from .trouble import trouble
from .writer import cpu_s

_about: dict[str, tuple[Callable[..., Any], bool, str]] = {}
_before: dict[str, Callable[..., Any]] = {}


class Call:
    """One outermost call that goes on."""

    __slots__ = ("args", "begun", "cpu_began", "function", "going", "inside", "key", "kwargs", "notes", "where")

    def __init__(self, key: str, function: Any, args: Any, kwargs: Any, where: str) -> None:
        self.key, self.function, self.args, self.kwargs, self.where = key, function, args, kwargs, where
        self.inside: dict[str, int] = {}
        self.going = {id(args[0])} if args else set()
        """What is at work now: a fit that calls the fit of its base class is one fit."""
        self.notes: dict[str, Any] = {}
        """What the libraries below it said on the way."""
        self.begun, self.cpu_began = time.perf_counter(), cpu_s()

    def make(self, function: Any, args: Any, kwargs: Any) -> Any:
        """Make the call itself, and tell it when it is over, however it ends."""
        about, clear, _ = _about[self.key]
        if not clear:
            here.calls.append(self)
            state.open_calls.append(self)
        if self.key in _before:
            _begun(self)
        result: Any = None
        raised: Any = None
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            raised = error
            raise
        finally:
            if not clear:
                here.calls.remove(self)
                state.open_calls.remove(self)
            _told(self, about, result, raised)
        return result

    def within(self, counts_as: str, function: Any, args: Any, kwargs: Any) -> Any:
        """Make a call inside this one, and count it unless it is of an object that is at work already."""
        whose = id(args[0]) if args else 0
        if whose in self.going:
            return function(*args, **kwargs)
        name = type(args[0]).__name__ if counts_as == "class" and args else counts_as
        self.inside[name] = self.inside.get(name, 0) + 1
        self.going.add(whose)
        try:
            return function(*args, **kwargs)
        finally:
            self.going.discard(whose)

    def took(self) -> dict[str, float]:
        """Return wall and CPU seconds so far."""
        return {"wall_s": round(time.perf_counter() - self.begun, 4), "cpu_s": round(cpu_s() - self.cpu_began, 2)}


def known(key: str, about: Callable[[Call, Any, Any], Any], counts_as: str = "", *, clear: bool = False) -> None:
    """Say what is told of the calls under a key.

    :param about: is given the call, its result and the exception; returns (kind, class, facts), or None.
    :param counts_as: how a call inside another one is counted there; `class` for the class of its first argument.
    :param clear: whether calls inside it are told on their own (they are the person's).
    """
    _about[key] = (about, clear, counts_as)


def known_before(key: str, about: Callable[[Call], dict[str, Any] | None]) -> None:
    """Say what is told of the calls under a key when they begin: those that may last longer than anybody waits."""
    _before[key] = about


def _begun(call: Call) -> None:
    try:
        with ours_at_length():
            facts = _before[call.key](call)
            if facts is not None:
                tell_each("begun", facts["call"], call.where, facts)
    except Exception as error:
        trouble(call.key, error)


def wrapped(function: Any, key: str) -> Any:
    """Return the function, told under a key. A function that is wrapped already is returned as it is."""
    if hasattr(function, MARK):
        return function

    @functools.wraps(function)
    def watchkeeper_witness_call(*args: Any, **kwargs: Any) -> Any:
        try:
            from watchkeeper_witness import plan  # see above

            call = plan(key, function, args, kwargs)
        except Exception:
            call = None
        return function(*args, **kwargs) if call is None else call(function, args, kwargs)

    setattr(watchkeeper_witness_call, MARK, True)
    return watchkeeper_witness_call


def plan(key: str, function: Any, args: Any, kwargs: Any) -> Any:
    """Return what makes the call: one that tells it, one that counts it inside another, or None for nothing of both."""
    if state.writer is None or here.busy or key not in _about:
        return None
    try:
        counts_as = _about[key][2]
        outer = _outer(sys._getframe(2))
        if outer is not None:
            return functools.partial(outer.within, counts_as) if counts_as else None
        with ours():
            return Call(key, function, args, kwargs, places.where(sys._getframe(2))).make
    except Exception as error:
        trouble(key, error)
        return None


def _outer(frame: Any) -> Any:
    """Return the call that this one happens in. A thread of a library works for the call that goes on elsewhere."""
    if here.calls:
        return here.calls[-1]
    if state.open_calls and threading.current_thread() is not threading.main_thread() and not places.where(frame):
        return state.open_calls[-1]
    return None


def _told(call: Call, about: Any, result: Any, raised: Any) -> None:
    try:
        with ours_at_length():
            call.notes.update(call.took())
            with reserved(f"calls of {call.key} at {call.where}"):
                found = about(call, result, raised)
            if found is None:
                return
            kind, name, facts = found
            if raised is not None:
                facts["raised"] = type(raised).__name__
            if call.inside:
                facts["inside"] = dict(list(call.inside.items())[:40])
            tell_each(kind, name, call.where, facts)
    except Exception as error:
        trouble(call.key, error)


def note(**facts: Any) -> None:
    """Add facts to the outermost call of this thread, from a library below it."""
    if here.calls:
        here.calls[-1].notes.update(facts)


def replace(module: Any, name: str, key: str, top: str = "") -> bool:
    """Put the wrapped function in the place of a module's, also where the library's other modules hold it.

    :param top: the library's top package, whose modules are looked through; empty for this module only.
    """
    function = getattr(module, name, None)
    if function is None or hasattr(function, MARK) or not callable(function):
        return False
    ours_now = wrapped(function, key)
    if not top:
        pickled_from(module, ours_now)
    for other in _modules(top):
        if vars(other).get(name) is function:
            setattr(other, name, ours_now)
    setattr(module, name, ours_now)
    watch(module, name, ours_now)
    return True


def pickled_from(module: Any, function: Any) -> None:
    """Have a function of ours pickled by its name in a module: where it was defined stands the library's own."""
    function.__module__ = module.__name__


def _modules(top: str) -> Any:
    if not top:
        return []
    return [
        one
        for each, one in list(sys.modules.items())
        if one is not None and (each == top or each.startswith(f"{top}."))
    ]
