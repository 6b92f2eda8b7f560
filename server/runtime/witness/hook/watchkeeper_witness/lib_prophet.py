"""Prophet: its fits, which a program of its own wheel carries out. What that samples is told by CmdStanPy's hook."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import types
from typing import Any

from .calls import MARK, Call, known, wrapped
from .objects import fitted
from .plain import plain, plain_all
from .state import next_number
from .tables import data, outcome

_SETTINGS = ("growth", "n_changepoints", "changepoint_prior_scale", "seasonality_mode", "seasonality_prior_scale",
             "holidays_prior_scale", "uncertainty_samples", "interval_width", "mcmc_samples")  # fmt: skip


def forecaster(module: Any) -> list[str]:
    """Wrap `Prophet.fit`. Its forecasts are a table of many columns, which are not told."""
    method = module.Prophet.__dict__.get("fit")
    if isinstance(method, types.FunctionType) and not hasattr(method, MARK):
        module.Prophet.fit = wrapped(method, "prophet_fit")
    return ["prophet.Prophet.fit"]


def told_fit(call: Call, result: Any, raised: Any) -> tuple[str, str, dict[str, Any]]:
    """Tell a fit."""
    of, number = call.args[0], next_number("fit")
    table = call.args[1] if len(call.args) > 1 else call.kwargs.get("df")
    name = type(of).__name__
    facts = {
        "id": number,
        "object": fitted(of, number),
        "library": "prophet",
        "class": name,
        "module": type(of).__module__,
        "call": "fit",
        "params": {
            **{key: plain(getattr(of, key, None)) for key in _SETTINGS},
            **plain_all({key: each for key, each in call.kwargs.items() if key != "df"}),
        },
        "x": data(table, rows=True),
        "y": outcome(table["y"]) if table is not None and "y" in table else None,
        **call.notes,
    }
    return "fit", name, facts


known("prophet_fit", told_fit, "class", clear=True)
