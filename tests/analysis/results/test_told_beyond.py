"""Epochs behind the last one of a fit and replicates of no fit are asked about; what only looks so is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.counted.counts import Count
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.results.told_beyond import epochs_carried_on, replicates_of_nothing

from ..evidence.facts import TRAINED
from ..evidence.witnessed import Kind, column, fit, predict, results, seen

VALUES = [round(3 + 0.7 * (place * 37 % 101), 2) for place in range(60)]
PREDICTED = predict(1, "MLPRegressor", *VALUES)
SEARCH: Kind = {"kind": "search", "facts": {"id": 1, "class": "GridSearchCV", "candidates": 8, "folds": 5}}


def perceptron(epochs: int, **changes: Any) -> Kind:
    return fit(1, "MLPRegressor", done={"n_iter_": epochs}, **changes)


def epochs(*lines: Kind, told: int = 200) -> list[str]:
    numbers = {"log": tuple(map(float, range(1, told + 1)))}
    evidence = replace(TRAINED, artefacts=(results(column("predicted", *VALUES)),), epochs=numbers)
    return [one.code for one in epochs_carried_on(evidence, seen(*lines))]


def replicates(method: str, *lines: Kind) -> list[str]:
    design = read_design(f"## Computational requirements\n- **Method**: {method}\n- **Bootstraps**: 60\n", "d.md")
    told = {"bootstraps": Count(60, "bootstrap_1.csv")}
    return [one.code for one in replicates_of_nothing(replace(TRAINED, design=design), told, seen(*lines))]


def test_a_log_that_goes_on_behind_the_last_epoch_of_a_perceptron_is_asked_about() -> None:
    assert epochs(perceptron(6), PREDICTED) == ["epochs_carried_on"]


@pytest.mark.parametrize(
    "lines",
    [
        (perceptron(200), PREDICTED),
        (perceptron(1, call="partial_fit"), PREDICTED),
        (perceptron(1, params={"warm_start": True}), PREDICTED),
        (perceptron(6),),
    ],
    ids=["all of them", "an epoch a call", "goes on from before", "a baseline beside a loop by hand"],
)
def test_epochs_that_the_fits_made_or_may_have_made_are_not(lines: tuple[Kind, ...]) -> None:
    assert not epochs(*lines)


def test_replicates_of_a_bootstrap_ensemble_beside_a_search_alone_are_asked_about() -> None:
    assert replicates("Random forest, grid search, bootstrap ensemble", SEARCH) == ["bootstraps_not_fitted"]


@pytest.mark.parametrize(
    ("method", "lines"),
    [
        ("Random forest with a bootstrap of its test score", (SEARCH,)),
        ("Grid search, bootstrap ensemble", (SEARCH, fit(2, "RandomForestRegressor"))),
        ("Random forest, a bootstrap ensemble of trees", (SEARCH, fit(2, "R", params={"n_estimators": 60}))),
        ("Bootstrap ensemble of ridge fits by hand", ({"kind": "solve", "facts": {"count": 60}},)),
    ],
    ids=["of a score", "fits", "trees", "by a solver"],
)
def test_replicates_that_need_no_fit_or_have_some_are_not(method: str, lines: tuple[Kind, ...]) -> None:
    assert not replicates(method, *lines)
