"""PyMC with all its samplers, variational fits and predictive draws; nutpie called by hand."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import sys
import types
from typing import Any

from . import captured, draws, tempered
from .calls import MARK, Call, known, known_before, note, replace, wrapped
from .fingerprint import fp
from .first_draws import watched
from .objects import fitted, number_of, owner
from .plain import arguments, plain, plain_all
from .state import next_number
from .tables import outcome
from .trouble import trouble

Told = Any
_CALLS = {
    "sample": "pymc_sample", "sample_smc": "pymc_sample", "fit": "pymc_fit",
    "sample_posterior_predictive": "pymc_predictive", "sample_prior_predictive": "pymc_predictive",
    "find_MAP": "pymc_fit",
}  # fmt: skip
_THROUGH_JAX = ("sample_numpyro_nuts", "sample_blackjax_nuts", "sample_jax_nuts")
_SAMPLERS = ("_mp_sample", "_sample_many", "_sample_population")
_MOST_SHOWN = 60
_compiled: dict[int, Any] = {}


def pymc(module: Any) -> list[str]:
    """Wrap what samples."""
    done = [name for name, key in _CALLS.items() if replace(module, name, key, "pymc")]
    mcmc = sys.modules.get("pymc.sampling.mcmc")
    for name in _SAMPLERS:
        function = getattr(mcmc, name, None)
        if function is not None and not hasattr(function, MARK):
            setattr(mcmc, name, _noted(function, name))
    opvi: Any = sys.modules.get("pymc.variational.opvi")
    sample = getattr(getattr(opvi, "Approximation", None), "sample", None)
    if isinstance(sample, types.FunctionType):
        opvi.Approximation.sample = wrapped(sample, "pymc_drawn")
    return [f"pymc.{name}" for name in done]


def through_jax(module: Any) -> list[str]:
    """Wrap PyMC's own ways into NumPyro and BlackJAX, which people call by themselves too."""
    return [f"pymc.{name}" for name in _THROUGH_JAX if replace(module, name, "pymc_sample")]


def nutpie(module: Any) -> list[str]:
    """Wrap nutpie's `sample`, and learn which model it was compiled from."""
    if hasattr(module, "compile_pymc_model"):
        replace(module, "compile_pymc_model", "nutpie_compile", "nutpie")
    return ["nutpie.sample"] * replace(module, "sample", "nutpie_sample", "nutpie")


def _noted(function: Any, name: str) -> Any:
    """Return one of PyMC's own samplers, which says what `pm.sample` made of its arguments."""

    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            step = kwargs.get("step")
            methods = getattr(step, "methods", None) or (step if isinstance(step, (list, tuple)) else [step])
            tune = kwargs.get("tune")
            whole = kwargs.get("draws")
            note(
                sampler="pymc",
                steps=[type(each).__name__ for each in methods][:20],
                effective={
                    "draws": plain(whole - tune if isinstance(whole, int) and isinstance(tune, int) else whole),
                    "tune": plain(tune),
                    "chains": plain(kwargs.get("chains")),
                    "cores": plain(kwargs.get("cores")) if name == "_mp_sample" else 1,
                    "target_accept": plain(getattr(step, "target_accept", None)),
                },
            )
            kwargs = watched(kwargs)
        except Exception as error:
            trouble("pymc", error)
        return function(*args, **kwargs)

    call.__name__ = name
    call.__wrapped__ = function  # pyright: ignore
    setattr(call, MARK, True)
    return call


def begun_sample(call: Call) -> dict[str, Any]:
    """Tell the model, the data and the arguments of a sampling that begins."""
    given = arguments(call.function, call.args, call.kwargs)
    call.notes.update(_model(given.get("model")))
    shown = {k: v for k, v in given.items() if k not in ("callback", "model", "kernel_kwargs")}
    return {
        "library": "pymc",
        "call": f"pymc.{_name(call)}",
        "arguments": plain_all(shown),
        **{key: call.notes[key] for key in ("free", "observed") if key in call.notes},
    }


