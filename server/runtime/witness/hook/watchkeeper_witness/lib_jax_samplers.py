"""NumPyro's MCMC, SVI and predictive draws."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import functools
import types
from typing import Any

from . import draws
from .calls import MARK, Call, known, wrapped
from .captured import of_call
from .fingerprint import fp
from .numpyro_priors import heard_run
from .objects import number_of
from .plain import arguments, plain
from .state import next_number, numpy
from .tables import outcome
from .trouble import trouble

Told = Any


def numpyro(module: Any) -> list[str]:
    """Wrap what samples in `numpyro.infer`."""
    wanted = (
        ("MCMC", "run", "numpyro_run"),
        ("SVI", "run", "numpyro_svi"),
        ("Predictive", "__call__", "numpyro_predictive"),
    )
    for cls_name, name, key in wanted:
        cls = getattr(module, cls_name, None)
        method = cls.__dict__.get(name) if cls is not None else None
        if isinstance(method, types.FunctionType) and not hasattr(method, MARK):
            heard = functools.wraps(method)(heard_run(method)) if key == "numpyro_run" else method
            setattr(cls, name, wrapped(heard, key))
    return ["numpyro.infer.MCMC.run", "numpyro.infer.SVI.run", "numpyro.infer.Predictive"]


def told_run(call: Call, result: Any, raised: Any) -> Told:
    """Tell a sampling; its draws are waited for here, as the script would a moment later."""
    mcmc = call.args[0]
    kernel = getattr(mcmc, "sampler", None)
    facts: dict[str, Any] = {
        "id": next_number("fit"),
        "object": number_of(mcmc),
        "library": "numpyro",
        "call": "numpyro.infer.MCMC.run",
        "method": "mcmc",
        "sampler": "numpyro",
        "steps": [type(kernel).__name__],
        "arguments": {
            **{
                n: plain(getattr(mcmc, n, None))
                for n in ("num_warmup", "num_samples", "num_chains", "thinning", "chain_method")
            },
            **{n: plain(getattr(kernel, f"_{n}", None)) for n in ("target_accept_prob", "max_tree_depth", "step_size")},
        },
        "tune": plain(getattr(mcmc, "num_warmup", None)),
        "observed": _data(call),
        **_at_hand(kernel),
    }
    if raised is None:
        np = numpy()
        drawn = mcmc.get_samples(group_by_chain=True)  # a list where a potential was sampled, a name each elsewhere
        named = drawn if hasattr(drawn, "items") else {str(place): each for place, each in enumerate(drawn)}
        samples = {k: np.asarray(v) for k, v in named.items()}
        variables, left_out = draws.of_arrays(samples)
        first = next(iter(samples.values()), None)
        extra = {k: np.asarray(v) for k, v in mcmc.get_extra_fields(group_by_chain=True).items()}
        facts.update(
            {
                "variables": variables,
                "left_out": left_out,
                **draws.parts(samples),
                "free": {k: {"shape": list(v.shape[2:]), **_prior(call, k)} for k, v in samples.items()},
            }
        )
        facts["stats"] = {k: draws.chains(v) for k, v in list(extra.items())[: draws.MOST_STATS] if v.ndim >= 2}
        facts["divergences"] = draws.total(extra.get("diverging"))
        facts.update({"chains": int(first.shape[0]), "draws": int(first.shape[1])} if first is not None else {})
    notes = {k: v for k, v in call.notes.items() if k != "priors"}
    return "sampling", facts["call"], {**facts, **notes, **call.took()}


def _at_hand(kernel: Any) -> dict[str, Any]:
    """Return the data that the model holds beside what it is given."""
    try:
        kernel = getattr(kernel, "inner_kernel", kernel)
        model = getattr(kernel, "model", None) or getattr(kernel, "_potential_fn", None)
        return of_call(model) if model is not None else {}
    except Exception as error:
        trouble("numpyro", error)
        return {}


def _prior(call: Call, name: str) -> dict[str, str]:
    """Return the prior that was heard of a variable; nothing of one that follows from others."""
    prior = call.notes.get("priors", {}).get(name)
    return {"prior": prior} if prior else {}


def _data(call: Call) -> dict[str, Any]:
    """Return what the model was given: the arguments after the random key."""
    given = {f"args[{i}]": each for i, each in enumerate(call.args[2:])}
    given.update({k: v for k, v in call.kwargs.items() if k not in ("rng_key", "extra_fields", "init_params")})
    arrays = {k: v for k, v in given.items() if hasattr(v, "shape")}
    return {k: {"shape": list(v.shape), "data": outcome(v, always=True)} for k, v in list(arrays.items())[:20]}


def told_svi(call: Call, result: Any, raised: Any) -> Told:
    """Tell a variational fit."""
    given = arguments(call.function, call.args, call.kwargs)
    facts = {
        "id": next_number("fit"),
        "library": "numpyro",
        "call": "numpyro.infer.SVI.run",
        "method": "vi",
        "sampler": type(getattr(call.args[0], "guide", None)).__name__,
        "arguments": {"num_steps": plain(given.get("num_steps"))},
        "losses": fp(getattr(result, "losses", None)),
    }
    return "sampling", facts["call"], {**facts, **call.notes}


def told_predictive(call: Call, result: Any, raised: Any) -> Told:
    """Tell predictive draws."""
    shown = dict(list(result.items())[:60]) if isinstance(result, dict) else {}
    np = numpy()
    found = {str(k): [fp(v)] for k, v in shown.items()}
    of_outcomes = {k: np.asarray(v) for k, v in shown.items() if getattr(v, "ndim", 0) == 2}
    facts: dict[str, Any] = {
        "id": next_number("fit"),
        "library": "numpyro",
        "call": "numpyro.infer.Predictive",
        "method": "predictive",
        "variables": found,
        "over": draws.over_draws(of_outcomes, 1),
    }
    return "sampling", facts["call"], {**facts, **call.notes}


known("numpyro_run", told_run, "numpyro")
known("numpyro_svi", told_svi)
known("numpyro_predictive", told_predictive)
