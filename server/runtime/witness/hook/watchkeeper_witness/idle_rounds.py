"""Rounds of a booster whose trees add nothing: of a few rounds all over the training, whether every leaf is zero."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import re
from typing import Any

from .state import can_afford
from .trouble import trouble

_LOOKED = 8
_LEAST_ROUNDS = 24
_MOST_LEAVES = 1 << 22
_LEAF = re.compile(r"leaf=([^,\s]+)")
_LEAVES = re.compile(r"^leaf_value=(.+)$", re.MULTILINE)
_RATE = re.compile(r"^shrinkage=(.+)$", re.MULTILINE)
_NOTHING = 1e-6
"""A learning rate below which LightGBM's rounds add nothing; it takes no rate of zero."""


def idle_rounds(model: Any) -> dict[str, Any]:
    """Return which rounds of a booster were looked at, and which have no leaf but zeros or no split (`unsplit`).

    :param model: XGBoost's and LightGBM's boosters, their classes for scikit-learn, or CatBoost's models.
    """
    if not can_afford():
        return {}
    try:
        rounds, leaves = _trees(model)
        if leaves is None or rounds < _LEAST_ROUNDS:
            return {}
        looked = [(one * (rounds - 1)) // (_LOOKED - 1) for one in range(_LOOKED)]
        each = [leaves(one) for one in looked]
        idle = [one for one, trees in zip(looked, each) if trees and not any(map(any, trees))]  # noqa: B905
        unsplit = [one for one, trees in zip(looked, each) if trees and all(len(tree) == 1 for tree in trees)]  # noqa: B905
        told = {"rounds": rounds, "looked": looked, "idle": idle}
        return {"idle_rounds": {**told, "unsplit": unsplit} if unsplit else told}
    except Exception as error:
        trouble("idle rounds", error)
        return {}


def _trees(model: Any) -> tuple[int, Any]:
    """Return how many rounds a model has, and what gives the leaves of each tree of one; nothing for other models."""
    if hasattr(model, "get_tree_leaf_counts"):
        return _of_catboost(model)
    booster = getattr(model, "booster_", None) or (model.get_booster() if hasattr(model, "get_booster") else model)
    if hasattr(booster, "num_boosted_rounds"):
        is_linear = '"gblinear"' in booster.save_config()  # which has no trees
        return (0, None) if is_linear else (booster.num_boosted_rounds(), lambda one: _of_xgboost(booster, one))
    if hasattr(booster, "model_to_string"):
        return booster.current_iteration(), lambda one: _of_lightgbm(booster, one)
    return 0, None


def _of_xgboost(booster: Any, one: int) -> list[list[float]]:
    return [list(map(float, _LEAF.findall(tree))) for tree in booster[one : one + 1].get_dump()]


def _of_lightgbm(booster: Any, one: int) -> list[list[float]]:
    told = booster.model_to_string(start_iteration=one, num_iteration=1)
    rates = [float(rate) for rate in _RATE.findall(told)]
    trees = [list(map(float, tree.split())) for tree in _LEAVES.findall(told)]
    return [[0.0] * len(tree) if rate < _NOTHING else tree for tree, rate in zip(trees, rates)]  # noqa: B905


def _of_catboost(model: Any) -> tuple[int, Any]:
    counts: Any = model.get_tree_leaf_counts() if model.is_fitted() else ()
    every = int(sum(counts))
    if len(counts) < _LEAST_ROUNDS or every > _MOST_LEAVES:
        return 0, None
    values = model.get_leaf_values().reshape(every, -1)  # a column a class
    ends = counts.cumsum()
    return len(counts), lambda one: [values[ends[one] - counts[one] : ends[one]].ravel().tolist()]
