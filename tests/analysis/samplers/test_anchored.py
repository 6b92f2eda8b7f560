"""A pseudo-observation, or a potential that pulls one variable, is asked about where the design says nothing of it."""

from __future__ import annotations

from typing import Any

import pytest
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.samplers.anchored import anchored

from ..evidence.witnessed import Kind, fp, sampling, seen

PLAIN = "Regression of yield on rain; b ~ Normal(0, 5)."
ROWS: Kind = {"shape": [90], "prior": "y ~ Normal(f(b), sigma)", "data": fp("y", size=90)}
ONE: Kind = {"shape": [], "prior": "hint ~ Normal(b, 0.01)", "data": {**fp("h", at=(2.1,)), "shape": []}}


def asked(line: Kind, design: str = PLAIN) -> list[str]:
    return [one.code for one in anchored(read_design(design, "d.md"), seen(line))]


def model(**more: Any) -> Kind:
    return sampling(**{"observed": {"y": ROWS}, **more})


def numpyro(shape: list[int], told: str = "Normal(f(), 0.01)") -> Kind:
    sites = {"y": {"prior": "Normal(f(), f())", "shape": [90]}, "hint": {"prior": told, "shape": shape}}
    return model(library="numpyro", likelihoods=sites)


ANCHORED = [model(observed={"y": ROWS, "hint": ONE}), model(pulled={"penalty": "b"}), numpyro([])]


@pytest.mark.parametrize("line", ANCHORED, ids=["one observation", "a potential", "NumPyro"])
def test_what_holds_a_variable_is_asked_about(line: Kind) -> None:
    assert asked(line) == ["variable_anchored"]
    assert asked(line, f"{PLAIN} The total of last year's census enters as a soft constraint.") == []


@pytest.mark.parametrize(
    "line",
    [model(), model(observed={"y": ROWS, "z": {**ROWS, "data": fp("z", size=40)}}), model(observed={"hint": ONE}),
     numpyro([20]), numpyro([], "Unit(f())")],
    ids=["data alone", "two sources", "one number alone", "a second source", "a factor"],
)  # fmt: skip
def test_data_and_factors_are_not(line: Kind) -> None:
    assert asked(line) == []
