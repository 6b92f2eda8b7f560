"""Quantiles and horizons that a design fits one by one are asked about where they are one column moved or stretched."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from watchkeeper.server.analysis.artefacts.facts import TableFacts
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.results.one_model import one_model
from watchkeeper.server.analysis.results.predicted import matches

from ..evidence.facts import TRAINED
from ..evidence.witnessed import Kind, column, fit, fp, results, seen

MIDDLE = [round(20 + 5 * math.sin(place * place), 4) for place in range(32)]
WIDER = [round(one + 2 + math.cos(place), 4) for place, one in enumerate(MIDDLE)]
QUANTILES = "gradient boosting, quantile regression (0.1, 0.5, 0.9)"
HORIZONS = "random forest, a separate model for each horizon"


def predicted(number: int, values: list[float]) -> Kind:
    facts = {"object": number, "of": number, "class": "LGBMRegressor", "call": "predict",
             "values": fp(f"p{number}", at=tuple(values), size=len(values))}  # fmt: skip
    return {"kind": "predict", "where": f"m.py:{number}", "facts": facts}


MEDIAN = (fit(1, "LGBMRegressor", params={"objective": "quantile", "alpha": 0.5}), predicted(1, MIDDLE))


def codes(method: str, high: list[float], *lines: Kind, names: tuple[str, str] = ("q50", "q90")) -> list[str]:
    table = results(column("day", *range(32)), column(names[0], *MIDDLE), column(names[1], *high)).inside
    assert isinstance(table, TableFacts)
    design = read_design(f"## Computational requirements\n- **Method**: {method}\n", "d.md")
    told = seen(*lines)
    found = matches(table, told.predictions)
    return [one.code for one in one_model(replace(TRAINED, design=design), told, table, found)]


@pytest.mark.parametrize(
    ("method", "high", "names"),
    [
        (QUANTILES, [one + 3.25 for one in MIDDLE], ("q50", "q90")),
        (QUANTILES, [round(one * 1.07, 3) for one in MIDDLE], ("median", "p90")),
        (HORIZONS, [round(4 + 0.8 * one, 3) for one in MIDDLE], ("h1", "h7")),
        (HORIZONS, [round(4 + 0.8 * one, 3) for one in MIDDLE], ("forecast_1d", "forecast_7d")),
    ],
)
def test_a_column_that_is_another_one_moved_or_stretched_is_asked_about(
    method: str, high: list[float], names: tuple[str, str]
) -> None:
    assert codes(method, high, *MEDIAN, names=names) == ["columns_of_one_model"]


def test_columns_that_are_one_models_by_the_design_or_by_their_fits_are_not_asked_about() -> None:
    moved = [one + 3.25 for one in MIDDLE]
    upper = (fit(2, "LGBMRegressor", params={"objective": "quantile", "alpha": 0.9}), predicted(2, moved))
    assert not codes(QUANTILES, WIDER, *MEDIAN)  # a quantile of its own
    assert not codes(QUANTILES, moved, *MEDIAN, *upper)  # two levels were fitted
    assert not codes(f"{QUANTILES}, bands by the quantiles of the residuals", moved, *MEDIAN)
    assert not codes("gradient boosting", moved, *MEDIAN)
    assert not codes(QUANTILES, moved, *MEDIAN, names=("q50", "kilograms"))
    assert not codes("multi-output forest for all horizons", moved, *MEDIAN, names=("h1", "h7"))
