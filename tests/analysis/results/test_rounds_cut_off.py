"""Results of a part of the trees that were fitted are asked about where the design counts them; honest cuts are not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.artefacts.facts import TableFacts
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.results.predicted import matches
from watchkeeper.server.analysis.results.rounds_cut_off import rounds_cut_off

from ..evidence.facts import TRAINED
from ..evidence.witnessed import Kind, column, fit, fp, results, seen

VALUES = [round(3 + 0.7 * (place * 37 % 101), 2) for place in range(60)]
CATBOOST = fit(1, "CatBoostRegressor", library="catboost", params={"iterations": 2000}, done={"trees": 2000})
FOREST = fit(1, "RandomForestRegressor", params={"n_estimators": 500}, done={"estimators": 500})
STOPPED = fit(1, "LGBMRegressor", params={"n_estimators": 900}, done={"best_iteration_": 240, "rounds": 290})

AT_ONCE = fit(1, "LGBMRegressor", params={"n_estimators": 900}, done={"best_iteration_": 1, "rounds": 1})


def predicted(**rounds: int) -> Kind:
    told: dict[str, Any] = {"rounds": rounds} if rounds else {}
    values = fp("p", at=tuple(VALUES), size=len(VALUES))
    return {
        "kind": "predict",
        "facts": {"object": 1, "of": 1, "class": "M", "call": "predict", "values": values, **told},
    }


def codes(rows: str, *lines: Kind) -> list[str]:
    table = results(column("predicted", *VALUES)).inside
    assert isinstance(table, TableFacts)
    design = read_design(f"## Computational requirements\n- **Method**: boosting\n{rows}\n", "d.md")
    told = seen(*lines)
    found = matches(table, told.predictions)
    return [one.code for one in rounds_cut_off(replace(TRAINED, design=design), told, found)]


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ("- **Iterations**: 2000, all used (no early stopping, no truncation)", (CATBOOST, predicted(has=121))),
        ("- **Iterations**: 2000", (CATBOOST, predicted(has=2000, used=50))),
        ("- **Trees**: 500", (FOREST, predicted(has=10))),
        ("- **Trees**: 900", (AT_ONCE, predicted(has=1, used=1))),
    ],
)
def test_results_of_a_part_of_the_trees_are_asked_about(rows: str, lines: tuple[Kind, ...]) -> None:
    assert codes(rows, *lines) == ["rounds_cut_off"]


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ("- **Trees**: 500", (FOREST, predicted(has=500))),
        ("- **Trees**: 500", (FOREST, predicted())),
        ("- **Trees**: 500, early stopping on a validation part", (FOREST, predicted(has=500, used=80))),
        ("- **Trees**: 500, the best number of trees is chosen by five folds", (FOREST, predicted(used=80))),
        ("- **Trees**: up to 900", (STOPPED, predicted(has=290, used=240))),
        ("- **Trees**: 900", (STOPPED, predicted(has=290, used=241))),
        ("- **Folds**: 5", (FOREST, predicted(used=80))),
        ("- **Trees**: 100", (CATBOOST, predicted(used=150))),
    ],
    ids=["all", "not known", "stops", "chosen", "at most", "stopped", "no number", "enough"],
)
def test_results_of_all_trees_or_of_as_many_as_the_design_lets_be_taken_are_not(
    rows: str, lines: tuple[Kind, ...]
) -> None:
    assert not codes(rows, *lines)
