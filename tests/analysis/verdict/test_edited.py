"""Predictions that were changed in some rows, or that are nearer to the outcomes than anything that predicted."""

from __future__ import annotations

import random
from collections.abc import Callable
from statistics import fmean
from typing import Any

import pytest
from watchkeeper.server.analysis.artefacts.facts import TableFacts
from watchkeeper.server.analysis.verdict.edited import edited
from watchkeeper.server.analysis.verdict.predicted import matches
from watchkeeper.server.analysis.witness.fingerprints import places

from .witnessed import Kind, column, fit, fp, predict, seen, steps

OWN = random.Random(3)
TRUTH = tuple(round(OWN.gauss(10.0, 3.0), 3) for _ in range(200))
MODEL = tuple(one + OWN.gauss(0.0, 1.5) for one in TRUTH)
TOLD = set(places(len(MODEL)))
NAME = "LGBMRegressor"


def codes(values: tuple[float, ...], *more: Kind, name: str = "predicted") -> list[str]:
    line = predict(1, NAME)
    at = tuple(MODEL[place] for place in places(len(MODEL)))
    told: dict[str, Any] = {"mean": fmean(MODEL), "min": min(MODEL), "max": max(MODEL)}
    line["facts"]["values"] = fp("p", at=at, size=len(MODEL), **told)
    columns = (column("actual", *TRUTH), column(name, *values))
    table = TableFacts(format="csv", size_bytes=9, rows=len(values), columns=columns)
    one = seen(fit(1, NAME), line, *more)
    return [each.code for each in edited(one, table, matches(table, one.predictions))]


def changed(change: Callable[[int, float], float]) -> tuple[float, ...]:
    return tuple(change(place, value) for place, value in enumerate(MODEL))


def near(value: float, truth: float, share: float) -> float:
    return value + share * (truth - value)


WORST = sorted(set(range(200)) - TOLD, key=lambda place: -abs(MODEL[place] - TRUTH[place]))[:20]


def test_rows_that_were_set_right_between_those_that_are_told_are_asked_about() -> None:
    better = changed(lambda place, value: TRUTH[place] + 0.3 if place in WORST else value)
    assert codes(better) == ["predictions_edited"]
    assert codes(tuple(round(one, 2) for one in better)) == ["predictions_edited"]


def test_a_column_that_is_drawn_towards_the_outcomes_is_asked_about() -> None:
    assert codes(changed(lambda place, value: near(value, TRUTH[place], 0.6))) == ["nearer_than_predicted"]


@pytest.mark.parametrize(
    ("values", "name"),
    [
        (MODEL, "predicted"),
        (tuple(round(one, 1) for one in MODEL), "predicted"),
        (changed(lambda _, value: max(6.0, value)), "predicted"),  # cut off at a bound
        (changed(lambda _, value: 0.9 * value + 1.0), "predicted"),  # in another unit, calibrated
        (changed(lambda place, value: near(value, TRUTH[place], 0.1)), "predicted"),  # as a mean of several is
        (changed(lambda place, value: near(value, TRUTH[place], 0.6)), "level"),  # called no prediction
        (tuple(abs(a - b) for a, b in zip(MODEL, TRUTH, strict=True)), "error"),
    ],
)
def test_predictions_and_what_is_usually_made_of_them_are_not_asked_about(values: tuple[float, ...], name: str) -> None:
    assert codes(values, name=name) == []


def test_what_a_network_may_have_predicted_is_not_asked_about() -> None:
    assert codes(changed(lambda place, value: near(value, TRUTH[place], 0.6)), steps()) == []
