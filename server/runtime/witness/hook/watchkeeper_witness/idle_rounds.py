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
_LEAF = re.compile(r"leaf=([^,\s]+)")


def idle_rounds(booster: Any) -> dict[str, Any]:
    """Return which rounds of XGBoost's booster were looked at, and which of these have no leaf but zeros."""
    try:
        rounds = booster.num_boosted_rounds()
        if rounds < _LEAST_ROUNDS or not can_afford() or '"gblinear"' in booster.save_config():  # which has no trees
            return {}
        looked = [(one * (rounds - 1)) // (_LOOKED - 1) for one in range(_LOOKED)]
        idle = [one for one in looked if _adds_nothing(booster[one : one + 1].get_dump())]
        return {"idle_rounds": {"rounds": rounds, "looked": looked, "idle": idle}}
    except Exception as error:
        trouble("idle rounds", error)
        return {}


def _adds_nothing(trees: list[str]) -> bool:
    leaves = [leaf for tree in trees for leaf in _LEAF.findall(tree)]
    return bool(leaves) and not any(map(float, leaves))
