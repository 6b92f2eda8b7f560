"""statsmodels: every model's fits, and what its results predict."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import types
from typing import Any

from .calls import MARK, Call, known, wrapped
from .fingerprint import fp
from .lib_sklearn import subclasses
from .objects import fitted, owner
from .plain import plain, plain_all
from .state import next_number
from .tables import data, outcome, weights

_FITS = ("fit", "fit_regularized")
_PREDICTS = ("predict", "forecast")


def model(module: Any) -> list[str]:
    """Wrap the methods of all classes of models and results, those to come included."""
    for base, names, key in ((module.Model, _FITS, "sm_fit"), (module.Results, _PREDICTS, "sm_predict")):
        base.__init_subclass__ = classmethod(_dressing(names, key))
        for cls in [base, *subclasses(base)]:
            _dress(cls, names, key)
    return ["Model.fit", "Results.predict"]


def _dressing(names: Any, key: str) -> Any:
    def __init_subclass__(cls: Any, **_: Any) -> None:
        _dress(cls, names, key)

    return __init_subclass__


def _dress(cls: Any, names: Any, key: str) -> None:
    for name in names:
        method = cls.__dict__.get(name)
        if isinstance(method, types.FunctionType) and not hasattr(method, MARK):
            setattr(cls, name, wrapped(method, key))


def told_fit(call: Call, result: Any, raised: Any) -> tuple[str, str, dict[str, Any]] | None:
    """Tell a fit of a model."""
    of = call.args[0]
    number = next_number("fit")
    name = type(of).__name__
    retvals = getattr(result, "mle_retvals", None) or {}
    facts = {
        "id": number,
        "library": "statsmodels",
        "class": name,
        "module": type(of).__module__,
        "call": call.function.__name__,
        "params": {
            "formula": plain(getattr(of, "formula", None)),
            "columns": plain(getattr(of, "exog_names", None)),
            **plain_all(call.kwargs),
        },
        "x": data(getattr(of, "exog", None), rows=True),
        "y": outcome(getattr(of, "endog", None)),
        **weights({name: getattr(of, name, None) for name in ("weights", "freq_weights", "var_weights")}),
        "done": {"iterations": plain(retvals.get("iterations")), "converged": _converged(result, retvals)},
        **call.notes,
    }
    if result is not None:
        facts["object"] = fitted(getattr(result, "_results", result), number)
        facts["done"]["coef"] = fp(getattr(result, "params", None))
    return "fit", name, facts


def _converged(result: Any, retvals: Any) -> Any:
    """Return whether a fit says that it converged: mixed models and generalised linear ones say so themselves."""
    told = retvals.get("converged") if "converged" in retvals else getattr(result, "converged", None)
    return bool(told) if told is not None else None


def told_predict(call: Call, result: Any, raised: Any) -> tuple[str, str, dict[str, Any]] | None:
    """Tell what the results of a fit predict."""
    if raised is not None:
        return None
    of = call.args[0]
    name = type(getattr(of, "model", of)).__name__
    facts = {"class": name, "library": "statsmodels", "call": call.function.__name__, "values": fp(result)}
    return "predict", name, {**owner(of), **facts, **call.notes}


known("sm_fit", told_fit, "class")
known("sm_predict", told_predict)
