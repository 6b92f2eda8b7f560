"""Predictions nearer to the outcomes than predictive draws, and intervals narrower than theirs, are asked about."""

from __future__ import annotations

import math

import pytest
from watchkeeper.server.analysis.artefacts.facts import TableFacts
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.samplers.predictive import against_predictive
from watchkeeper.server.analysis.witness.fingerprints import places

from ..evidence.witnessed import Kind, column, fit, fp, results, sampling, seen

ROWS = 60
MEANS = [10 + 3 * math.sin(row) for row in range(ROWS)]
ACTUAL = [mean + 1.5 * math.cos(5 * row) for row, mean in enumerate(MEANS)]
SAYS = "Intervals: 5 % and 95 % quantiles of the posterior predictive draws."


def drawn(name: str = "y", off: float = 0.0) -> Kind:
    told = [MEANS[row] + off for row in places(ROWS)]
    ends = {"0.05": -2.0, "0.5": 0.01, "0.95": 2.1}
    over = {
        "mean": fp("m", at=tuple(told), size=ROWS),
        "quantiles": {k: [one + by for one in told] for k, by in ends.items()},
    }
    return sampling(method="predictive", call="pymc.sample_posterior_predictive", variables={}, over={name: over})


def asked(pulled: float, wide: float, *lines: Kind, design: str = SAYS) -> list[str]:
    predicted = [mean + pulled * (actual - mean) for mean, actual in zip(MEANS, ACTUAL, strict=True)]
    table = results(
        column("observed", *ACTUAL),
        column("predicted", *predicted),
        column("q05", *[mean - 2.0 * wide for mean in MEANS]),
        column("q95", *[mean + 2.1 * wide for mean in MEANS]),
    ).inside
    assert isinstance(table, TableFacts)
    return [one.code for one in against_predictive(read_design(design, "d.md"), seen(*lines), table)]


@pytest.mark.parametrize(
    ("pulled", "wide", "codes"),
    [
        (0.0, 1.0, []),
        (0.1, 1.0, []),
        (0.6, 1.0, ["nearer_than_predictive_draws"]),
        (0.0, 0.7, ["narrower_than_predictive_draws"]),
        (0.0, 1.3, []),
    ],
    ids=["as drawn", "of fewer draws", "drawn to the outcomes", "narrower", "wider"],
)
def test_results_are_held_against_the_draws(pulled: float, wide: float, codes: list[str]) -> None:
    assert asked(pulled, wide, sampling(), drawn()) == codes


@pytest.mark.parametrize(
    ("lines", "design"),
    [
        ([sampling()], SAYS),
        ([sampling(), drawn(), fit(1, "RandomForestRegressor")], SAYS),
        ([sampling(), drawn(off=40.0)], "90 % credible intervals of the mean, from draws."),
    ],
    ids=["no draws told", "another model too", "in another unit, of the mean"],
)
def test_what_may_be_made_otherwise_is_not_asked_about(lines: list[Kind], design: str) -> None:
    assert asked(0.6, 0.7, *lines, design=design) == []


def sorted_table(*, pulled: float) -> list[str]:
    """Return what is asked of results whose rows are sorted otherwise than the draws."""
    order = sorted(range(ROWS), key=lambda row: row // 20 * 100 + (7 * row) % 20)
    predicted = [MEANS[row] + pulled * (ACTUAL[row] - MEANS[row]) for row in order]
    table = results(column("observed", *[ACTUAL[row] for row in order]), column("predicted", *predicted)).inside
    assert isinstance(table, TableFacts)
    return [one.code for one in against_predictive(read_design(SAYS, "d.md"), seen(sampling(), drawn()), table)]


def test_the_same_means_at_other_rows_are_the_draws_own() -> None:
    assert sorted_table(pulled=0.0) == []


def test_numbers_too_large_to_be_squared_ask_nothing() -> None:
    huge = [1e200 * (row + 1) for row in range(ROWS)]
    table = results(column("observed", *huge), column("predicted", *huge[1:], 1.0)).inside
    assert isinstance(table, TableFacts)
    assert [*against_predictive(read_design(SAYS, "d.md"), seen(sampling(), drawn()), table)] == []
