"""Predictions that were changed in some rows, or that are nearer to the outcomes than anything that predicted."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace
from statistics import fmean, pstdev
from typing import Any

import pytest
from watchkeeper.server.analysis.artefacts.facts import ColumnFacts, TableFacts
from watchkeeper.server.analysis.results.edited import edited
from watchkeeper.server.analysis.results.predicted import matches
from watchkeeper.server.analysis.witness.fingerprints import places

from ..evidence.witnessed import Kind, column, fit, fp, predict, seen, steps

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


def logged(values: tuple[float, ...], scale: Callable[[float], float]) -> list[str]:
    """Hand in a column beside what was predicted in another unit."""
    line = predict(1, NAME)
    told = [scale(one) for one in MODEL]
    at = tuple(told[place] for place in places(len(told)))
    line["facts"]["values"] = fp("p", at=at, size=len(told), mean=fmean(told), min=min(told), max=max(told))
    columns = (column("actual", *TRUTH), column("predicted", *values))
    table = TableFacts(format="csv", size_bytes=9, rows=len(values), columns=columns)
    one = seen(fit(1, NAME), line)
    return [each.code for each in edited(one, table, matches(table, one.predictions))]


def test_what_was_predicted_in_another_unit_and_put_back_is_not_asked_about() -> None:
    assert logged(MODEL, lambda one: math.log1p(max(0.0, one))) == []
    assert logged(MODEL, lambda one: (one - 10.0) / 3.0) == []
    assert logged(tuple(0.5 * one for one in MODEL), lambda one: one + 7.0) == []  # a bias that was taken off


def test_what_was_predicted_row_by_row_is_not_held_against_another_model() -> None:
    better = changed(lambda place, value: near(value, TRUTH[place], 0.6))
    ahead = [{**predict(2, "SVR", value), "where": "m.py:9"} for value in better]
    assert codes(better, *ahead) == []
    assert codes(better, *ahead[:40]) == ["nearer_than_predicted"]


def test_one_value_that_was_cut_off_at_a_bound_is_not_asked_about() -> None:
    bound = sorted(MODEL)[1] - 0.011
    assert codes(changed(lambda _, value: max(bound, value))) == []
    assert codes(changed(lambda place, value: value + 9.3 if place == WORST[0] else value)) == ["predictions_edited"]


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


def test_predictions_of_folds_whose_figures_alone_are_those_of_a_column_are_no_edited_ones() -> None:
    halves = MODEL[:100], MODEL[100:]
    lines: list[Kind] = []
    for number, half in enumerate(halves, start=1):
        line = predict(number, NAME)
        told: dict[str, Any] = {"mean": fmean(half), "sd": pstdev(half), "min": min(half), "max": max(half)}
        at = tuple(half[place] for place in places(len(half)))
        line["facts"]["values"] = fp(f"p{number}", at=at, size=len(half), **told)
        lines += [fit(number, NAME), {**line, "where": "model_1.py:9"}]
    mixed = tuple(OWN.sample(MODEL, len(MODEL)))  # out of fold, in the table's own order
    table = TableFacts(format="csv", size_bytes=9, rows=200, columns=(with_moments(mixed),))
    one = seen(*lines)
    found = matches(table, one.predictions)
    assert [each.exact for each in found] == [True]
    assert not [*edited(one, table, found)]


def with_moments(values: tuple[float, ...]) -> ColumnFacts:
    return replace(column("predicted", *values), mean=fmean(values), sd=pstdev(values))


def test_quantiles_that_crossed_may_be_put_in_order_and_nothing_else() -> None:
    untold = next(place for place in range(len(MODEL)) if place not in TOLD)
    upper = tuple(one + (1.0 if place != untold else -0.5) for place, one in enumerate(MODEL))
    lines: list[Kind] = []
    for number, values in enumerate((MODEL, upper), 1):
        line = predict(number, NAME)
        at = tuple(values[place] for place in places(len(values)))
        line["facts"]["values"] = fp(f"p{number}", at=at, size=len(values), mean=fmean(values))
        lines += [fit(number, NAME), line]
    one = seen(*lines)

    def asked(low: tuple[float, ...], high: tuple[float, ...]) -> list[str]:
        columns = (column("q05", *low), column("q95", *high))
        table = TableFacts(format="csv", size_bytes=9, rows=len(low), columns=columns)
        return [each.code for each in edited(one, table, matches(table, one.predictions))]

    pairs = [*zip(MODEL, upper, strict=True)]
    low, high = tuple(map(min, pairs)), tuple(map(max, pairs))
    assert asked(low, high) == []
    better = tuple(each + (3.0 if place == untold else 0.0) for place, each in enumerate(high))
    assert asked(low, better) == ["predictions_edited"]
