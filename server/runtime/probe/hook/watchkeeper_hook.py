"""Makes PyMC and nutpie tell their draws and the true arguments of their `sample`, for a script that was left as it is.

Called by `sitecustomize` once one of them is imported. A user's own callback is called as before. PyMC's public
`callback` argument is not touched: it would make PyMC 6 choose another sampler. Everything of ours is guarded; every
call goes through with the arguments it had.
"""

# ruff: noqa: ANN401 (PyMC's and nutpie's objects are not imported here)

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import sys
import threading
from types import SimpleNamespace
from typing import Any

watchkeeper_probe: Any = importlib.import_module("watchkeeper_probe")

_MOST_ITEMS = 48
_MOST_TEXT = 200
_SAMPLERS = ("_mp_sample", "_sample_many")
"""Where PyMC's own sampler is called, with what `pm.sample` made of its arguments."""

_inside = threading.local()


def imported(name: str) -> None:
    """Wrap what samples in the module that was just imported.

    :param name: `pymc` or `nutpie`.
    """
    module = sys.modules[name]
    if name == "pymc":
        mcmc = sys.modules["pymc.sampling.mcmc"]
        samplers = {sampler: _observed(getattr(mcmc, sampler)) for sampler in _SAMPLERS if hasattr(mcmc, sampler)}
        _replace("sample", _recorded("pymc.sample", mcmc.sample), mcmc, sys.modules["pymc.sampling"], module)
        for sampler, wrapped in samplers.items():
            setattr(mcmc, sampler, wrapped)
    else:
        _replace("sample", _recorded("nutpie.sample", module.sample), module, sys.modules["nutpie.sample"])
    watchkeeper_probe.tell("hook", library=name, version=str(getattr(module, "__version__", "")))


def _replace(name: str, wrapped: Any, *holders: Any) -> None:
    for holder in holders:
        if getattr(holder, name, None) is wrapped.__wrapped__:
            setattr(holder, name, wrapped)


def _recorded(call: str, sample: Any) -> Any:
    """Return `sample` with its arguments recorded, and nutpie's progress with them."""
    signature = inspect.signature(sample)
    nutpie = call.startswith("nutpie")
    on_the_way = nutpie and "progress_callback" in signature.parameters

    @functools.wraps(sample)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        depth = getattr(_inside, "depth", 0)
        with contextlib.suppress(Exception):
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            watchkeeper_probe.tell("arguments", call=call, resolves=depth > 0, values=_flat(bound.arguments))
        if nutpie:
            with contextlib.suppress(Exception):
                watchkeeper_probe.begin_draws(None)
        if on_the_way:
            with contextlib.suppress(Exception):
                kwargs = {**kwargs, "progress_callback": _nutpie_callback(kwargs.get("progress_callback"))}
        _inside.depth = depth + 1
        try:
            result = sample(*args, **kwargs)
        finally:
            _inside.depth = depth
        if nutpie and not on_the_way:
            with contextlib.suppress(Exception):
                _tell_result(result.sample_stats)
        return result

    return wrapped


def _tell_result(stats: Any) -> None:
    """Tell the draws of a nutpie older than 0.16.9, which says nothing while it samples; its tuning is not counted."""
    chains = [
        SimpleNamespace(
            started=True,
            tuning=False,
            finished_draws=len(diverging),
            total_draws=len(diverging),
            divergences=diverging.sum(),
            total_num_steps=steps.sum(),
            step_size=None,
        )
        for diverging, steps in zip(stats["diverging"].values, stats["n_steps"].values)  # noqa: B905 (Python 3.8)
    ]
    watchkeeper_probe.nutpie_callback(chains)


def _observed(sampler: Any) -> Any:
    """Return one of PyMC's samplers with what it was really given recorded, and its draws counted."""

    @functools.wraps(sampler)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if "callback" in kwargs:
            with contextlib.suppress(Exception):
                _record_sampler(sampler.__name__, kwargs)
                watchkeeper_probe.begin_draws(kwargs.get("chains"))
            with contextlib.suppress(Exception):
                kwargs = {**kwargs, "callback": _pymc_callback(kwargs["callback"])}
        return sampler(*args, **kwargs)

    return wrapped


def _record_sampler(name: str, kwargs: Any) -> None:
    step, tune = kwargs.get("step"), kwargs.get("tune")
    chosen = {
        "draws": kwargs["draws"] - tune,
        "tune": tune,
        "chains": kwargs.get("chains"),
        # Chains that are not sampled in parallel share one core, whatever was asked for.
        "cores": kwargs.get("cores") if name == "_mp_sample" else 1,
        "step": type(step).__name__,
        "target_accept": getattr(step, "target_accept", None),
        "max_treedepth": getattr(step, "max_treedepth", None),
    }
    values = {name: _plain(value) for name, value in chosen.items() if value is not None}
    watchkeeper_probe.tell("arguments", call=f"pymc.{name}", resolves=True, values=values)


def _pymc_callback(users: Any) -> Any:
    ours = watchkeeper_probe.pymc_callback
    if users is None or users is ours:
        return ours

    def callback(trace: Any, draw: Any) -> Any:
        with contextlib.suppress(Exception):
            ours(trace, draw)
        return users(trace=trace, draw=draw)

    return callback


def _nutpie_callback(users: Any) -> Any:
    ours = watchkeeper_probe.nutpie_callback
    if users is None or users is ours:
        return ours

    def callback(chains: Any) -> Any:
        with contextlib.suppress(Exception):
            ours(chains)
        return users(chains)

    return callback


def _flat(arguments: Any) -> dict[str, Any]:
    """Return bound arguments by name, with those of `**kwargs` and of `nuts={...}` beside the others."""
    found: dict[str, Any] = {}
    for name, value in arguments.items():
        if name in ("kwargs", "nuts", "nuts_sampler_kwargs") and isinstance(value, dict):
            found.update(_flat(value))
        else:
            found[str(name)[:64]] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it, cut short; the name of its type for what it cannot."""
    if value is None or isinstance(value, (bool, str)):
        return value[:_MOST_TEXT] if isinstance(value, str) else value
    if isinstance(value, (list, tuple)):
        return [_scalar(each) for each in list(value)[:_MOST_ITEMS]]  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    with contextlib.suppress(Exception):
        value = value.item() if callable(getattr(value, "item", None)) else value
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):  # noqa: PLR0124
        return str(value)
    return value if isinstance(value, (int, float, str)) else f"<{type(value).__name__}>"