def told_sample(call: Call, result: Any, raised: Any) -> Told:
    """Tell a sampling by `pm.sample` or `pm.sample_smc`."""
    given = arguments(call.function, call.args, call.kwargs)
    name = _name(call)
    effective = {k: v for k, v in call.notes.pop("effective", {}).items() if v is not None}
    shown = {
        **plain_all({k: v for k, v in given.items() if k not in ("callback", "model", "kernel_kwargs")}),
        **effective,
    }
    facts: dict[str, Any] = {
        "id": next_number("fit"),
        "library": "pymc",
        "version": _version("pymc"),
        "call": f"pymc.{name}",
        "method": "smc" if name == "sample_smc" else "mcmc",
        "sampler": "pymc" if name == "sample_smc" else given.get("nuts_sampler") or "pymc",
        "arguments": shown,
        "tune": shown.get("tune"),
        **call.notes,
    }
    if result is not None:
        facts.update(_result(result))
    return "sampling", facts["call"], facts


def _name(call: Call) -> str:
    """Return the sampler's name; `sample_numpyro_nuts` is a partial of PyMC's, which has none."""
    return getattr(call.function, "__name__", "") or call.function.func.__name__


def _result(result: Any) -> dict[str, Any]:
    posterior = draws.group(result, "posterior")
    if posterior is None:
        return _multitrace(result)
    variables, left_out = draws.of_dataset(posterior)
    sample_stats = draws.group(result, "sample_stats")
    diverging = sample_stats["diverging"].values if sample_stats is not None and "diverging" in sample_stats else None
    found = {
        "chains": int(posterior.sizes.get("chain", 0)),
        "draws": int(posterior.sizes.get("draw", 0)),
        "divergences": draws.total(diverging),
        "variables": variables,
        "stats": draws.stats(sample_stats),
        "left_out": left_out,
        **draws.parts(posterior),
    }
    library = posterior.attrs.get("inference_library")
    return {**found, **({"sampler": str(library)} if library and library != "pymc" else {})}


def _multitrace(trace: Any) -> dict[str, Any]:
    """Return the same of PyMC's older result."""
    if not hasattr(trace, "get_values"):
        return {}
    names = [each for each in trace.varnames if not each.endswith("__")]
    arrays = {name: trace.get_values(name, combine=False, squeeze=False) for name in names[: draws.MOST_VARIABLES]}
    variables = {name: [fp(each) for each in chains] for name, chains in arrays.items()}
    return {"chains": len(trace.chains), "draws": len(trace), "variables": variables, "left_out": 0}


def _model(model: Any) -> dict[str, Any]:
    """Return the variables of the model that is sampled, their priors, and the observed data."""
    try:
        module = sys.modules["pymc"]
        model = module.modelcontext(model)
    except Exception:
        return {}
    shown = model.free_RVs[:_MOST_SHOWN]
    return {
        "free": {each.name: {"shape": _static(each), "prior": _prior(each)} for each in shown},
        "observed": {each.name: _observed(model, each) for each in model.observed_RVs[:_MOST_SHOWN]},
        "potentials": [each.name for each in model.potentials[:_MOST_SHOWN]],
        **(_by_hand(model.potentials[:_MOST_SHOWN], shown) if model.potentials else {}),
    }


def _by_hand(potentials: Any, free: Any) -> dict[str, Any]:
    told = {"factors": tempered.of_potentials(potentials), "weights": tempered.weights_of(potentials)}
    told["pulled"] = tempered.pulled(potentials, free)
    return {**captured.of_graph(potentials), **{key: value for key, value in told.items() if value}}


def _static(variable: Any) -> list[Any]:
    return [plain(each) for each in getattr(variable.type, "shape", ())]


def _prior(variable: Any) -> str:
    try:
        return str(sys.modules["pymc.printing"].str_for_dist(variable, formatting="plain", include_params=True))[:200]
    except Exception:
        return ""


def _observed(model: Any, variable: Any) -> dict[str, Any]:
    value = model.rvs_to_values.get(variable)
    data = getattr(value, "data", None)
    if data is None and hasattr(value, "get_value"):
        data = value.get_value(borrow=True)
    if data is None:
        data = _through(value)
    return {"shape": _static(variable), "prior": _prior(variable), "data": outcome(data, always=True)}


def _through(value: Any) -> Any:
    """Return the data behind a change of type, as PyMC puts one around what it is given."""
    for _ in range(4):
        apply = getattr(value, "owner", None)
        if apply is None or not apply.inputs:
            return None
        value = apply.inputs[0]
        data = getattr(value, "data", None)
        if data is None and hasattr(value, "get_value"):
            data = value.get_value(borrow=True)
        if data is not None:
            return data
    return None


