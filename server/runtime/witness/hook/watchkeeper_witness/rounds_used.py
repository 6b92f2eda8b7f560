"""How many trees, rounds or members a model has when it predicts, and how many of them the prediction takes."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

from typing import Any

from .state import can_afford

_UNTIL = (("iteration_range", ""), ("ntree_end", "ntree_start"), ("num_iteration", "start_iteration"))
"""Arguments of XGBoost, CatBoost and LightGBM; 0 and less mean all."""


def rounds_used(model: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Return how many rounds a model has now (`has`), and how many it was asked to predict by (`used`)."""
    if not can_afford():
        return {}
    try:
        has, used = rounds_of(model), _asked_for(given)
    except Exception:  # not fitted, or of a release that calls it otherwise
        return {}
    told = {name: value for name, value in (("has", has), ("used", used)) if value is not None}
    return {"rounds": told} if told else {}


def rounds_of(model: Any) -> int | None:
    """Return how many trees, rounds or members a model has; None for a model of none."""
    members = getattr(model, "__dict__", {}).get("estimators_")
    if members is not None:
        return int(getattr(members, "size", 0) or len(members))
    if hasattr(type(model), "tree_count_"):  # CatBoost
        return int(model.tree_count_)
    booster = getattr(model, "_Booster", None) or model
    for name in ("num_boosted_rounds", "current_iteration"):
        if hasattr(booster, name):
            return int(getattr(booster, name)())
    return None


def _asked_for(given: dict[str, Any]) -> int | None:
    for until, since in _UNTIL:
        value = given.get(until)
        first, last = value if isinstance(value, (tuple, list)) else (given.get(since) or 0, value)
        if isinstance(last, int) and last > 0:
            return last - int(first)
    return None
