"""A monotone function of a prediction whose steps are the means of the outcomes was fitted to them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from watchkeeper.server.analysis.artefacts.facts import TableFacts
from watchkeeper.server.analysis.evidence.match import Match
from watchkeeper.server.analysis.evidence.words import Word
from watchkeeper.server.analysis.results.predicted import matches
from watchkeeper.server.analysis.splits.fitted_to_outcomes import fitted_to_outcomes
from watchkeeper.server.analysis.verdict.verdict import decide
from watchkeeper.server.analysis.witness.fingerprints import places

from ..artefacts.helpers import made_here
from ..evidence.facts import RESULTS, RULES
from ..evidence.witnessed import column, fit, predict, results, seen, trained

RNG = np.random.default_rng(5)
RAW = np.sort(RNG.normal(size=32))
TRUTH = (RAW + RNG.normal(0, 0.8, 32)).round(3)
STEPS = np.repeat(np.arange(8), 4)


def stepped(values: npt.NDArray[np.float64], digits: int = 6) -> list[float]:
    """Return the means of eight blocks that rise, as an isotonic fit gives."""
    means = np.maximum.accumulate([values[one == STEPS].mean() for one in range(8)])
    return [float(one) for one in means[STEPS].round(digits)]


ISOTONIC = TRUTH.copy()
ISOTONIC[:] = np.sort(TRUTH)  # outcomes whose blocks rise: then each step is the mean of its rows


@pytest.mark.parametrize(
    ("adjusted", "truth", "asked"),
    [
        (stepped(ISOTONIC), ISOTONIC, True),
        (stepped(ISOTONIC, 3), ISOTONIC, True),
        (stepped(RAW), ISOTONIC, False),
        ([float(one) for one in np.clip(RAW, -1, 1)], ISOTONIC, False),
        ([float(one) for one in RAW], ISOTONIC, False),
    ],
    ids=["the outcomes' means", "rounded", "means of the prediction", "cut", "as predicted"],
)
def test_steps_that_are_means_of_the_outcomes_are_asked_about(
    adjusted: list[float], truth: npt.NDArray[np.float64], asked: bool
) -> None:
    told = seen(fit(1, "GradientBoostingRegressor"), predict(1, "GradientBoostingRegressor", *map(float, RAW)))
    table = results(column("actual", *map(float, truth)), column("predicted", *adjusted)).inside
    assert isinstance(table, TableFacts)
    found = [*fitted_to_outcomes(table, matches(table, told.predictions))]
    assert [one.code for one in found] == ["fitted_to_outcomes"] * asked


def test_probabilities_that_were_calibrated_elsewhere_and_grades_are_not_fitted_to_classes() -> None:
    raw = RNG.normal(size=600)
    classes = (RNG.random(600) < 1 / (1 + np.exp(-2 * raw))).astype(float)
    platt = np.round(1 / (1 + np.exp(-1.8 * raw - 0.1)), 2)
    grades = np.digitize(raw, [-1.0, 0.0, 1.0]).astype(float)
    means = np.array([classes[platt == one].mean() for one in platt])
    line = predict(1, "GradientBoostingRegressor", *(float(raw[one]) for one in places(600)))
    line["facts"]["values"]["shape"] = [600]
    told = seen(fit(1, "GradientBoostingRegressor"), line)
    for name, values, truth in (
        ("predicted", platt, classes), ("grade", grades, grades), ("bin_observed", np.sort(means), classes)
    ):  # fmt: skip
        table = results(column("actual", *map(float, truth)), column(name, *map(float, values))).inside
        assert isinstance(table, TableFacts)
        found = [Match(name, told.predictions[0], exact=False)]
        assert [*fitted_to_outcomes(table, found)] == [], name


def test_numbers_whose_squares_are_infinite_end_no_verdict(tmp_path: Path) -> None:
    huge = [1e308 * (1 if one % 2 else -1) for one in range(32)]
    path = tmp_path / "results.csv"
    path.write_text("actual,predicted\n" + "\n".join(f"{one},{one}" for one in huge))
    table = made_here(path)
    assert isinstance(table, TableFacts)
    lines = (fit(1, "ExtraTreesRegressor"), predict(1, "ExtraTreesRegressor", *huge), predict(1, "Ridge", *huge))
    evidence = trained(*lines)
    verdict = decide(replace(evidence, artefacts=(replace(RESULTS, inside=table), *evidence.artefacts[1:])), RULES)
    assert verdict.word is not Word.LIKELY_FABRICATION
