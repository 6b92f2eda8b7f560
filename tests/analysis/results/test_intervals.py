"""Intervals that a design takes from bootstraps are asked about where all are of one width."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from watchkeeper.server.analysis.artefacts.facts import TableFacts
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.results.intervals import by_formula, intervals

from ..evidence.facts import TRAINED
from ..evidence.witnessed import column, results

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


@pytest.mark.parametrize(
    ("said", "off", "found"),
    [
        ("5 % and 95 % quantiles of the posterior predictive draws", 0.0, ["intervals_by_formula"]),
        ("Lower and upper are percentiles over 500 bootstraps.", 0.0, ["intervals_by_formula"]),
        ("5 % and 95 % quantiles of the posterior predictive draws", 0.004, []),
        ("90 % intervals from draws: mean ± 1.645 standard deviations", 0.0, []),
        ("90 % intervals of the forecast", 0.0, []),
    ],
    ids=["quantiles", "bootstraps", "as draws have it", "by a formula that it names", "of no draws"],
)
def test_ends_of_quantiles_do_not_lie_around_the_mean_to_the_last_digit(
    said: str, off: float, found: list[str]
) -> None:
    low, high = ([m + sign * s for m, s in zip(MEANS, SPREAD, strict=True)] for sign in (-1, 1))
    high = [one + off * place % 0.007 for place, one in enumerate(high)]
    table = results(column("mean", *MEANS), column("q05", *low), column("q95", *high)).inside
    assert isinstance(table, TableFacts)
    design = read_design(f"# Model\n\n{said}\n", "d.md")
    assert [one.code for one in by_formula(replace(TRAINED, design=design), table)] == found


def test_a_column_that_says_that_it_is_the_middle_is_no_estimate() -> None:
    low, high = ([m + sign * s for m, s in zip(MEANS, SPREAD, strict=True)] for sign in (-1, 1))
    table = results(column("midpoint", *MEANS), column("q05", *low), column("q95", *high)).inside
    assert isinstance(table, TableFacts)
    design = read_design("# Model\n\n5 % and 95 % quantiles of the posterior predictive draws\n", "d.md")
    assert [*by_formula(replace(TRAINED, design=design), table)] == []
