"""Folds test rows that they do not train on, and each of them is fitted."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from watchkeeper.server.analysis.splits.folds_asked import folds_left_out, folds_shared, repeats_left_out

from ..evidence.witnessed import Kind, fit, fp, seen

ROWS = 640


def split(call: str = "StratifiedKFold.split", folds: int = 5) -> Kind:
    facts = {"call": call, "arguments": {"n_splits": folds}, "x": {**fp("x"), "shape": [ROWS, 10]}}
    return {"kind": "split", "where": "model_1.py:19", "facts": facts}


def fitted(rows: int = 512, name: str = "HistGradientBoostingClassifier") -> Kind:
    return {**fit(1, name), "where": "model_1.py:21", "facts": {**fit(1, name)["facts"], "x": {"shape": [rows, 10]}}}


def trials(count: int, fits: int, rows: int = 512) -> list[Kind]:
    return [line for _ in range(count) for line in (split(), split(), *(fitted(rows) for _ in range(fits)))]


@pytest.mark.parametrize(
    ("lines", "asked"),
    [
        (trials(20, 1), True),
        (trials(20, 5), False),
        ([*trials(8, 5), *trials(12, 2)], False),
        ([split(), fitted()], False),
        (trials(20, 1, rows=640), False),
        ([split(folds=5), *(fitted() for _ in range(100))], False),
        ([line for _ in range(20) for line in (split("ShuffleSplit.split"), fitted())], False),
    ],
    ids=["the first of five", "all five", "trials that were given up", "one split by a splitter",
         "another model of all rows", "divided once", "a split that is drawn"],
)  # fmt: skip
def test_one_fold_of_several_time_and_again_is_asked_about(lines: Sequence[Kind], asked: bool) -> None:
    assert [one.code for one in folds_left_out(seen(*lines))] == ["folds_not_fitted"] * asked


def test_models_that_are_each_fitted_at_a_place_of_its_own_leave_no_fold_out() -> None:
    models = [
        {**fitted(427, name), "where": f"model_1.py:{30 + number}"}
        for number, name in enumerate(("Ridge", "ExtraTreesRegressor", "XGBRegressor"))
    ]
    every = [line for one in models for line in (split("KFold.split", 3), split("KFold.split", 3), one, one, one)]
    assert not [*folds_left_out(seen(*every))]
    first = [split("KFold.split", 3), split("KFold.split", 3), models[0]] * 3
    assert [*folds_left_out(seen(*first))], "the first fold each time"


def repeat(seed: int, fits: int) -> list[Kind]:
    facts = {**split()["facts"], "arguments": {"n_splits": 5, "shuffle": True, "random_state": seed}}
    told = {**split(), "facts": facts}
    return [told, told, *(fitted() for _ in range(fits))]  # the base class is told behind it


@pytest.mark.parametrize(
    ("lines", "asked"),
    [
        ([*repeat(1, 5), *repeat(2, 0), *repeat(3, 0)], True),
        ([line for seed in range(10) for line in repeat(seed, 5)], False),
        ([*repeat(1, 5), *repeat(1, 0), *repeat(1, 0)], False),
        ([*repeat(1, 0), *repeat(2, 0), *repeat(3, 0)], False),
        ([*repeat(1, 5), *repeat(2, 2), *repeat(3, 3)], False),
    ],
    ids=["one repeat fitted", "each", "looked at again", "no estimator", "trials that are given up"],
)
def test_repeats_of_which_one_alone_is_fitted_are_asked_about(lines: list[Kind], *, asked: bool) -> None:
    assert [one.code for one in repeats_left_out(seen(*lines))] == ["folds_not_fitted"] * asked


def search(**facts: object) -> Kind:
    return {"kind": "search", "facts": {"class": "GridSearchCV", **facts}}


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        (search(folds_seen={"folds": 5, "shared": 6000, "tested": 6000}), True),
        (search(folds_seen={"folds": 5, "shared": 6000, "tested": 6000}, raised="ValueError"), False),
        (search(), False),
    ],
)
def test_folds_that_test_what_they_train_on_are_asked_about(line: Kind, asked: bool) -> None:
    assert [one.code for one in folds_shared(seen(line))] == ["folds_test_trained_rows"] * asked
