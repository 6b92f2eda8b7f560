"""JAX: gradients that the person's own code has derived, for loops written by hand around `jax.grad`.

Each evaluation counts; of those inside compiled code `compiled` knows how often they ran, or nobody does.
"""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import contextlib
import functools
import sys
from typing import Any

from . import clock as time
from . import loss_names, optax_handed_on, places
from .calls import MARK, pickled_from
from .compiled import compiling, noted, settle
from .more import is_due, tell_due
from .replaced import watch
from .state import can_afford, here, next_number, ours, state
from .trouble import trouble

_NAMES = ("grad", "value_and_grad")


class Gradients:
    """What was derived at one place."""

    def __init__(self, name: str, where: str, made_by: dict[str, Any]) -> None:
        self.id = next_number("steps")
        self.name, self.where, self.made_by = name, where, made_by
        self.count = self.derived = self.told = 0
        self.traced = self.compiled = False
        self.first_at = time.time()

    def evaluated(self, frame: Any, values: Any) -> None:
        """Count an evaluation, if it is one and is not only traced."""
        if not noted(self, frame, values):
            self.count += 1

    def ran(self, times: int | None, _: Any) -> None:
        """Count what ran compiled; None where nobody knows how often."""
        self.traced, self.compiled = self.traced or times is None, True
        self.count += 1 if times is None else times

    def tell(self) -> None:
        settle()
        if self.told == self.count + self.derived:
            return
        self.told = self.count + self.derived
        known = self.count and not self.traced
        facts = {
            "id": self.id,
            "library": "jax",
            "class": f"jax.{self.name}",
            "steps": self.count if known else max(self.count, self.derived),
            "traced": not known,
            **({"compiled": True} if self.compiled else {}),
            "first_at": round(self.first_at, 3),
            **self.made_by,
        }
        state.writer.tell("steps", self.where, facts)


def jax(module: Any) -> list[str]:
    """Count the evaluations of what `jax.grad` and `jax.value_and_grad` derive for the person's own code."""
    done = compiling(module)
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
        made = function(*args, **kwargs)
        if state.writer is not None and not here.busy and places.is_persons(frame) and args:
            return _take(made, name, frame, args[0], _place_of(name, kwargs))
        return made

    setattr(call, MARK, True)
    return call


def _place_of(name: str, kwargs: Any) -> int | None:
    """Return where in what a derived function returns its gradients stand; None where they are all of it."""
    return 1 if name == "value_and_grad" else 0 if kwargs.get("has_aux") else None


def _take(made: Any, name: str, frame: Any, function: Any, at: int | None) -> Any:
    """Return what was derived, with its evaluations counted."""
    try:
        with ours():
            where = places.where(frame)
            key = ("steps", name, where)
            seen = state.cumulative.get(key)
            if seen is None:
                seen = state.cumulative[key] = Gradients(name, where, loss_names.told(function))
            seen.derived += 1
            if is_due():
                tell_due()
            return _evaluating(made, key, at)
    except Exception as error:
        trouble("jax", error)
        return made


def _evaluating(made: Any, key: Any, at: int | None) -> Any:
    """Return a derived function whose evaluations are counted. It names nothing of this module (`calls`)."""

    @functools.wraps(made)
    def watchkeeper_witness_gradient(*args: Any, **kwargs: Any) -> Any:
        try:
            from watchkeeper_witness.lib_jax import evaluated, returned

            evaluated(key, args)
        except Exception:
            return made(*args, **kwargs)
        result = made(*args, **kwargs)
        returned(result, at)
        return result

    return watchkeeper_witness_gradient


def returned(result: Any, at: int | None) -> None:
    """Note the gradients that a derived function returned, which an optimiser may be given now."""
    if state.writer is None or here.busy or not can_afford():
        return
    with contextlib.suppress(Exception), ours():
        found = result if at is None else result[at]
        optax_handed_on.returned("gradients", list(sys.modules["jax"].tree_util.tree_leaves(found)))


def evaluated(key: Any, values: Any) -> None:
    """Count an evaluation of what was derived at a place."""
    seen = state.cumulative.get(key)
    if seen is None or state.writer is None or here.busy:
        return
    try:
        seen.evaluated(sys._getframe(2), values)
    except Exception as error:
        trouble("jax", error)
