"""What a design asks of its method is held against the fits that the results come from."""

from __future__ import annotations

import math

import pytest
from watchkeeper.server.analysis.evidence.evidence import Evidence
from watchkeeper.server.analysis.results.counting_fits import fits_of_results
from watchkeeper.server.analysis.verdict.verdict import decide

from ..evidence.facts import RULES, designed
from ..evidence.witnessed import Kind, column, fit, predict, results, seen, steps, trained

FOREST = "RandomForestRegressor"
NUMBERS = tuple(float(one * one) for one in range(1, 13))
OTHERS = tuple(one + 0.25 * (number % 3) for number, one in enumerate(NUMBERS))


def forests(handed_in: int, beside: int, columns: dict[str, tuple[float, ...]]) -> Evidence:
    made: list[Kind] = []
    for number, (trees, values) in enumerate([(handed_in, NUMBERS), (beside, OTHERS)], start=1):
        made += [fit(number, FOREST, params={"n_estimators": trees}), predict(number, FOREST, *values)]
    table = results(*(column(name, *values) for name, values in columns.items()))
    evidence = trained(*made)
    evidence = designed("Trees | 500 | 500 | | | YES\n", evidence)
    return trained(*made, artefacts=(table, evidence.artefacts[1]), design=evidence.design)


def codes(evidence: Evidence) -> set[str]:
    return {one.code for one in decide(evidence, RULES).checks if one.name in ("training", "design") and one.code}


MANY = [float(one * one) + 3.0 for one in range(1, 31)]
OTHER = [one + 2.5 * (number % 4) for number, one in enumerate(MANY[::-1])]

ALONE = {"predicted": NUMBERS}
BESIDE = {"predicted": NUMBERS, "baseline": OTHERS}
PART = {"predicted": NUMBERS, "second": OTHERS}


@pytest.mark.parametrize(
    ("handed_in", "beside", "columns", "asked"),
    [
        (10, 500, ALONE, True),
        (10, 500, BESIDE, True),
        (500, 10, ALONE, False),
        (500, 10, BESIDE, False),
        (500, 10, PART, False),  # intervals or a second opinion of fewer trees
        (10, 500, {"other": tuple(range(12))}, False),  # nobody knows whose the results are: any fit answers
    ],
)
def test_trees_are_counted_in_the_forest_that_the_results_come_from(
    handed_in: int, beside: int, columns: dict[str, tuple[float, ...]], asked: bool
) -> None:
    found = codes(forests(handed_in, beside, columns))
    assert ("trees_simplified" in found) == asked


@pytest.mark.parametrize(("best", "asked"), [(311, False), (60, True), (None, True)])
def test_a_booster_that_is_fitted_again_with_the_rounds_after_which_it_stopped_keeps_what_was_asked(
    best: int | None, asked: bool
) -> None:
    """The first fit was asked for 1000 rounds and stopped; the one whose results are handed in has 312."""
    name = "LGBMRegressor"
    first = fit(1, name, params={"n_estimators": 1000}, done={"best_iteration_": best})
    made: list[Kind] = [
        {**first, "where": "m.py:3"},
        {**fit(2, name, params={"n_estimators": 312}), "where": "m.py:7"},
        {**predict(2, name, *NUMBERS), "where": "m.py:8"},
    ]
    evidence = trained(*made)
    table = results(column("predicted", *NUMBERS))
    for row in ("n_estimators | 1000 | 500 | | | YES\n", "Trees | 1000 | 500 | | | YES\n"):
        told = trained(*made, artefacts=(table, evidence.artefacts[1]), design=designed(row, evidence).design)
        found = [one for one in decide(told, RULES).checks if one.code.endswith("_simplified")]
        assert bool(found) == asked


def test_a_baseline_of_few_trees_answers_for_no_column_that_was_put_back_into_its_unit() -> None:
    """The booster of the designed size predicts logarithms; what it predicted is near its column, not equal to it."""
    logs = [math.log(one) for one in MANY]
    made: list[Kind] = [
        *(fit(1, "LGBMRegressor", params={"n_estimators": 500}), predict(1, "LGBMRegressor", *logs)),
        *(fit(2, FOREST, params={"n_estimators": 50}), predict(2, FOREST, *OTHER)),
    ]
    for name, asked in (("forest_baseline", False), ("forest", False), ("predicted", False)):
        table = results(column(name, *OTHER), column("boosting", *(round(one, 3) for one in MANY)))
        evidence = designed("Trees | 500 | 500 | | | YES\n", trained(*made))
        told = trained(*made, artefacts=(table, evidence.artefacts[1]), design=evidence.design)
        assert ("trees_simplified" in codes(told)) == asked
    table = results(column("forest_baseline", *OTHER), column("network", *(7.3 + (one * 37.7) % 11 for one in MANY)))
    told = trained(*made, artefacts=(table, evidence.artefacts[1]), design=evidence.design)
    assert "trees_simplified" not in codes(told)


def test_a_search_answers_by_the_setting_that_it_chose() -> None:
    asked = {"params": {"estimator__n_estimators": 500}, "best": {"n_estimators": 10}, "folds": 5, "candidates": 4}
    facts = {**fit(1, "GridSearchCV")["facts"], **asked}
    made: list[Kind] = [{"kind": "search", "facts": facts}, predict(1, "GridSearchCV", *NUMBERS)]
    table = results(column("predicted", *NUMBERS))
    evidence = trained(*made)
    evidence = designed("Trees | 500 | 500 | | | YES\n", trained(*made, artefacts=(table, evidence.artefacts[1])))
    assert "trees_simplified" in codes(evidence)
    assert [one.name for one in fits_of_results(evidence, seen(*made))] == ["GridSearchCV"]


@pytest.mark.parametrize(
    ("row", "lines", "code"),
    [
        ("Models | 12 | 12", [fit(number, FOREST) for number in range(3)], "models_doubtful"),
        ("Refits | 36 |", [fit(1, "SARIMAX")], "refits_doubtful"),
        ("Fits | 18 |", [fit(1, "SARIMAX")], "fits_doubtful"),
        ("Rolling origins | 9 |", [fit(1, "SARIMAX")], "rolling_origins_doubtful"),
        ("Seeds | 10 |", [fit(number, FOREST) for number in range(2)], "seeds_doubtful"),
        ("Seeds | 10 |", [{**fit(number, FOREST), "where": "m.py:3"} for number in range(10)], ""),
        ("Models | 4 |", [fit(number, name) for number, name in enumerate((FOREST, "SVR", "Ridge", "Lasso"))], ""),
        ("Models | 5 |", [fit(1, "StackingRegressor", inside={FOREST: 5})], ""),
        ("Seeds | 10 |", [fit(1, FOREST), steps()], ""),  # a network may have been trained as often
        ("Seeds | 10 |", [], ""),
    ],
)
def test_fewer_trainings_than_a_design_counts_are_asked_about(row: str, lines: list[Kind], code: str) -> None:
    evidence = designed(f"{row} | | |\n", trained(*lines))
    found = {one.code for one in decide(evidence, RULES).checks if one.name == "design" and one.code}
    assert found == ({code} if code else set())
