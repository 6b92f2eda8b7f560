"""optax: updates of every optimiser that is made by its functions. Inside compiled code an update is only traced."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import contextlib
import functools
import os
import sys
from typing import Any

from . import clock as time
from . import loaded, optax_handed_on, places
from .calls import MARK, pickled_from
from .compiled import noted, settle
from .more import is_due, tell_due
from .plain import plain_all
from .state import here, next_number, numpy, ours, ours_at_length, state
from .trouble import trouble
from .writer import cpu_s

_MAKERS = (
    "adam", "adamw", "sgd", "rmsprop", "adagrad", "adadelta", "adafactor", "adamax", "lamb", "lars", "lion", "nadam",
    "nadamw", "noisy_sgd", "novograd", "radam", "sm3", "yogi", "chain", "lbfgs", "amsgrad", "fromage", "rprop",
)  # fmt: skip
_MOST_WHOLE = 1 << 22
"""Weights of so many numbers are looked at whole."""
_MOST_LEAVES, _MOST_NUMBERS = 8, 64
"""Of more so many tensors, and so many numbers of each: that these stay says nothing of the rest, as one may freeze."""
_LEAST_CALLS = 16


class Applied:
    """The calls of `optax.apply_updates` in this process: to which weights were updates added?"""

    def __init__(self) -> None:
        self.count = 0
        self.begun: tuple[list[int], bool] | None = None
        self.moved: bool | None = None
        """Whether the weights of a later call were others than those of the first; None where nobody could see."""

    def take(self) -> bool:
        """Count a call; return whether to look at its weights: those of the first, the 16th, 32nd, 64th …"""
        self.count += 1
        again = self.count >= _LEAST_CALLS and not self.count & (self.count - 1)
        return self.count == 1 or (again and self.begun is not None and not self.moved)

    def look(self, params: Any) -> None:
        """Look at the weights of a call; inside compiled code there are none."""
        now = _sample(params)
        if self.count == 1:
            self.begun = now
        elif now is None or self.begun is None:
            self.moved = None
        else:
            self.moved = True if now[0] != self.begun[0] else (False if now[1] else None)

    def told(self) -> dict[str, Any]:
        """Return what is told of them; nothing where another library may have added them."""
        return {} if "equinox" in sys.modules else {"applied": self.count, "params_moved": self.moved}


_applied = Applied()
_updates, _gradients = optax_handed_on.HandedOn("updates"), optax_handed_on.HandedOn("gradients")


class Updates:
    """The calls of one optimiser's `update`."""

    def __init__(self, key: str, name: str, given: dict[str, Any]) -> None:
        self.id = next_number("steps")
        self.key, self.name, self.given, self.where = key, name, given, ""
        self.count = self.told = 0
        self.traced = False
        """Whether some ran inside of compiled code of which nobody knows how often it ran."""
        self.compiled = False
        self.first_at = 0.0
        self.begun, self.cpu_began = time.perf_counter(), cpu_s()
        self.numbers = self.tensors = 0

    def take(self, updates: Any, frame: Any) -> None:
        if not self.first_at:
            self.first_at, self.where = time.time(), places.where(frame)
            leaves = _leaves(updates)
            self.tensors = len(leaves)
            self.numbers = sum(int(getattr(each, "size", 0)) for each in leaves)
        if not noted(self, frame, updates):
            self.count += 1

    def ran(self, times: int | None, _: Any) -> None:
        """Count what ran compiled; None where nobody knows how often."""
        self.traced, self.compiled = self.traced or times is None, True
        self.count += 1 if times is None else times

    def tell(self) -> None:
        settle()
        if self.told == self.count:
            return
        self.told = self.count
        facts = {
            "id": self.id,
            "library": "optax",
            "class": f"optax.{self.name}",
            "steps": self.count,
            "traced": self.traced,
            **({"compiled": True} if self.compiled else {}),
            "first_at": round(self.first_at, 3),
            "wall_s": round(time.perf_counter() - self.begun, 3),
            "cpu_s": round(cpu_s() - self.cpu_began, 2),
            "params": self.given,
            "numbers": self.numbers,
            "tensors": self.tensors,
            **_applied.told(),
            **_updates.told(),
            **_gradients.told(),
            **_begun_with.get(self.key, _begun_with.get(_LATEST, {})),
        }
        state.writer.tell("steps", self.where, facts)


def optax(module: Any) -> list[str]:
    """Wrap the functions that make optimisers."""
    done = []
    for name in _MAKERS:
        maker = getattr(module, name, None)
        if callable(maker) and not hasattr(maker, MARK):
            setattr(module, name, _making(maker, name))
            pickled_from(module, getattr(module, name))
            done.append(f"optax.{name}")
    apply = getattr(module, "apply_updates", None)
    if callable(apply) and not hasattr(apply, MARK):
        module.apply_updates = _applying(apply)
        pickled_from(module, module.apply_updates)
        done.append("optax.apply_updates")
    return done


