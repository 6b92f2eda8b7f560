"""torch: of which layers a module is made, and how often each was called while the module was called once.

A recurrent network calls its cells once a step of its sequence; one that only is called so calls each layer once.
"""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import weakref
from typing import Any

from .state import state

_MOST_MODULES = 12
_MOST_CALLS = 20_000
_LIBRARY = "torch."
_RATES = ("p", "dropout", "drop_prob", "dropout_p", "drop_rate")
_MOST_RATES = 20
_DRAW = frozenset({"bernoulli", "bernoulli_", "rand", "rand_like", "scaled_dot_product_attention", "checkpoint"})
"""With these dropout is written by hand."""


class Walk:
    """The calls inside of one call of a module."""

    def __init__(self) -> None:
        self.calls: dict[int, list[Any]] = {}
        self.left = _MOST_CALLS

    def note(self, module: Any) -> None:
        """Count the call of a part."""
        self.left -= 1
        if self.left > 0:
            self.calls.setdefault(id(module), [type(module), 0])[1] += 1


class Layers:
    """The modules that were looked at, each at its first call in evaluation."""

    def __init__(self) -> None:
        self.known: dict[int, Any] = {}
        self.waiting: list[dict[str, Any]] = []

    def walk(self, module: Any) -> Walk | None:
        """Return what counts the calls inside of a module; None where it is known, or where there are many."""
        before = self.known.get(id(module))
        if len(self.known) >= _MOST_MODULES or (before is not None and before() is module):
            return None
        self.known[id(module)] = weakref.ref(module)
        return Walk()

    def walked(self, module: Any, walk: Walk) -> None:
        """Keep what is told of a module after its call."""
        told: dict[str, list[int]] = {}
        for cls, count in walk.calls.values():
            one = told.setdefault(cls.__name__[:80], [0, 0])
            one[0], one[1] = one[0] + 1, max(one[1], count)
        inside = [each for each in module.modules() if type(each).__module__.startswith(_LIBRARY)]
        owned = {id(one) for each in inside for one in each.parameters(recurse=False)}
        every = [one for one in module.parameters() if one.dim() > 1]
        self.waiting.append(
            {
                "library": "torch",
                "class": type(module).__name__[:80],
                "layers": dict(list(told.items())[:60]),
                "there": sorted({type(each).__name__ for each in inside if each is not module})[:60],
                "matrices": len(every),
                "own_matrices": sum(id(one) not in owned for one in every),
                "cut": walk.left <= 0,
                **_dropped(module),
            }
        )

    def tell(self) -> None:
        """Tell what waits."""
        waiting, self.waiting = self.waiting, []
        for facts in waiting:
            state.writer.tell("layers", "", facts)


def _dropped(module: Any) -> dict[str, Any]:
    """Return which shares its layers drop, and whether code of its own calls what drops some."""
    parts = [*module.modules()]
    every = [getattr(one, name, None) for one in parts for name in _RATES if name != "p" or _drops(one)]
    own = {type(one) for one in parts if not type(one).__module__.startswith(_LIBRARY)}
    known = {name for one in parts for name, _ in one.named_children()}
    told = sorted({round(float(one), 4) for one in every if isinstance(one, (int, float))})[:_MOST_RATES]
    return {"dropouts": told, **({"drops": True} if any(_calls_dropout(one, known) for one in own) else {})}


def _drops(module: Any) -> bool:
    return "Drop" in type(module).__name__


def _calls_dropout(cls: type, parts: set[str]) -> bool:
    """Whether a method names something that drops and is none of the parts, or a function does that it calls."""
    codes = [one.__code__ for name, one in vars(cls).items() if hasattr(one, "__code__") and name != "__init__"]
    names = {name for code in codes for name in code.co_names}
    forward = getattr(cls, "forward", None)
    beside = [getattr(forward, "__globals__", {}).get(name) for name in names]
    names |= {name for one in beside for name in getattr(getattr(one, "__code__", None), "co_names", ())}
    return any("drop" in name.lower() or name in _DRAW for name in names - parts)


def begun(module: Any) -> Walk | None:
    """Return what counts the calls inside of a module that is called in evaluation."""
    return state.cumulative.setdefault(("layers",), Layers()).walk(module)


def ended(module: Any, walk: Walk) -> None:
    """Tell what was counted."""
    state.cumulative[("layers",)].walked(module, walk)
