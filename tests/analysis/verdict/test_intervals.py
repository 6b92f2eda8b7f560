"""Intervals that a design takes from bootstraps are asked about where all are of one width."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from watchkeeper.server.analysis.artefacts.facts import TableFacts
from watchkeeper.server.analysis.verdict.design import read_design
from watchkeeper.server.analysis.verdict.intervals import intervals

from .facts import TRAINED
from .witnessed import column, results

MEANS = [math.sin(place) for place in range(40)]
SPREAD = [0.3 + 0.1 * math.cos(place) for place in range(40)]
ONE_WIDTH = [0.35] * 40


@pytest.mark.parametrize(
    ("method", "spread", "found"),
    [
        ("Ensemble (random forest), 90 % intervals from bootstraps", ONE_WIDTH, ["intervals_of_one_width"]),
        ("gradient boosting, quantile bands", ONE_WIDTH, ["intervals_of_one_width"]),
        ("Ensemble (random forest), 90 % intervals from bootstraps", SPREAD, []),
        ("Ensemble (random forest), split conformal intervals", ONE_WIDTH, []),  # these are of one width by nature
        ("Ensemble (random forest), intervals from quantiles of the residuals", ONE_WIDTH, []),
        ("Ensemble (random forest), bootstrap", ONE_WIDTH, []),
    ],
)
def test_one_width_for_all_is_no_quantile_of_draws(method: str, spread: list[float], found: list[str]) -> None:
    low, high = ([round(m + sign * s, 5) for m, s in zip(MEANS, spread, strict=True)] for sign in (-1, 1))
    table = results(column("predicted", *MEANS), column("lower_90", *low), column("upper_90", *high)).inside
    assert isinstance(table, TableFacts)
    design = read_design(f"## Computational requirements\n- **Method**: {method}\n", "d.md")
    assert [one.code for one in intervals(replace(TRAINED, design=design), table)] == found