def _applying(apply: Any) -> Any:
    @functools.wraps(apply)
    def call(params: Any, *args: Any, **kwargs: Any) -> Any:
        if state.writer is not None and not here.busy:
            try:
                if _applied.take():
                    with ours_at_length():
                        _applied.look(params)
                if "updates" in here.returned:
                    with ours():
                        _updates.compare(_leaves(args[0] if args else kwargs.get("updates")), sys._getframe(1))
            except Exception as error:
                trouble("optax", error)
        return apply(params, *args, **kwargs)

    setattr(call, MARK, True)
    return call


def _sample(params: Any) -> tuple[list[int], bool] | None:
    """Return what tells the weights from others, and whether all of them were looked at; None where there are none."""
    np, leaves = numpy(), [each for each in _leaves(params) if hasattr(each, "reshape")]
    if np is None or not leaves or any("Tracer" in type(each).__name__ for each in leaves):
        return None
    if sum(int(each.size) for each in leaves) <= _MOST_WHOLE:
        return [hash(np.asarray(each).tobytes()) for each in leaves], True
    some = leaves[:: -(-len(leaves) // _MOST_LEAVES)]
    return [hash(np.asarray(each.reshape(-1)[:_MOST_NUMBERS]).tobytes()) for each in some], False


def _making(maker: Any, name: str) -> Any:
    @functools.wraps(maker)
    def call(*args: Any, **kwargs: Any) -> Any:
        made = maker(*args, **kwargs)
        try:
            given = {f"args[{i}]": each for i, each in enumerate(args)}
            key = f"{os.getpid()}-{next_number('optax')}"
            update = _counting(made.update, key, name, plain_all({**given, **kwargs}))
            return made._replace(init=_beginning(made.init, key), update=update)
        except Exception as error:
            trouble("optax", error)
            return made

    setattr(call, MARK, True)
    return call


_LATEST = ""
_MOST_BEGUN = 10_000
_begun_with: dict[str, dict[str, Any]] = {}
"""Which files the weights are from that an optimiser was last begun for, by its key; of one that is made anew for each
update, as `inject_hyperparams` does, those of the latest."""


def _beginning(init: Any, key: str) -> Any:
    """Return an `init` of which it is seen whether its weights were read from files; it names nothing of ours."""

    @functools.wraps(init)
    def call(params: Any, *args: Any, **kwargs: Any) -> Any:
        with contextlib.suppress(Exception):
            from watchkeeper_witness.lib_optax import began

            began(key, params)
        return init(params, *args, **kwargs)

    return call


def began(key: str, params: Any) -> None:
    """Look at the weights that an optimiser begins with; inside compiled code there are none."""
    if state.writer is not None and not here.busy:
        with ours_at_length():
            leaves = _leaves(params)
            if not any("Tracer" in type(each).__name__ for each in leaves):
                if len(_begun_with) >= _MOST_BEGUN:
                    _begun_with.clear()
                _begun_with[key] = _begun_with[_LATEST] = loaded.among(leaves)


def _counting(update: Any, key: str, name: str, given: dict[str, Any]) -> Any:
    """Return an update that is counted; as in `calls`, it names nothing of this module, for an optimiser is pickled."""

    @functools.wraps(update)
    def call(updates: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            from watchkeeper_witness.lib_optax import begin

            over = begin(key, name, given, updates)
        except Exception:
            over = None
        result = None
        try:
            result = update(updates, *args, **kwargs)
            return result
        finally:
            if over is not None:
                over(result)

    return call


def begin(key: str, name: str, given: dict[str, Any], updates: Any) -> Any:
    """Count an update that begins, and return what says that it is over; None for one inside of another.

    :param key: the optimiser's, the same wherever it is copied to.
    """
    if state.writer is None or getattr(here, "updating", False):
        return None
    try:
        with ours():
            seen = state.cumulative.get(("steps", key))
            if seen is None:
                seen = state.cumulative["steps", key] = Updates(key, name, given)
            seen.take(updates, sys._getframe(2))
            if "gradients" in here.returned:
                _gradients.compare(_leaves(updates), sys._getframe(2))
            if is_due():
                tell_due()
    except Exception as error:
        trouble("optax", error)
    here.updating = True
    return _over


def _over(result: Any) -> None:
    """End an update. :param result: what it returned, the updates before the state; None where it raised."""
    here.updating = False
    if isinstance(result, tuple):
        with contextlib.suppress(Exception), ours():
            optax_handed_on.returned("updates", _leaves(result[0]))


def _leaves(tree: Any) -> list[Any]:
    jax = sys.modules.get("jax")
    return list(jax.tree_util.tree_leaves(tree)) if jax is not None else []
