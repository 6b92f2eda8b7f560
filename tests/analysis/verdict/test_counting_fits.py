"""What a design asks of its method is held against the fits that the results come from."""

from __future__ import annotations

import pytest
from watchkeeper.server.analysis.verdict.counting_fits import fits_of_results
from watchkeeper.server.analysis.verdict.evidence import Evidence
from watchkeeper.server.analysis.verdict.verdict import decide

from .facts import RULES, designed
from .witnessed import Kind, column, fit, predict, results, seen, steps, trained

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
    assert ("design_not_inspected" in found) == asked


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
