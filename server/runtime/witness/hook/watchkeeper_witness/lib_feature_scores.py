"""What each column is worth by the target, where the person's own code asks scikit-learn for that: a choice by hand."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

from typing import Any

from .calls import Call, known, replace
from .plain import arguments
from .state import next_number
from .tables import data

_SCORES = ("f_classif", "f_regression", "r_regression", "chi2", "mutual_info_classif", "mutual_info_regression")


def feature_selection(module: Any) -> list[str]:
    """Wrap the functions that score columns by the target; what a selector calls inside its fit is not told."""
    return [name for name in _SCORES if replace(module, name, "feature_score")]


def told_score(call: Call, result: Any, raised: Any) -> tuple[str, str, dict[str, Any]] | None:
    """Tell which rows the scores are of."""
    if raised is not None:
        return None
    given = arguments(call.function, call.args, call.kwargs)
    name = call.function.__name__
    facts = {"id": next_number("fit"), "library": "sklearn", "class": name, "call": name}
    facts.update({"x": data(given.get("X"), rows=True), "y": data(given.get("y")), **call.notes})
    return "score", name, facts


known("feature_score", told_score)
