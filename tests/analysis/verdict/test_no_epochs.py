"""Lines of scores, one a model or a setting, are no curve; what a booster's library calls iterations are its rounds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.counted.counts import counted
from watchkeeper.server.analysis.curves.series import History
from watchkeeper.server.analysis.scripts.program import Program
from watchkeeper.server.analysis.verdict.verdict import decide

from ..evidence.facts import RULES, check, designed
from ..evidence.witnessed import Kind, fit, seen, steps
from .test_minima import LONG, asked, run

BOOSTED = "Method | Gradient boosting (CatBoost)\n"
PIPELINE: dict[str, Any] = {
    "cv": 5,
    "estimator__prep": "SimpleImputer",
    "estimator__clf": "HistGradientBoostingClassifier",
    "estimator__clf__max_iter": 200,
}
INSIDE = {"Pipeline": 5, "SimpleImputer": 5, "HistGradientBoostingClassifier": 5}


def clusters(count: int) -> list[Kind]:
    return [fit(number, "KMeans", **LONG) for number in range(count)]


@pytest.mark.parametrize(
    ("lines", "rows", "epochs"),
    [
        (clusters(6), 6, False),
        ([fit(1, "StandardScaler"), *clusters(2)], 30, True),  # more lines than fits: of another loop
        ([fit(1, "StandardScaler")], 6, True),  # by hand, beside a scaler
        ([*clusters(6), steps()], 6, True),
    ],
    ids=["one line a setting", "many lines", "only a scaler was fitted", "a network too"],
)
def test_one_line_a_setting_is_no_epoch(lines: list[Kind], rows: int, *, epochs: bool) -> None:
    losses: list[float | None] = [1.0 / (one + 1) for one in range(rows)]
    history = History(epochs=[float(one) for one in range(rows)], train_loss=losses)
    told: dict[str, Any] = {"history": history, "epochs": {"history": history.epochs}}
    evidence = replace(run("", *lines), program=Program(script="m.py"), **told)
    assert ("epochs" in counted(evidence)) == epochs
    assert epochs or check(decide(evidence, RULES), "convergence").evidence.startswith("not applicable")


@pytest.mark.parametrize(
    ("row", "rounds", "outcome"),
    [
        ("Iterations | at most 800, patience 60", 800, ("passed", "")),
        ("Iterations | 800", 800, ("passed", "")),
        ("Iterations | 800", 40, ("failed", "iterations_short")),
        ("Iterations | at most 800", 40, ("not inspected", "iterations_not_inspected")),
    ],
)
def test_the_rounds_of_a_booster_are_what_its_design_calls_iterations(
    row: str, rounds: int, outcome: tuple[str, str]
) -> None:
    booster = fit(1, "CatBoostClassifier", library="catboost", params={"iterations": rounds}, **LONG)
    evidence = designed(f"{BOOSTED}{row}\n".replace("\n", " | | |\n"), run("", booster))
    assert asked(replace(evidence, steps={"log": [0.0, 50.0, 100.0, 150.0]})) == outcome  # each fiftieth is printed


def test_what_a_calibration_fits_in_a_pipeline_is_the_method() -> None:
    calibrated = fit(1, "CalibratedClassifierCV", params=PIPELINE, inside=INSIDE, **LONG)
    assert seen(calibrated).kinds == ("Ensemble",)
    assert asked(run("Boosting iterations | 200\n", calibrated)) == ("passed", "")
    assert asked(run("Boosting iterations | 400\n", calibrated))[0] != "passed"