def told_fit(call: Call, result: Any, raised: Any) -> Told:
    """Tell a variational fit, or a search for the mode."""
    name = call.function.__name__
    given = arguments(call.function, call.args, call.kwargs)
    number = next_number("fit")
    method = given.get("method")
    facts: dict[str, Any] = {
        "id": number,
        "library": "pymc",
        "version": _version("pymc"),
        "call": f"pymc.{name}",
        "method": "vi" if name == "fit" else "map",
        "sampler": method if isinstance(method, str) else type(method).__name__,
        "arguments": plain_all({k: v for k, v in given.items() if k != "model"}),
        **_model(given.get("model")),
        **call.notes,
    }
    if name == "fit" and result is not None:
        facts["object"] = fitted(result, number)
        facts["losses"] = fp(getattr(result, "hist", None))
    elif isinstance(result, dict):
        facts["variables"] = {str(k): [fp(v)] for k, v in list(result.items())[: draws.MOST_VARIABLES]}
    return "sampling", facts["call"], facts


def told_drawn(call: Call, result: Any, raised: Any) -> Told:
    """Tell draws from a variational approximation."""
    posterior = draws.group(result, "posterior") if result is not None else None
    found = draws.of_dataset(posterior)[0] if posterior is not None else {}
    facts = {
        "id": next_number("fit"),
        "library": "pymc",
        "call": "Approximation.sample",
        "method": "drawn",
        "variables": found,
    }
    return (
        "sampling",
        "Approximation.sample",
        {**owner(call.args[0]), **facts, "arguments": plain_all(call.kwargs), **call.notes},
    )


def told_predictive(call: Call, result: Any, raised: Any) -> Told:
    """Tell predictive draws."""
    name = call.function.__name__
    facts: dict[str, Any] = {
        "id": next_number("fit"),
        "library": "pymc",
        "call": f"pymc.{name}",
        "method": "predictive",
        "arguments": plain_all({k: v for k, v in call.kwargs.items() if k != "model"}),
        **call.notes,
    }
    for group in ("posterior_predictive", "predictions", "prior_predictive"):
        found = draws.group(result, group) if result is not None else None
        if found is not None:
            facts.update({"group": group, "variables": draws.of_dataset(found)[0]})
            arrays = {str(each): found[each].values for each in list(found.data_vars)[: draws.MOST_VARIABLES]}
            facts["over"] = draws.over_draws(arrays, 2)
            break
    return "sampling", facts["call"], facts


def told_compile(call: Call, result: Any, raised: Any) -> Told:
    """Tell nothing, but keep which model nutpie compiled."""
    if result is not None and call.args:
        if len(_compiled) > 50:
            _compiled.clear()
        _compiled[number_of(result)] = _model(call.args[0])
    return None


def told_nutpie(call: Call, result: Any, raised: Any) -> Told:
    """Tell a sampling by nutpie, called by hand."""
    given = arguments(call.function, call.args, call.kwargs)
    compiled = given.get("compiled_model", call.args[0] if call.args else None)
    shown = plain_all({k: v for k, v in given.items() if k not in ("compiled_model", "progress_callback")})
    facts: dict[str, Any] = {
        "id": next_number("fit"),
        "library": "nutpie",
        "version": _version("nutpie"),
        "call": "nutpie.sample",
        "method": "mcmc",
        "sampler": "nutpie",
        "steps": ["NUTS"],
        "arguments": shown,
        "tune": shown.get("tune"),
        **_compiled.get(number_of(compiled), {}),
        **call.notes,
    }
    if result is not None:
        facts.update(_result(result))
        facts["sampler"] = "nutpie"
    return "sampling", "nutpie.sample", facts


def _version(name: str) -> str:
    return str(getattr(sys.modules.get(name), "__version__", ""))[:40]


known("pymc_sample", told_sample, "pymc.sample")
known_before("pymc_sample", begun_sample)
known("pymc_fit", told_fit, "pymc.fit")
known("pymc_drawn", told_drawn)
known("pymc_predictive", told_predictive)
known("nutpie_compile", told_compile)
known("nutpie_sample", told_nutpie, "nutpie.sample")
