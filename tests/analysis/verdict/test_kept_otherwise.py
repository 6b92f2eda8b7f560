"""What a library keeps otherwise than others: medians for means, walkers without their first steps, data before fit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.artefacts.parameter_facts import ParameterFigures
from watchkeeper.server.analysis.counted.counts import counted
from watchkeeper.server.analysis.evidence.words import Outcome, Word
from watchkeeper.server.analysis.verdict.verdict import decide

from ..evidence.facts import MODEL, RULES, check, designed
from ..evidence.witnessed import SAVED, Kind, column, found, fp, mcmc, results, sampling, trained

FIGURES = tuple(ParameterFigures(name=name, mean=mean, sd=sd) for name, mean, sd in (("mu", 4.4, 0.6), ("tau", 2, 0.2)))


@pytest.mark.parametrize(
    ("values", "labels", "outcome"),
    [
        ((4.3, 1.96), ("mu", "tau"), Outcome.PASSED),  # medians of thinned draws
        ((4.3, 2.2), ("mu", "tau"), Word.INVESTIGATE),
        ((4.3, 1.96), ("a", "b"), Word.INVESTIGATE),
    ],
    ids=["near the means", "one of them is not", "of other names"],
)
def test_a_median_of_each_parameter_is_explained_by_its_draws(
    values: tuple[float, ...], labels: tuple[str, ...], outcome: Outcome | Word
) -> None:
    trace = replace(SAVED, figures=FIGURES, groups=("posterior",))
    table = results(column("value", *values), column("plus", 0.61, 0.19), labels=labels)
    verdict = decide(replace(mcmc(), artefacts=(table, replace(MODEL, inside=trace))), RULES)
    assert found(verdict, "results")[0] == str(outcome)


@pytest.mark.parametrize(
    ("method", "steps", "code"), [("ensemble", 3000, ""), ("ensemble", 2000, "iterations_short"), ("mcmc", 3000, "")]
)
def test_the_steps_of_walkers_are_those_that_were_taken(method: str, steps: int, code: str) -> None:
    ran = sampling(method=method, draws=steps, tune=None if method == "ensemble" else 1000, library="emcee")
    trace = replace(SAVED, draws=2000, stats_draws=None, tuning_steps=None if method == "ensemble" else 1000)
    evidence = designed("Steps | 3000 | | |\n", mcmc(ran, saved=trace))
    assert "iterations" in counted(evidence)
    assert check(decide(evidence, RULES), "iterations").code == code


@pytest.mark.parametrize(("shape", "code"), [([], ""), ([40], "few_rows")])
def test_rows_that_nobody_told_are_not_few(shape: list[int], code: str) -> None:
    x: dict[str, Any] = {**fp("x"), "shape": shape}
    fits: list[Kind] = [
        {"kind": "fit", "facts": {"id": one, "object": one, "library": "statsmodels", "class": "SARIMAX", "wall_s": 9e3,
                                  "x": {**x, "sha": f"x{one}"} if shape else None}}
        for one in range(30)
    ]  # fmt: skip
    predicted = {"kind": "predict", "facts": {"class": "SARIMAX", "values": fp("p", size=400)}}
    assert found(decide(trained(*fits, predicted), RULES), "training")[1] == code
