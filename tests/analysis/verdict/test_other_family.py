"""A method that a design names has to be among what was fitted; another one that took its place is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.verdict.other_family import other_family

from ..evidence.facts import TRAINED
from ..evidence.witnessed import Kind, fit, seen, steps

MIXED = "linear mixed model with random intercepts by school"
OLS = fit(1, "OLS", library="statsmodels")
RAISED = fit(2, "MixedLM", library="statsmodels", raised="LinAlgError")
FOREST = fit(3, "RandomForestRegressor")
OWN = fit(4, "Stacked", library="model_1", own=True)


def said(method: str, *lines: Kind) -> list[str]:
    design = read_design(f"## Computational requirements\n- **Method**: {method}\n", "d.md")
    return [one.what for one in other_family(replace(TRAINED, design=design), seen(*lines))]


@pytest.mark.parametrize(
    ("method", "lines"),
    [
        (MIXED, (OLS,)),
        (MIXED, (RAISED, OLS)),
        ("XGBoost", (FOREST,)),
        ("gradient boosting", (FOREST,)),
        ("Gaussian process", (fit(1, "KernelRidge"),)),
        ("SARIMA (1,1,1)", (fit(1, "OLS", library="statsmodels"),)),
        ("random forest", (fit(1, "LGBMRegressor", library="lightgbm"),)),
        ("Cox proportional hazards", (fit(1, "LogisticRegression"),)),
        ("VAR(2) model", (fit(1, "Ridge"),)),
    ],
)
def test_a_declared_family_of_which_nothing_was_fitted_is_asked_about(method: str, lines: tuple[Kind, ...]) -> None:
    (what,) = said(method, *lines)
    assert "d.md:2 declares" in what
    assert "the first at model_1.py" in what


def test_what_raised_before_another_model_took_its_place_is_named() -> None:
    assert "1 fits of MixedLM raised LinAlgError" in said(MIXED, RAISED, OLS)[0]


@pytest.mark.parametrize(
    ("method", "lines"),
    [
        (MIXED, (fit(1, "MixedLM", library="statsmodels"), OLS)),
        (MIXED, (steps(),)),
        (MIXED, (OWN, OLS)),
        (MIXED, (fit(1, "CoxPHFitter", library="lifelines"),)),
        ("gradient boosting", (fit(1, "HistGradientBoostingRegressor"),)),
        ("gradient boosting", (fit(1, "lightgbm.train", library="lightgbm"),)),
        ("gradient boosting", (fit(1, "Pipeline", done={"of": "XGBRegressor"}),)),
        ("random forest", (fit(1, "MultiOutputRegressor", inside={"RandomForestRegressor": 3}),)),
        ("random forest and boosting, compared", (FOREST,)),
        ("XGBoost (gradient boosting)", (fit(1, "LGBMRegressor", library="lightgbm"),)),
        ("ensemble of trees", (FOREST,)),
        ("random forest", (fit(1, "StandardScaler"),)),
        ("random forest", (fit(1, "LGBMRegressor", library="lightgbm", params={"boosting_type": "rf"}),)),
        ("ridge regression of Box-Cox transformed outcomes", (fit(1, "Ridge"),)),
        ("ridge regression on kNN-imputed columns", (fit(1, "KNNImputer"), fit(2, "Ridge"))),
        ("ridge regression on components (explained var 0.95)", (fit(1, "Ridge"),)),
        ("ridge regression instead of a random forest", (fit(1, "Ridge"),)),
        ("ridge regression, no gradient boosting", (fit(1, "Ridge"),)),
        ("random-effects meta-analysis by weighted least squares", (fit(1, "WLS", library="statsmodels"),)),
    ],
)
def test_a_family_that_was_fitted_under_whichever_name_is_not_asked_about(method: str, lines: tuple[Kind, ...]) -> None:
    assert not said(method, *lines)


def mixed(number: int, **more: Any) -> Kind:
    return fit(number, "MixedLM", library="statsmodels", **more)


NO = {"converged": False}
FELL_BACK = [
    line
    for number in range(2, 12, 2)
    for line in (mixed(number, done=NO), fit(number + 1, "OLS", library="statsmodels"))
]


def test_fits_that_do_not_converge_and_are_replaced_by_another_model_are_asked_about() -> None:
    (what,) = said(MIXED, *FELL_BACK)
    assert "5 of 5 fits of MixedLM" in what
    assert "OLS was fitted 5 times" in what
    assert said(MIXED, RAISED, OLS, mixed(3, done=NO), fit(4, "OLS", library="statsmodels"))


def test_fits_that_do_not_converge_and_are_not_replaced_are_not_asked_about() -> None:
    assert not said(MIXED, *(mixed(number, done=NO) for number in range(2, 7)))
    assert not said(MIXED, OLS, *(mixed(number, done={"converged": True}) for number in range(2, 7)))
    assert not said(MIXED, *FELL_BACK[:2], *(mixed(number, done={"converged": True}) for number in range(20, 40)))


def test_a_baseline_beside_every_fit_and_a_fallback_that_the_design_has_are_not_asked_about() -> None:
    baseline = [
        line
        for number in range(30, 50, 2)
        for line in (mixed(number, done={"converged": True}), fit(number + 1, "OLS", library="statsmodels"))
    ]
    assert not said(MIXED, *FELL_BACK, *baseline)
    assert not said(f"{MIXED}\n- **Fallback**: least squares where it fails to converge", *FELL_BACK)
