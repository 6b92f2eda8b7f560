"""Arguments of a call as its library reads them: by name, by position, or their default."""

from __future__ import annotations

from .interpreter import Call
from .libraries import (
    DEFAULT_CV,
    DEFAULT_REPEATS,
    KERNEL_ACCEPT,
    REPEATED,
    SPLITTERS,
    Parameter,
    Sampler,
    short_name,
)
from .program import SamplerCall
from .records import Records
from .values import Instance, Known, Made, Table, Tag, Unknown, Value, number_of


def argument(call: Call, parameter: Parameter) -> Value:
    """Return what an argument is; its default where it is left out, unknown where it may be hidden in `**options`."""
    for name in parameter.names:
        if name in call.keywords:
            return call.keywords[name]
    if parameter.position is not None and parameter.position < len(call.args):
        return call.args[parameter.position]
    hidden = call.keywords.get("**")
    if isinstance(hidden, Unknown) and hidden.why:
        return hidden
    if not call.whole:
        return Unknown("arguments that are made at run time")
    return Known(parameter.default)


def sampler_call(spec: Sampler, call: Call, at: Tag, records: Records, cpus: int | None) -> SamplerCall:
    """Return what a call of a sampler asks for."""
    made_with = _made_with(call)
    draws = _whole(argument(call, spec.draws), f"draws of {spec.library}", at, records)
    tune = _whole(argument(call, spec.tune), f"tune of {spec.library}", at, records) if spec.tune.names else None
    if spec.tune.names and tune is None and isinstance(argument(call, spec.tune), Known):
        tune = _derived_tune(spec, draws)
    if spec.halved and draws is not None and tune is not None:
        draws -= tune
    chain_call = made_with if spec.library == "emcee" and made_with is not None else call
    cores = _whole(argument(call, spec.cores), f"cores of {spec.library}", at, records) if spec.cores.names else None
    chains = (
        _whole(argument(chain_call, spec.chains), f"chains of {spec.library}", at, records)
        if spec.chains.names
        else None
    )
    if spec.derived == "cores" and chains is None and _is_none(argument(call, spec.chains)):
        at_hand = cores if cores is not None else (min(4, cpus) if cpus is not None else None)
        chains = max(2, at_hand) if at_hand is not None else None
        if chains is None:
            records.unclear(at[1], at[2], f"chains of {spec.library}: left out, it depends on the machine's cores")
    return SamplerCall(
        library=_library(spec, call),
        file=at[1],
        line=at[2],
        draws=draws,
        tune=tune,
        chains=chains,
        cores=cores,
        target_accept=_target_accept(spec, call, at, records),
    )


def _derived_tune(spec: Sampler, draws: int | None) -> int | None:
    """PyStan 2 warms up for half of `iter`, pyro for as long as it samples."""
    if draws is None:
        return None
    return draws // 2 if spec.halved else draws if spec.library == "pyro" else None


def _library(spec: Sampler, call: Call) -> str:
    inner = call.keywords.get("nuts_sampler", call.keywords.get("inference_method"))
    return inner.data if isinstance(inner, Known) and inner.data in {"nutpie", "numpyro", "blackjax"} else spec.library


def _made_with(call: Call) -> Call | None:
    """Return the call that made the object on which a sampler's method is called."""
    owner = call.owner.made if isinstance(call.owner, Instance) else call.owner
    if not isinstance(owner, Made):
        return None
    return Call(owner.ref, call.node, call.at, owner.args, owner.keywords)


def _target_accept(spec: Sampler, call: Call, at: Tag, records: Records) -> float | None:
    value = argument(call, spec.target_accept) if spec.target_accept.names else Known(None)
    for holder in ("nuts", "nuts_sampler_kwargs", "step"):
        inner = call.keywords.get(holder)
        if isinstance(inner, Table) and "target_accept" in inner.items:
            value = inner.items["target_accept"]
        if isinstance(inner, Made):
            value = inner.keywords.get("target_accept", value)
    if spec.library in {"numpyro", "pyro"} and call.args and isinstance(call.args[0], Made):
        kernel = call.args[0]
        value = argument(Call(kernel.ref, call.node, at, kernel.args, kernel.keywords), KERNEL_ACCEPT)
    if _is_none(value):
        return None
    number = records.number(value, f"target_accept of {spec.library}", at)
    return None if number is None else float(number)


def _is_none(value: Value) -> bool:
    return isinstance(value, Known) and value.data is None


def _whole(value: Value, what: str, at: Tag, records: Records) -> int | None:
    return None if _is_none(value) else records.whole(value, what, at)


def folds(call: Call, records: Records, at: Tag) -> int | None:
    """Return the number of folds of a search or a cross-validation."""
    value = argument(call, Parameter(("cv",), None))
    if _is_none(value):
        return DEFAULT_CV
    if isinstance(value, Made) and short_name(value.ref) in SPLITTERS:
        like = Call(value.ref, call.node, at, value.args, value.keywords)
        name = short_name(value.ref)
        splits = number_of(argument(like, Parameter(("n_splits",), None if name in REPEATED else 0, SPLITTERS[name])))
        repeats = number_of(argument(like, Parameter(("n_repeats",), None, DEFAULT_REPEATS))) if name in REPEATED else 1
        if splits is not None and repeats is not None:
            return int(splits) * int(repeats)
    return records.whole(value, "cv", at)
