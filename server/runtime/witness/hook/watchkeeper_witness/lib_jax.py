"""JAX: gradients that the person's own code has derived, for loops written by hand around `jax.grad`.

How often a derived function ran is not known: inside compiled code it is traced once.
"""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import functools
import sys
from typing import Any

from . import clock as time
from . import places
from .calls import MARK, pickled_from
from .more import is_due, tell_due
from .replaced import watch
from .state import here, next_number, ours, state
from .trouble import trouble

_NAMES = ("grad", "value_and_grad")


class Gradients:
    """What was derived at one place."""

    def __init__(self, name: str, where: str) -> None:
        self.id = next_number("steps")
        self.name, self.where = name, where
        self.count = self.told = 0
        self.first_at = time.time()

    def tell(self) -> None:
        if self.told == self.count:
            return
        self.told = self.count
        facts = {
            "id": self.id,
            "library": "jax",
            "class": f"jax.{self.name}",
            "steps": self.count,
            "traced": True,
            "first_at": round(self.first_at, 3),
        }
        state.writer.tell("steps", self.where, facts)


def jax(module: Any) -> list[str]:
    """Count the calls of `jax.grad` and `jax.value_and_grad` by the person's own code."""
    done = []
    for name in _NAMES:
        function = getattr(module, name, None)
        if callable(function) and not hasattr(function, MARK):
            counted = _counted(function, name)
            pickled_from(module, counted)
            setattr(module, name, counted)
            watch(module, name, counted)
            done.append(f"jax.{name}")
    return done


def _counted(function: Any, name: str) -> Any:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        frame = sys._getframe(1)
        if state.writer is not None and not here.busy and places.is_persons(frame):
            _take(name, frame)
        return function(*args, **kwargs)

    setattr(call, MARK, True)
    return call


def _take(name: str, frame: Any) -> None:
    try:
        with ours():
            where = places.where(frame)
            key = ("steps", name, where)
            seen = state.cumulative.get(key)
            if seen is None:
                seen = state.cumulative[key] = Gradients(name, where)
            seen.count += 1
            if is_due():
                tell_due()
    except Exception as error:
        trouble("jax", error)
