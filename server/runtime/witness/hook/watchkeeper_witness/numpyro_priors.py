"""Hears which distributions a NumPyro model gives its variables, while MCMC runs it.

The model runs once with plain numbers and then to be compiled, when its variables are tracers: what is a number then
too is a number of the model, and not one that was drawn.
"""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import sys
from typing import Any

from .fingerprint import fp
from .state import here, numpy
from .trouble import trouble

_MOST = 60
_AROUND = ("ExpandedDistribution", "Independent", "MaskedDistribution")
"""Distributions that only give another one a shape or a mask."""


def heard_run(run: Any) -> Any:
    """Return `MCMC.run` with something that listens to the model meanwhile."""

    def listened(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            from watchkeeper_witness.numpyro_priors import listener  # (see calls.py)

            ear = listener()
        except Exception:
            ear = None
        if ear is None:
            return run(self, *args, **kwargs)
        with ear:
            return run(self, *args, **kwargs)

    return listened


def listener() -> Any:
    """Return a handler for NumPyro's stack that notes priors with the call that goes on; None where none does."""
    messenger = getattr(sys.modules.get("numpyro.primitives"), "Messenger", None)
    if messenger is None or not here.calls:
        return None
    priors: dict[str, str] = {}
    likelihoods: dict[str, dict[str, Any]] = {}
    here.calls[-1].notes.update({"priors": priors, "likelihoods": likelihoods})

    class Ear(messenger):
        """Hears of each variable after its value is known, and changes nothing."""

        def postprocess_message(self, msg: Any) -> None:
            try:
                _hear(priors, msg)
                _hear_outcome(likelihoods, msg)
            except Exception as error:
                trouble("numpyro priors", error)

    return Ear(fn=None)


def _hear(priors: dict[str, str], msg: Any) -> None:
    if msg.get("type") != "sample" or msg.get("is_observed") or msg.get("name") in priors or len(priors) >= _MOST:
        return
    if "Tracer" in type(msg.get("value")).__name__:
        priors[msg["name"]] = _words(msg["fn"])


def _hear_outcome(likelihoods: dict[str, dict[str, Any]], msg: Any) -> None:
    """Note what an observed variable is distributed as, and by how much each observation counts."""
    if msg.get("type") != "sample" or not msg.get("is_observed") or len(likelihoods) >= _MOST:
        return
    if str(msg["name"]).startswith("_") and str(msg["name"]).endswith("_log_det"):
        return  # the library's own, where a variable is put into its support
    shape = getattr(msg.get("value"), "shape", ())
    told: dict[str, Any] = {"prior": _words(msg["fn"]), "shape": [int(each) for each in shape]}
    if _is_masked(msg["fn"]):
        told["masked"] = True
        told.update(_marks(msg["fn"]))
    scale = msg.get("scale")
    if scale is not None and (figure := _figure(scale)) != "f()":
        told["scale"] = float(figure)
    elif getattr(scale, "size", 0) > 1 and "Tracer" not in type(scale).__name__:
        told["weights"] = fp(scale, always=True)
    name = str(msg["name"])[:80]
    likelihoods[name] = {**likelihoods.get(name, {}), **told}


def _is_masked(prior: Any) -> bool:
    """Whether only some of the values may count."""
    while type(prior).__name__ in _AROUND and hasattr(prior, "base_dist"):
        if type(prior).__name__ == "MaskedDistribution" and getattr(prior, "_mask", True) is not True:
            return True
        prior = prior.base_dist
    return False


def _marks(prior: Any) -> dict[str, Any]:
    """Return which of the values count, where that is told as numbers."""
    while type(prior).__name__ in _AROUND and hasattr(prior, "base_dist"):
        mask = getattr(prior, "_mask", None)
        if getattr(mask, "size", 0) > 1 and "Tracer" not in type(mask).__name__:
            return {"weights": fp(numpy().asarray(mask, dtype=float), always=True)}
        prior = prior.base_dist
    return {}


def _words(prior: Any) -> str:
    """Return `Normal(0, 1)`; `f()` for what is no one number. What a prior would have to compute is not asked for."""
    while type(prior).__name__ in _AROUND and hasattr(prior, "base_dist"):
        prior = prior.base_dist
    told = ", ".join(_figure(vars(prior)[name]) for name in prior.arg_constraints if name in vars(prior))
    return f"{type(prior).__name__}({told})"[:200]


def _figure(value: Any) -> str:
    if "Tracer" in type(value).__name__:
        return "f()"
    array = numpy().asarray(value)
    same = array.dtype.kind in "biuf" and array.size and bool((array == array.flat[0]).all())
    return f"{float(array.flat[0]):g}" if same else "f()"
