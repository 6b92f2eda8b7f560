"""emcee: every run of an ensemble sampler, with all that it holds afterwards."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import types
from typing import Any

from .calls import MARK, Call, known, wrapped
from .draws import MOST_CHAINS
from .fingerprint import fp
from .objects import number_of
from .plain import arguments, plain, plain_all
from .state import next_number, numpy


def emcee(module: Any) -> list[str]:
    """Wrap `run_mcmc`, and `sample` where the person iterates over that."""
    cls = module.EnsembleSampler
    for name, key in (("run_mcmc", "emcee_run"), ("sample", "emcee_sample")):
        method = cls.__dict__.get(name)
        if isinstance(method, types.FunctionType) and not hasattr(method, MARK):
            setattr(cls, name, wrapped(method, key))
    return ["emcee.EnsembleSampler.run_mcmc", "emcee.EnsembleSampler.sample"]


def told_run(call: Call, result: Any, raised: Any) -> tuple[str, str, dict[str, Any]] | None:
    """Tell a run. `sample` returns at once and is told as what was asked for."""
    sampler = call.args[0]
    name = call.function.__name__
    given = arguments(call.function, call.args, call.kwargs)
    facts: dict[str, Any] = {
        "id": next_number("fit"),
        "object": number_of(sampler),
        "library": "emcee",
        "call": f"emcee.EnsembleSampler.{name}",
        "method": "ensemble",
        "sampler": "emcee",
        "steps": [type(each).__name__ for each in getattr(sampler, "_moves", ())][:8],
        "arguments": plain_all({k: v for k, v in given.items() if k not in ("initial_state", "kwargs")}),
        "observed": {},
        "free": {},
        "numbers": plain(getattr(sampler, "ndim", None)),
        **call.notes,
    }
    if name == "run_mcmc":
        facts.update(_held(sampler))
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
    }


known("emcee_run", told_run, "emcee")
known("emcee_sample", told_run)
