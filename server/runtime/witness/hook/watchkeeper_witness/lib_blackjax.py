"""BlackJAX where it is called by hand: its steps, and the draws that compiled code around them returned."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import functools
import sys
from typing import Any

from . import clock as time
from . import places
from .calls import MARK, Call, known, wrapped
from .captured import of_call
from .compiled import noted
from .draws import chains
from .more import tell_each
from .plain import arguments, plain, plain_all
from .state import can_afford, here, next_number, numpy, ours, ours_at_length, reserved, state
from .trouble import trouble
from .writer import cpu_s

_ADAPTATIONS = (
    "window_adaptation",
    "pathfinder_adaptation",
    "chees_adaptation",
    "meads_adaptation",
    "mclmc_adaptation",
)
_MOST_NUMBERS = 1 << 22
_MOST_VARIABLES = 60
_MOST_PARTS = 64
_tuned: dict[str, Any] = {}
"""Steps of the latest adaptation in this process."""


def blackjax(module: Any) -> list[str]:
    """Have each algorithm's `step` count its calls; inside compiled code it is called once, to be traced."""
    done = []
    for name, maker in list(vars(module).items()):
        if type(maker).__name__ == "GenerateSamplingAPI" and callable(maker):
            setattr(module, name, _Maker(maker, name))
            done.append(f"blackjax.{name}")
    for name in _ADAPTATIONS:
        maker = getattr(module, name, None)
        if callable(maker) and not hasattr(maker, MARK):
            setattr(module, name, _adapting(maker))
            done.append(f"blackjax.{name}")
    return done


def _adapting(maker: Any) -> Any:
    """Have the steps of an adaptation told with the sampling after it, also where it is compiled."""

    @functools.wraps(maker)
    def call(*args: Any, **kwargs: Any) -> Any:
        made = maker(*args, **kwargs)
        try:
            run = made.run

            @functools.wraps(run)
            def tuned(*args: Any, **kwargs: Any) -> Any:
                _tuned["steps"] = plain(arguments(run, args, kwargs).get("num_steps"))
                return run(*args, **kwargs)

            return made._replace(run=tuned)
        except Exception as error:
            trouble("blackjax", error)
            return made

    setattr(call, MARK, True)
    return call


class _Maker:
    """One of BlackJAX's algorithms, which tells what is made of it."""

    def __init__(self, maker: Any, name: str) -> None:
        self._maker, self._name = maker, name
        functools.update_wrapper(self, maker, updated=())

    def __getattr__(self, name: str) -> Any:
        if "_maker" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self._maker, name)

    def __reduce__(self) -> str:
        """Be pickled by the name in the module: where there is no witness that is the library's own."""
        return self._name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        made = self._maker(*args, **kwargs)
        try:
            steps = _Steps(self._name, plain_all(kwargs), _at_hand(args, kwargs))
            return made._replace(step=_noting(wrapped(made.step, f"blackjax_{self._name}"), steps))
        except Exception as error:
            trouble("blackjax", error)
            return made
        finally:
            _known_step(self._name, {**plain_all(kwargs)})


def _at_hand(args: Any, kwargs: Any) -> dict[str, Any]:
    """Return the data that the log density has at its hand."""
    density = kwargs.get("logdensity_fn", args[0] if args else None)
    try:
        with ours():
            return of_call(density) if callable(density) else {}
    except Exception as error:
        trouble("blackjax", error)
        return {}


def _noting(step: Any, steps: _Steps) -> Any:
    @functools.wraps(step)
    def call(*args: Any, **kwargs: Any) -> Any:
        if state.writer is not None and not here.busy and here.traces:
            try:
                steps.where = steps.where or places.where(sys._getframe(1))
                noted(steps, sys._getframe(1), args)
            except Exception as error:
                trouble("blackjax", error)
        return step(*args, **kwargs)

    return call


