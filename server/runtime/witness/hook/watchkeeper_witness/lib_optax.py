"""optax: updates of every optimiser that is made by its functions. Inside compiled code an update is only traced."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import functools
import sys
from typing import Any

from . import clock as time
from . import places
from .calls import MARK
from .more import is_due, tell_due
from .plain import plain_all
from .state import here, next_number, numpy, ours, state
from .trouble import trouble
from .writer import cpu_s

_MAKERS = (
    "adam", "adamw", "sgd", "rmsprop", "adagrad", "adadelta", "adafactor", "adamax", "lamb", "lars", "lion", "nadam",
    "nadamw", "noisy_sgd", "novograd", "radam", "sm3", "yogi", "chain", "lbfgs", "amsgrad", "fromage", "rprop",
)  # fmt: skip
_MOST_LEAVES, _MOST_NUMBERS = 8, 64
"""Of the weights so many tensors are looked at, and so many numbers of each."""
_LEAST_CALLS = 16


class Applied:
    """The calls of `optax.apply_updates` in this process: to which weights were updates added?"""

    def __init__(self) -> None:
        self.count = 0
        self.begun: list[bytes] | None = None
        self.moved: bool | None = None
        """Whether the weights of a later call were others than those of the first; None where nobody could see."""

    def take(self, params: Any) -> None:
        """Look at the weights at the first call, and at the 16th, 32nd, 64th …; inside compiled code there are none."""
        self.count += 1
        again = self.count >= _LEAST_CALLS and not self.count & (self.count - 1)
        if self.count == 1:
            self.begun = _sample(params)
        elif again and self.begun is not None and not self.moved:
            now = _sample(params)
            self.moved = None if now is None else now != self.begun

    def told(self) -> dict[str, Any]:
        """Return what is told of them; nothing where another library may have added them."""
        return {} if "equinox" in sys.modules else {"applied": self.count, "params_moved": self.moved}


_applied = Applied()


class Updates:
    """The calls of one optimiser's `update`."""

    def __init__(self, name: str, given: dict[str, Any]) -> None:
        self.id = next_number("steps")
        self.name, self.given, self.where = name, given, ""
        self.count = self.told = 0
        self.traced = False
        self.first_at = 0.0
        self.begun, self.cpu_began = time.perf_counter(), cpu_s()
        self.numbers = self.tensors = 0

    def take(self, updates: Any, frame: Any) -> None:
        self.count += 1
        if self.count == 1:
            self.first_at, self.where = time.time(), places.where(frame)
            leaves = _leaves(updates)
            self.tensors = len(leaves)
            self.numbers = sum(int(getattr(each, "size", 0)) for each in leaves)
            self.traced = any("Tracer" in type(each).__name__ for each in leaves)

    def tell(self) -> None:
        if self.told == self.count:
            return
        self.told = self.count
        facts = {
            "id": self.id,
            "library": "optax",
            "class": f"optax.{self.name}",
            "steps": self.count,
            "traced": self.traced,
            "first_at": round(self.first_at, 3),
            "wall_s": round(time.perf_counter() - self.begun, 3),
            "cpu_s": round(cpu_s() - self.cpu_began, 2),
            "params": self.given,
            "numbers": self.numbers,
            "tensors": self.tensors,
            **_applied.told(),
        }
        state.writer.tell("steps", self.where, facts)


def optax(module: Any) -> list[str]:
    """Wrap the functions that make optimisers."""
    done = []
    for name in _MAKERS:
        maker = getattr(module, name, None)
        if callable(maker) and not hasattr(maker, MARK):
            setattr(module, name, _making(maker, name))
            done.append(f"optax.{name}")
    apply = getattr(module, "apply_updates", None)
    if callable(apply) and not hasattr(apply, MARK):
        module.apply_updates = _applying(apply)
        done.append("optax.apply_updates")
    return done


def _applying(apply: Any) -> Any:
    @functools.wraps(apply)
    def call(params: Any, *args: Any, **kwargs: Any) -> Any:
        if state.writer is not None and not here.busy:
            try:
                with ours():
                    _applied.take(params)
            except Exception as error:
                trouble("optax", error)
        return apply(params, *args, **kwargs)

    setattr(call, MARK, True)
    return call


def _sample(params: Any) -> list[bytes] | None:
    np, leaves = numpy(), _leaves(params)[:_MOST_LEAVES]
    if np is None or any("Tracer" in type(each).__name__ for each in leaves):
        return None
    return [np.asarray(each.reshape(-1)[:_MOST_NUMBERS]).tobytes() for each in leaves if hasattr(each, "reshape")]


def _making(maker: Any, name: str) -> Any:
    @functools.wraps(maker)
    def call(*args: Any, **kwargs: Any) -> Any:
        made = maker(*args, **kwargs)
        try:
            given = {f"args[{i}]": each for i, each in enumerate(args)}
            return made._replace(update=_counting(made.update, Updates(name, plain_all({**given, **kwargs}))))
        except Exception as error:
            trouble("optax", error)
            return made

    setattr(call, MARK, True)
    return call


def _counting(update: Any, seen: Updates) -> Any:
    @functools.wraps(update)
    def call(updates: Any, *args: Any, **kwargs: Any) -> Any:
        outermost = state.writer is not None and not getattr(here, "updating", False)
        if not outermost:
            return update(updates, *args, **kwargs)
        _counted(seen, updates, sys._getframe(1))
        here.updating = True
        try:
            return update(updates, *args, **kwargs)
        finally:
            here.updating = False

    return call


def _counted(seen: Updates, updates: Any, frame: Any) -> None:
    try:
        with ours():
            state.cumulative.setdefault(("steps", id(seen)), seen)
            seen.take(updates, frame)
            if is_due():
                tell_due()
    except Exception as error:
        trouble("optax", error)


def _leaves(tree: Any) -> list[Any]:
    jax = sys.modules.get("jax")
    return list(jax.tree_util.tree_leaves(tree)) if jax is not None else []
