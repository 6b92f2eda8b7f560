"""A network without activations and a booster without trees are linear models, whatever a design calls them."""

from __future__ import annotations

import pytest
from watchkeeper.server.analysis.verdict.linear_inside import linear_inside

from ..evidence.facts import designed
from ..evidence.witnessed import Kind, column, fit, fp, results, seen, spoilt

VALUES = tuple(round(0.137 * one * one % 7, 4) for one in range(24))


def predicted(name: str) -> Kind:
    facts = {"object": 1, "of": 1, "class": name, "call": "predict", "values": fp("p", at=VALUES, size=24)}
    return {"kind": "predict", "facts": facts}


def codes(name: str, params: dict[str, object], rows: str = "Method | Deep neural network | | | | YES\n") -> list[str]:
    told = seen(fit(1, name, params=params), predicted(name))
    evidence = designed(rows, spoilt(artefacts=(results(column("predicted", *VALUES)),), seen=told))
    return [one.code for one in linear_inside(evidence, told)]


@pytest.mark.parametrize(
    ("name", "params"), [("MLPRegressor", {"activation": "identity"}), ("XGBRegressor", {"booster": "gblinear"})]
)
def test_a_model_that_its_settings_make_linear_is_asked_about(name: str, params: dict[str, object]) -> None:
    assert codes(name, params) == ["linear_by_its_settings"]


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("MLPRegressor", {"activation": "relu"}),
        ("XGBRegressor", {"booster": None}),
        ("XGBRegressor", {"booster": "dart"}),
        ("GammaRegressor", {"activation": "identity"}),
    ],
)
def test_other_settings_and_other_classes_ask_nothing(name: str, params: dict[str, object]) -> None:
    assert codes(name, params) == []


def test_a_design_that_says_so_is_not_asked() -> None:
    rows = "Method | XGBoost with linear boosters | | | | YES\n"
    assert codes("XGBRegressor", {"booster": "gblinear"}, rows) == []
    rows = "Method | Neural network | | | | YES\nActivation | identity | | | | YES\n"
    assert codes("MLPRegressor", {"activation": "identity"}, rows) == []
