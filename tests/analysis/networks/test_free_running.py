"""What a network was given against the outcomes: a free forecast fed with them, an outcome among the inputs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain

import pytest
from watchkeeper.server.analysis.artefacts.facts import ColumnFacts, TableFacts
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.networks.free_running import fed_with_outcomes
from watchkeeper.server.analysis.witness.fingerprints import places

from ..evidence.facts import spoilt
from ..evidence.witnessed import Kind, fp, seen

ROWS = 120
ACTUAL = [round(40 + 6 * math.sin(row / 5) + 3 * math.cos(row * row), 3) for row in range(ROWS)]
PREDICTED = [one + 2 * math.sin(3 * row) for row, one in enumerate(ACTUAL)]
FREE = "Each forecast is fed back as the input of the next; no measured value of the test period is used.\n"


def scaled(values: Sequence[float]) -> list[float]:
    return [(one - 40) / 5 for one in values]


def given(**columns: Sequence[float]) -> Kind:
    told = {name.lstrip("_"): [values[row] for row in places(ROWS)] for name, values in columns.items()}
    x = {"shape": [ROWS], "rows": ROWS, "given": told}
    return {"kind": "forward", "facts": {"class": "Net", "rows": ROWS, "values": fp("out", size=ROWS), "x": x}}


def before(values: Sequence[float], by: int) -> list[float]:
    return [*(30.0 + row for row in range(by)), *values[: ROWS - by]]


def code(said: str, line: Kind, columns: dict[str, list[float]] | None = None) -> str:
    columns = columns or {"actual": ACTUAL, "predicted": PREDICTED}
    told = tuple(ColumnFacts(name=name, numbers=ROWS, values=tuple(each)) for name, each in columns.items())
    table = TableFacts(format="csv", size_bytes=9, rows=ROWS, column_count=2, columns=told)
    evidence = spoilt(design=read_design(said, "model_design_1.md"))
    return next((one.code for one in fed_with_outcomes(evidence, seen(line), table)), "")


@pytest.mark.parametrize("by", [1, 3, 24])
def test_a_free_forecast_that_was_fed_with_outcomes_is_asked_about(by: int) -> None:
    line = given(_0=scaled(before(ACTUAL, 12)), _11=scaled(before(ACTUAL, by)))
    assert code(FREE, line) == "forecast_fed_with_outcomes"
    assert code("The load of the next hour is forecast from the last twelve.\n", line) == ""
    assert code(f"{FREE}Beside it one-step-ahead forecasts are made.\n", line) == ""


@pytest.mark.parametrize(
    "line",
    [
        given(_11=scaled(before(PREDICTED, 1))),  # fed back
        given(_0=[float(row % 24) for row in range(ROWS)], _1=[math.sin(row / 24) for row in range(ROWS)]),
        given(_11=[one + 0.4 * math.sin(row * row) for row, one in enumerate(scaled(before(ACTUAL, 1)))]),
        given(_11=[1.0] * ROWS),
        given(),
    ],
)
def test_a_forecast_that_was_fed_with_forecasts_hours_or_noisy_values_is_not_asked_about(line: Kind) -> None:
    assert code(FREE, line) == ""


def test_an_outcome_among_the_inputs_is_asked_about_but_of_what_gives_its_input_back() -> None:
    line = given(_3=scaled(ACTUAL))
    assert code("A network predicts the load from weather.\n", line) == "outcome_among_the_inputs"
    assert code("An autoencoder gives the load back; large errors are anomalies.\n", line) == ""
    assert code("A network predicts the load from weather.\n", given(_3=scaled(PREDICTED))) == ""


def test_steps_of_many_forecasts_that_were_each_given_the_outcomes_are_asked_about() -> None:
    begins, horizon = 30, 4
    level = [[3 + math.sin(start * 1.3 + step / 3) + start / 40 for step in range(horizon)] for start in range(begins)]
    own = [[one + 0.3 * math.cos(start * step) for step, one in enumerate(each)] for start, each in enumerate(level)]

    def step(of: list[list[float]], number: int) -> Kind:
        told = {"0": [1.0] * begins, "1": [2 * each[number] - 5 for each in of]}
        x = {"shape": [begins], "rows": begins, "row_keys": [f"{number:016x}"], "given": told}
        return {"kind": "forward", "facts": {"class": "GRU", "rows": begins, "values": fp("h", size=begins), "x": x}}

    def asks(of: list[list[float]]) -> bool:
        columns = {"lead": [*range(horizon)] * begins, "level_m": [*chain(*level)], "forecast_m": [*chain(*own)]}
        told = tuple(ColumnFacts(name=name, numbers=120, values=tuple(each)) for name, each in columns.items())
        table = TableFacts(format="csv", size_bytes=9, rows=120, column_count=3, columns=told)
        evidence = spoilt(design=read_design(FREE, "model_design_1.md"))
        return bool([*fed_with_outcomes(evidence, seen(*(step(of, number) for number in range(3))), table)])

    assert asks(level)
    assert not asks(own)


def test_a_place_by_the_name_of_y_and_a_density_of_outcomes_are_not_asked_about() -> None:
    line, x = given(_0=scaled(PREDICTED), _1=scaled(ACTUAL)), [math.sin(7 * row) for row in range(ROWS)]
    field = {"x": x, "y": ACTUAL, "u_pred": PREDICTED, "u_exact": [one * one for one in x]}
    assert code("A network solves the heat equation.\n", line, field) == ""
    curve = {"x": x, "y": ACTUAL, "predicted": PREDICTED}
    assert code("A network fits the curve.\n", line, curve) == "outcome_among_the_inputs"
    assert code("A normalising flow gives the density of the load.\n", line) == ""
