"""CmdStanPy: a program in C++ samples; what it was asked for and the files that it left are told."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import types
from typing import Any

from . import draws, places
from .calls import MARK, Call, known, wrapped
from .files import digest
from .plain import arguments, plain, plain_all
from .state import next_number
from .tables import outcome

_METHODS = {"sample": "mcmc", "variational": "vi", "optimize": "map", "pathfinder": "vi", "laplace_sample": "vi"}


def cmdstanpy(module: Any) -> list[str]:
    """Wrap the methods of a model."""
    cls = module.CmdStanModel
    for name in _METHODS:
        method = cls.__dict__.get(name)
        if isinstance(method, types.FunctionType) and not hasattr(method, MARK):
            setattr(cls, name, wrapped(method, "cmdstan"))
    return [f"cmdstanpy.CmdStanModel.{name}" for name in _METHODS if name in cls.__dict__]


def told(call: Call, result: Any, raised: Any) -> tuple[str, str, dict[str, Any]] | None:
    """Tell one call."""
    model, name = call.args[0], call.function.__name__
    given = arguments(call.function, call.args, call.kwargs)
    stan = str(getattr(model, "stan_file", "") or "")
    data = given.pop("data", None)
    facts: dict[str, Any] = {
        "id": next_number("fit"),
        "library": "cmdstanpy",
        "call": f"cmdstanpy.CmdStanModel.{name}",
        "method": _METHODS[name],
        "sampler": "cmdstan",
        "arguments": plain_all({k: v for k, v in given.items() if v is not None}),
        "tune": plain(given.get("iter_warmup")),
        "stan": {"path": places.inside(stan), **digest(stan)} if stan else {},
        "observed": _data(data),
    }
    if result is not None:
        facts["files"] = [{"path": str(path), **digest(str(path))} for path in _csv_files(result)]
        if name == "sample":
            facts.update(_draws(result))
    return "sampling", facts["call"], {**facts, **call.notes}


def _data(data: Any) -> dict[str, Any]:
    """Return all that the model was given; what of it is observed only the program in Stan says."""
    return {str(k): {"data": outcome(v)} for k, v in list(data.items())[:40]} if isinstance(data, dict) else {}


def _csv_files(result: Any) -> list[Any]:
    return list(getattr(getattr(result, "runset", None), "csv_files", ()))[:64]


def _draws(result: Any) -> dict[str, Any]:
    found = {str(k): v for k, v in result.draws_xr().data_vars.items()}
    variables, left_out = draws.of_arrays({k: v.values for k, v in found.items()})
    diverging = getattr(result, "divergences", None)
    counts = {"chains": plain(result.chains), "draws": plain(result.num_draws_sampling)}
    return {**counts, "divergences": draws.total(diverging), "variables": variables, "left_out": left_out}


known("cmdstan", told, "cmdstan")