class _Steps:
    """The steps of one sampler inside of compiled code."""

    returns = True

    def __init__(self, name: str, given: dict[str, Any], data: dict[str, Any]) -> None:
        self.name, self.given, self.data, self.where = name, given, data, ""
        self.begun, self.cpu_began = time.perf_counter(), cpu_s()

    def ran(self, times: int | None, result: Any) -> None:
        """Tell the draws that compiled code returned which made so many steps; one alone is no chain."""
        if times is None or times < 2 or result is None:
            return
        with ours_at_length():
            with reserved(f"draws at {self.where}"):
                chain, variables = _returned(result, times) if can_afford() else (None, {})
            facts = {
                "id": next_number("fit"),
                "library": "blackjax",
                "call": f"blackjax.{self.name}.step",
                "method": "mcmc",
                "sampler": "blackjax",
                "steps": [self.name],
                "arguments": self.given,
                **self.data,
                "compiled": True,
                "tune": _tuned.get("steps"),
                "draws": times,
                "chains": chain,
                "variables": variables,
                "wall_s": round(time.perf_counter() - self.begun, 3),
                "cpu_s": round(cpu_s() - self.cpu_began, 2),
            }
            self.begun, self.cpu_began = time.perf_counter(), cpu_s()
            tell_each("sampling", facts["call"], self.where, facts)


def _returned(result: Any, draws: int) -> tuple[int | None, dict[str, Any]]:
    """Return how many chains there are among some arrays, and those that hold so many draws, chain by chain.

    Which dimension is the chain, a figure of one number a draw tells: (draws), (chains, draws) or (draws, chains).
    Vectors are told by their parts as well, which may get names of their own.
    """
    np, leaves = numpy(), sys.modules["jax"].tree_util.tree_flatten_with_path(result)[0]
    known = [(_name(path), leaf) for path, leaf in leaves if draws in tuple(getattr(leaf, "shape", ()))[:2]]
    known = [(name, leaf) for name, leaf in known if leaf.size <= _MOST_NUMBERS][:_MOST_VARIABLES]
    if np is None or not known:
        return None, {}
    least = min((leaf.shape for _, leaf in known), key=len)
    found: dict[str, Any] = {}
    for name, leaf in known:
        array = _by_chain(np, np.asarray(leaf), least, draws)
        if array is None:
            continue
        found[_free(name, found)] = chains(array)
        flat = array.reshape(*array.shape[:2], -1)
        for part in range(flat.shape[2]) if 1 < flat.shape[2] <= _MOST_PARTS else ():
            found[_free(f"{name}[{part}]", found)] = chains(np.ascontiguousarray(flat[:, :, part]))
    return (1 if len(least) == 1 else int(least[1] if least[0] == draws else least[0])), found


def _by_chain(np: Any, array: Any, least: Any, draws: int) -> Any:
    """Return an array with the chain as its first dimension; None of one that is laid out otherwise."""
    if len(least) == 1:
        return array[None] if array.shape[0] == draws else None
    if least[0] == draws:
        return np.moveaxis(array, 1, 0) if array.ndim > 1 and array.shape[0] == draws else None
    return array if array.ndim > 1 and array.shape[1] == draws else None


def _name(path: Any) -> str:
    last = path[-1] if path else ""
    return str(getattr(last, "key", getattr(last, "name", getattr(last, "idx", "")))) or "draws"


def _free(name: str, taken: Any) -> str:
    """Return the name, with a number behind it where another one is called so."""
    every = (name, *(f"{name}.{number}" for number in range(1, _MOST_VARIABLES * _MOST_PARTS)))
    return next(each for each in every if each not in taken)


def _known_step(name: str, given: dict[str, Any]) -> None:
    def told(call: Call, result: Any, raised: Any) -> Any:
        facts = {
            "library": "blackjax",
            "call": f"blackjax.{name}.step",
            "method": "mcmc",
            "sampler": "blackjax",
            "steps": [name],
            "arguments": given,
        }
        traced = any("Tracer" in type(each).__name__ for each in call.args)
        return "sampling", facts["call"], {"id": next_number("fit"), **facts, "traced": traced, **call.notes}

    known(f"blackjax_{name}", told)
