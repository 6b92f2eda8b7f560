"""emcee: every run of an ensemble sampler, with all that it holds afterwards; what was kept of it."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import functools
import sys
import types
from typing import Any

from . import clock as time
from . import places
from .calls import MARK, Call, known, wrapped
from .captured import of_call
from .draws import MOST_CHAINS
from .fingerprint import fp
from .more import tell_each
from .objects import number_of
from .plain import arguments, plain, plain_all
from .state import can_afford, here, next_number, numpy, ours, ours_at_length, state
from .trouble import trouble
from .writer import cpu_s

_MOST_CORRELATED = 1 << 21
"""Numbers of a chain up to which its autocorrelation is computed, by the library's own function."""
_NOT_TOLD = ("initial_state", "kwargs", "self")


def emcee(module: Any) -> list[str]:
    """Wrap `run_mcmc`, `sample` where the person iterates over that, and `get_chain`."""
    cls = module.EnsembleSampler
    for name, wrap in (("run_mcmc", _running), ("sample", _walking), ("get_chain", _keeping)):
        method = cls.__dict__.get(name)
        if isinstance(method, types.FunctionType) and not hasattr(method, MARK):
            setattr(cls, name, wrap(method))
    base = getattr(getattr(module, "backends", None), "Backend", None)
    if base is not None and isinstance(base.__dict__.get("get_chain"), types.FunctionType):
        base.get_chain = _keeping(base.get_chain)
    return ["emcee.EnsembleSampler.run_mcmc", "emcee.EnsembleSampler.sample", "emcee.EnsembleSampler.get_chain"]


def _running(method: Any) -> Any:
    return wrapped(method, "emcee_run")


def _keeping(method: Any) -> Any:
    return wrapped(method, "emcee_kept")


def _walking(sample: Any) -> Any:
    """Return `sample`, a generator, whose steps are counted as they are taken. It names nothing of this module."""

    @functools.wraps(sample)
    def watchkeeper_witness_call(self: Any, *args: Any, **kwargs: Any) -> Any:
        steps = sample(self, *args, **kwargs)
        try:
            from watchkeeper_witness.lib_emcee import begun

            return begun(self, sample, args, kwargs, steps)
        except Exception:
            return steps

    setattr(watchkeeper_witness_call, MARK, True)
    return watchkeeper_witness_call


def begun(sampler: Any, function: Any, args: Any, kwargs: Any, steps: Any) -> Any:
    """Return the steps of a generator, counted; as they are inside of another call that is told."""
    if state.writer is None or here.busy or here.calls:
        return steps
    with ours():
        given = arguments(function, (sampler, *args), kwargs)
        where = places.where(sys._getframe(2))
    return _counted(sampler, given, where, steps)


def _counted(sampler: Any, given: dict[str, Any], where: str, steps: Any) -> Any:
    """Yield each step; tell them when the person's loop is over, however it ended."""
    each = given.get("thin_by") or 1
    taken, wall_s, cpu_began = 0, 0.0, cpu_s()
    try:
        while True:
            began = time.perf_counter()
            try:
                one = next(steps)
            except StopIteration:
                return
            finally:
                wall_s += time.perf_counter() - began
            taken += 1
            yield one
    finally:
        steps.close()
        try:
            if state.writer is not None and taken:
                with ours_at_length():
                    took = {"wall_s": round(wall_s, 4), "cpu_s": round(cpu_s() - cpu_began, 2)}
                    facts = {**_about(sampler, "sample", given), "iterations": taken * int(each), **took}
                    facts.update(_held(sampler) if given.get("store", True) else {"chains": plain(sampler.nwalkers)})
                    tell_each("sampling", facts["call"], where, facts)
        except Exception as error:
            trouble("emcee", error)


def _about(sampler: Any, name: str, given: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": next_number("fit"),
        "object": number_of(sampler),
        "library": "emcee",
        "call": f"emcee.EnsembleSampler.{name}",
        "method": "ensemble",
        "sampler": "emcee",
        "steps": [type(each).__name__ for each in getattr(sampler, "_moves", ())][:8],
        "arguments": plain_all({k: v for k, v in given.items() if k not in _NOT_TOLD}),
        "observed": {},
        "free": {},
        "numbers": plain(getattr(sampler, "ndim", None)),
        **_began_at(given.get("initial_state")),
        **_data(sampler),
    }


def _began_at(state: Any) -> dict[str, Any]:
    """Return what tells the positions of the walkers at the beginning from others; nothing where they go on."""
    np = numpy()
    try:
        coordinates = getattr(state, "coords", state)
        told = fp(np.asarray(coordinates)) if coordinates is not None else None
        return {"began_at": told["sha"]} if told and told.get("sha") else {}
    except Exception as error:
        trouble("emcee", error)
        return {}


def _data(sampler: Any) -> dict[str, Any]:
    """Return the data that the log-probability has at its hand."""
    function = getattr(sampler, "log_prob_fn", None)
    try:
        inside = getattr(function, "f", function)
        return of_call(inside, getattr(function, "args", ()), getattr(function, "kwargs", None))
    except Exception as error:
        trouble("emcee", error)
        return {}


def told_run(call: Call, result: Any, raised: Any) -> tuple[str, str, dict[str, Any]] | None:
    """Tell a run."""
    sampler = call.args[0]
    given = arguments(call.function, call.args, call.kwargs)
    facts = {**_about(sampler, "run_mcmc", given), **call.notes}
    if raised is None:
        facts["iterations"] = plain((given.get("nsteps") or 0) * int(given.get("thin_by") or 1))
    facts.update(_held(sampler) if given.get("store", True) else {"chains": plain(sampler.nwalkers)})
    return "sampling", facts["call"], facts


def _held(sampler: Any) -> dict[str, Any]:
    """Return what the sampler holds since it was made or reset: by dimension the draws of each walker."""
    np = numpy()
    chain = np.asarray(sampler.get_chain())
    walkers = min(chain.shape[1], MOST_CHAINS)
    variables = {str(k): [fp(chain[:, w, k]) for w in range(walkers)] for k in range(min(chain.shape[2], 60))}
    accepted = np.asarray(sampler.acceptance_fraction)
    return {
        "chains": int(chain.shape[1]),
        "draws": int(chain.shape[0]),
        "variables": variables,
        "stats": {"acceptance_fraction": [fp(accepted)]},
        **_correlated(sampler, chain),
    }


def _correlated(sampler: Any, chain: Any) -> dict[str, Any]:
    """Return the longest integrated autocorrelation time, in draws that are held."""
    library = sys.modules.get("emcee.autocorr")
    if library is None or chain.size > _MOST_CORRELATED or len(chain) < 3 or not can_afford():
        return {}
    try:
        times = [float(each) for each in library.integrated_time(chain, tol=0, quiet=True)]
    except Exception:
        return {}
    return {"autocorrelation": plain(max(times))} if times and all(each > 0 for each in times) else {}


def told_kept(call: Call, result: Any, raised: Any) -> tuple[str, str, dict[str, Any]] | None:
    """Tell what was left out of a chain when it was taken."""
    given = {"discard": call.kwargs.get("discard", 0), "thin": call.kwargs.get("thin", 1)}
    if raised is not None or not (given["discard"] or given["thin"] not in (None, 1)):
        return None
    whose = {"object": number_of(call.args[0])} if hasattr(call.args[0], "backend") else {}
    facts = {**whose, "library": "emcee", "call": "get_chain", **plain_all(given), "shape": list(result.shape)}
    return "kept", "emcee", facts


known("emcee_run", told_run, "emcee")
known("emcee_kept", told_kept)
