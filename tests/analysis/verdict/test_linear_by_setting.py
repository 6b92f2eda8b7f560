"""A network of identities and boosted lines are linear models: asked about where a design declares something else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.verdict.linear_by_setting import linear_by_setting

from ..evidence.facts import TRAINED
from ..evidence.witnessed import Kind, fit, seen, steps


def mlp(number: int, activation: str, sizes: tuple[int, ...] = (64, 64), **changes: Any) -> Kind:
    params = {"activation": activation, "hidden_layer_sizes": list(sizes)}
    return fit(number, "MLPRegressor", params=params, **changes)


def xgb(number: int, **params: Any) -> Kind:
    return fit(number, "XGBRegressor", library="xgboost", params=params)


def said(method: str, *lines: Kind) -> list[str]:
    design = read_design(f"## Computational requirements\n- **Method**: {method}\n", "d.md")
    return [one.what for one in linear_by_setting(replace(TRAINED, design=design), seen(*lines))]


IDENTITY, LINES = mlp(1, "identity"), xgb(1, booster="gblinear")
PIPELINE = fit(
    1,
    "Pipeline",
    params={"mlp": "MLPRegressor", "mlp__activation": "identity", "mlp__hidden_layer_sizes": [64]},
)
NETWORK, TREES = "Deep neural network with ReLU", "Gradient boosted trees (XGBoost)"
CHOSEN = {
    "kind": "search",
    "facts": {
        "id": 1,
        "class": "GridSearchCV",
        "params": {
            "estimator": "MLPRegressor",
            "estimator__activation": "identity",
            "estimator__hidden_layer_sizes": [8],
        },
        "best": {"activation": "identity"},
    },
}


@pytest.mark.parametrize(
    ("method", "line", "setting"),
    [
        (NETWORK, IDENTITY, "identity"),
        (NETWORK, PIPELINE, "identity"),
        (NETWORK, mlp(1, "relu", ()), "no hidden layer"),
        ("Deep network of rectified linear units", IDENTITY, "identity"),
        ("non-linear neural network", IDENTITY, "identity"),
        (TREES, LINES, "gblinear"),
    ],
)
def test_a_declared_network_or_trees_that_are_linear_by_a_setting_are_asked_about(
    method: str, line: Kind, setting: str
) -> None:
    (what,) = said(method, line)
    assert setting in what
    assert "d.md:2 declares" in what


@pytest.mark.parametrize(
    ("method", "lines"),
    [
        (NETWORK, (mlp(1, "relu"),)),
        (NETWORK, (IDENTITY, mlp(2, "tanh"))),
        (NETWORK, (IDENTITY, steps())),
        (NETWORK, (CHOSEN, mlp(2, "identity"))),
        ("Neural network, compared with a linear network", (IDENTITY,)),
        ("Deep linear network (identity activation)", (IDENTITY,)),
        ("Ridge regression", (IDENTITY,)),
        (TREES, (xgb(1, booster=None),)),
        (TREES, (xgb(1),)),
        (TREES, (LINES, xgb(2, booster="gbtree"))),
        (TREES, (LINES, fit(2, "LGBMRegressor", library="lightgbm", params={"n_estimators": 100}))),
        ("XGBoost with booster gblinear, no trees", (LINES,)),
    ],
)
def test_what_is_not_linear_what_stands_beside_it_and_what_the_design_names_is_not_asked_about(
    method: str, lines: tuple[Kind, ...]
) -> None:
    assert not said(method, *lines)
