"""A final model has what the search found, where the design says so; folds keep together what belongs together."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.results.best_not_used import best_not_used
from watchkeeper.server.analysis.splits.folds_asked import groups_of_one

from ..evidence.facts import TRAINED
from ..evidence.witnessed import Kind, column, fp, results, seen

P = tuple(round(3 + math.sin(one * one), 4) for one in range(32))
BEST = {"gb_learning_rate": 0.08731, "gb_subsample": 0.71234, "gb_max_depth": 3}
FOUND = {"learning_rate": 0.08731, "subsample": 0.71234, "max_depth": 3}
DEFAULTS = {"learning_rate": 0.1, "subsample": 1.0, "max_depth": 3}
SAID = "**Final model**: fitted with the best parameters found"


def trial(number: int, params: dict[str, Any]) -> Kind:
    facts = {"id": number, "library": "sklearn", "class": "cross_val_score", "call": "cross_val_score",
             "estimator": "GradientBoostingRegressor", "folds": 3, "candidates": 1, "params": params}  # fmt: skip
    return {"kind": "search", "facts": facts}


def study(**best: Any) -> Kind:
    facts = {
        "id": 90,
        "library": "optuna",
        "class": "Study",
        "call": "optimize",
        "candidates": 30,
        "best": best or BEST,
    }
    return {"kind": "search", "facts": facts}


def final(params: dict[str, Any]) -> tuple[Kind, Kind]:
    name = "GradientBoostingRegressor"
    fit = {"id": 99, "object": 99, "library": "sklearn", "class": name, "call": "fit", "x": fp("x"), "params": params}
    predicted = {"object": 99, "of": 99, "class": name, "call": "predict", "values": fp("p", at=P, size=32)}
    return {"kind": "fit", "where": "m.py:40", "facts": fit}, {
        "kind": "predict",
        "where": "m.py:41",
        "facts": predicted,
    }


def codes(*lines: Kind, row: str = SAID) -> list[str]:
    design = read_design(f"## Computational requirements\n- **Method**: gradient boosting\n- {row}\n", "d.md")
    evidence = replace(TRAINED, design=design, artefacts=(results(column("predicted", *P)), *TRAINED.artefacts[1:]))
    return [one.code for one in best_not_used(evidence, seen(*lines))]


def test_a_final_model_with_other_settings_than_the_search_found_is_asked_about() -> None:
    assert codes(trial(1, DEFAULTS), trial(2, FOUND), study(), *final(DEFAULTS)) == ["best_settings_not_used"]
    row = "**Tuning**: parameters tuned with Optuna"
    assert codes(trial(2, FOUND), study(), *final(DEFAULTS), row=row) == ["best_settings_not_used"]


@pytest.mark.parametrize(
    ("lines", "row"),
    [
        ((trial(2, FOUND), study(), *final(FOUND)), SAID),
        ((trial(2, FOUND), study(), *final({**FOUND, "max_depth": 4})), SAID),
        ((trial(2, {"learning_rate": 10**-1.05899}), study(log_rate=-1.05899), *final(DEFAULTS)), SAID),
        ((trial(2, FOUND), study(kernel="rbf"), *final(DEFAULTS)), SAID),
        ((*final(DEFAULTS), trial(2, FOUND), study()), SAID),
        ((trial(2, FOUND), study(), *final(DEFAULTS)), "**Trials**: 30, for a report"),
    ],
    ids=["the best", "but for one", "logarithms", "a kernel", "before the search", "another design"],
)
def test_settings_that_were_used_or_cannot_be_known_again_are_not_asked_about(
    lines: tuple[Kind, ...], row: str
) -> None:
    assert not codes(*lines, row=row)


def grouped(distinct: int, call: str = "GroupKFold.split") -> list[str]:
    facts = {"call": call, "arguments": {"n_splits": 10}, "groups": {"rows": 1500, "distinct": distinct}}
    return [one.code for one in groups_of_one(seen({"kind": "split", "facts": facts}))]


def test_groups_of_one_row_each_keep_nothing_together() -> None:
    assert grouped(1500) == ["groups_of_one_row"]
    assert not grouped(150)
    assert not grouped(1500, "KFold.split")
