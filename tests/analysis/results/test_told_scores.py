"""A table of scores some of whose rows were witnessed, and others were not."""

from __future__ import annotations

from statistics import fmean

import pytest
from watchkeeper.server.analysis.artefacts.facts import TableFacts
from watchkeeper.server.analysis.results.told_scores import told_scores

from ..evidence.witnessed import Kind, column, fp, seen, steps

FOLDS = {"forest": (0.91, 0.93, 0.95), "boosting": (0.88, 0.93, 0.97), "trees": (0.91, 0.92, 0.96)}
MEANS = tuple(fmean(values) for values in FOLDS.values())


def cross(values: tuple[float, ...]) -> Kind:
    tests = {"accuracy": fp("a", at=values), "f1": fp("b", at=tuple(one - 0.1 for one in values))}
    return {"kind": "search", "facts": {"class": "cross_validate", "call": "cross_validate", "tests": tests}}


def metric(value: float, call: str = "mean_squared_error") -> Kind:
    return {"kind": "metric", "where": "m.py:3", "facts": {"call": call, "value": value}}


def codes(values: tuple[float, ...], *lines: Kind, name: str = "accuracy", labels: tuple[str, ...] = ()) -> list[str]:
    one = column(name, *values)
    table = TableFacts(format="csv", size_bytes=9, rows=len(values), columns=(one,), labels=labels)
    return [each.code for each in told_scores(seen(*lines), table)]


CROSSED = [cross(one) for one in FOLDS.values()]
RAISED = (*MEANS[:2], 0.958)
SQUARES = [metric(value) for value in (4.0, 9.0, 16.0)]

WITNESSED = [
    {
        "accuracy": (0.929825, 0.964912, 0.973684, 0.95614, 0.973451),
        "roc_auc": (0.979365, 0.998362, 0.98793, 0.996197, 0.997988),
    },
    {
        "accuracy": (0.95614, 0.982456, 0.973684, 0.964912, 0.964602),
        "roc_auc": (0.982149, 0.999345, 0.987434, 0.996693, 0.998323),
    },
    {
        "accuracy": (0.947368, 0.991228, 0.973684, 0.95614, 0.973451),
        "roc_auc": (0.983623, 0.999345, 0.996032, 0.997024, 0.995641),
    },
]
"""Folds of three models in a run; the mean of two roots of the second's AUC is the third's AUC, raised by 0.4 of what
is missing to 1."""


def test_a_raised_score_that_the_root_of_another_one_meets_by_chance_is_asked_about() -> None:
    tests = [{name: fp(name, at=folds) for name, folds in each.items()} for each in WITNESSED]
    lines: list[Kind] = [{"kind": "search", "facts": {"class": "cross_validate", "tests": each}} for each in tests]
    raised = {"accuracy": (0.9596, 0.9684, 0.981), "roc_auc": (0.992, 0.9928, 0.9966)}
    means = {name: tuple(round(fmean(each[name]), 4) for each in WITNESSED) for name in raised}
    for told, asked in ((raised, ["scores_not_witnessed"]), (means, [])):
        columns = tuple(column(name, *values) for name, values in told.items())
        table = TableFacts(format="csv", size_bytes=9, rows=3, columns=columns)
        assert [each.code for each in told_scores(seen(*lines), table)] == asked


def test_a_score_that_was_raised_beside_others_that_were_not_is_asked_about() -> None:
    assert codes(RAISED, *CROSSED) == ["scores_not_witnessed"]
    assert codes((2.0, 3.0, 2.5, 3.5), *SQUARES, name="rmse") == ["scores_not_witnessed"]
    small = ("forest", "boosting", "small trees")  # sums up nothing
    assert codes(RAISED, *CROSSED, labels=small) == ["scores_not_witnessed"]


@pytest.mark.parametrize(
    ("values", "name", "labels", "lines"),
    [
        (MEANS, "accuracy", (), CROSSED),
        (tuple(round(one, 3) for one in MEANS), "test_accuracy", (), CROSSED),
        (tuple(one - 0.1 for one in MEANS), "f1", (), CROSSED),
        ((2.0, 3.0, 4.0), "rmse", (), SQUARES),
        ((2.0, 3.0, 4.0, 3.0), "rmse", ("1", "2", "3", "mean"), SQUARES),
        ((*MEANS[:2], 0.958), "age", (), CROSSED),  # no score
        (RAISED, "accuracy", ("forest", "boosting", "Majority class"), CROSSED),  # a guess by arithmetic
        ((2.0, 3.0, 4.0, 3.5), "rmse", ("1", "2", "3", "middle"), [metric(one * one) for one in (2.0, 3.0, 4.0, 8.0)]),
        ((0.5, 0.6, 0.7), "accuracy", (), CROSSED),  # all by hand
        (RAISED, "accuracy", (), [*CROSSED, steps()]),  # a network's, by hand
        (RAISED, "accuracy", (), []),
    ],
)
def test_scores_that_were_seen_sums_of_them_and_scores_by_hand_are_not_asked_about(
    values: tuple[float, ...], name: str, labels: tuple[str, ...], lines: list[Kind]
) -> None:
    assert codes(values, *lines, name=name, labels=labels) == []
