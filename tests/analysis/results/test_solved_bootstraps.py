"""Bootstraps by optimisers of SciPy are as many as there are calls of these, where nothing else fits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.verdict.trained import training

from ..evidence.facts import RULES, TRAINED
from ..evidence.witnessed import Kind, fit, fp, seen

MINIMIZE = "scipy.optimize.minimize"


def solved(count: int, call: str = MINIMIZE, number: int = 1) -> Kind:
    facts = {"id": number, "call": call, "count": count, "first": fp("a"), "last": fp("b")}
    return {"kind": "solve", "where": f"model_1.py:{number}", "facts": facts}


def code(*lines: Kind, row: str = "**Bootstraps**: 500") -> str:
    design = read_design(f"## Computational requirements\n- **Method**: maximum likelihood\n- {row}\n", "d.md")
    check = training(replace(TRAINED, design=design, history=None, epochs={}), RULES, {}, seen(*lines))
    return check.code if check is not None else ""


@pytest.mark.parametrize(
    "lines",
    [(solved(61),), (solved(1), solved(40, number=2)), (solved(60, "scipy.optimize.curve_fit"),)],
    ids=["60 and the estimate", "at two places", "curve_fit"],
)
def test_fewer_calls_of_optimisers_than_bootstraps_are_asked_about(lines: tuple[Kind, ...]) -> None:
    assert code(*lines) == "bootstraps_not_fitted"


@pytest.mark.parametrize(
    ("lines", "row"),
    [
        ((solved(501),), "**Bootstraps**: 500"),
        ((solved(250), solved(250, number=2)), "**Bootstraps**: 500"),
        ((solved(2, "numpy.linalg.solve"),), "**Bootstraps**: 500"),
        ((solved(1, "scipy.optimize.differential_evolution"),), "**Bootstraps**: 500"),
        ((solved(3),), "**Starts**: 3"),
        ((solved(3), fit(1, "Gibbs", library="mine", x=fp("x1"))), "**Bootstraps**: 500"),
    ],
    ids=["all", "at two places", "stacked systems", "one call of many", "no bootstraps", "a fit beside them"],
)
def test_calls_enough_or_that_may_be_many_are_not_asked_about(lines: tuple[Kind, ...], row: str) -> None:
    assert code(*lines, row=row) != "bootstraps_not_fitted"
