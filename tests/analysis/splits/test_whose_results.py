"""Results of another method than the declared one, of rows that were fitted; weights and trials that nobody trained."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.artefacts.facts import TableFacts
from watchkeeper.server.analysis.counted.counts import Counts
from watchkeeper.server.analysis.networks.stepped import gradients
from watchkeeper.server.analysis.results.predicted import matches
from watchkeeper.server.analysis.splits.whose_results import whose_results
from watchkeeper.server.analysis.verdict.trained import training

from ..evidence.facts import RULES, TRAINED, designed
from ..evidence.witnessed import Kind, column, fit, fp, predict, results, seen, steps

NUMBERS = tuple(float(one * one) for one in range(1, 13))
TRUTH = tuple(one + 0.5 * (-1) ** number for number, one in enumerate(NUMBERS))
COUNTS: Counts = {}
HGB = "HistGradientBoostingRegressor"
KEYS = [f"{one:02d}" for one in range(8)]


def rows(sha: str, count: int, keys: list[str], **more: Any) -> Kind:
    return {"shape": [count, 3], "dtype": "float64", "sha": sha, "row_keys": keys, **more}


def codes(
    *lines: Kind,
    method: str = "Neural network (PyTorch)",
    columns: dict[str, tuple[float, ...]] | None = None,
) -> list[str]:
    named = columns or {"actual": TRUTH, "predicted": NUMBERS}
    table = results(*(column(name, *values) for name, values in named.items()))
    evidence = designed(f"Method | {method} | | | |\n", replace(TRAINED, artefacts=(table, TRAINED.artefacts[1])))
    inside, one = table.inside, seen(*lines)
    assert isinstance(inside, TableFacts)
    return [each.code for each in whose_results(evidence, one, inside, matches(inside, one.predictions))]


BOOSTED = [fit(1, HGB), predict(1, HGB, *NUMBERS)]
TWO = {"actual": TRUTH, "boosting": NUMBERS, "network": tuple(one * 1.1 + 0.3 for one in TRUTH)}


@pytest.mark.parametrize(
    ("lines", "method", "columns", "asked"),
    [
        ([*BOOSTED, steps()], "Neural network (PyTorch)", None, True),
        ([*BOOSTED, steps()], "Gradient boosting on embeddings of a neural network", None, False),
        ([*BOOSTED, steps()], "Neural network (PyTorch)", TWO, False),  # the network's own column stands beside it
        (BOOSTED, "Neural network (PyTorch)", None, False),  # no network was trained: told by the method itself
        ([*BOOSTED, steps()], "Gradient boosting", None, False),
        ([fit(1, "SVR"), predict(1, "SVR", *NUMBERS), steps()], "Neural network (PyTorch)", None, False),
    ],
)
def test_results_of_another_kind_than_the_declared_one_are_asked_about(
    lines: list[Kind], method: str, columns: dict[str, tuple[float, ...]] | None, asked: bool
) -> None:
    assert codes(*lines, method=method, columns=columns) == (["results_of_another_method"] if asked else [])


def test_a_linear_model_that_puts_others_together_and_classes_beside_it_are_the_declared_method() -> None:
    forest = "RandomForestRegressor"
    others = [one + 3.25 * (number % 3) for number, one in enumerate(NUMBERS)]
    table = [one for pair in zip(others, NUMBERS, strict=True) for one in pair]
    stacked = predict(2, "Ridge", *NUMBERS)
    stacked["facts"]["x"] = {"shape": [12, 2], "dtype": "float64", "sha": "s", "at": table}
    lines = [fit(1, forest), predict(1, forest, *others), fit(2, "Ridge"), stacked]
    assert codes(*lines, method="A stack of a random forest") == []
    stacked["facts"]["x"]["at"] = [0.5 + one for one in range(24)]
    assert codes(*lines, method="A stack of a random forest") == ["results_of_another_method"]
    classes = {"actual": TRUTH, "boosting": NUMBERS, "predicted_class": (0.0, 1.0, 2.0, 1.0) * 3}
    assert codes(*BOOSTED, steps(), columns=classes) == []


def calibrated(x_of_prediction: str = "raw", target: tuple[float, ...] = TRUTH, held: int = 12) -> list[Kind]:
    predicted = predict(2, "IsotonicRegression", *NUMBERS)
    predicted["facts"]["x"] = fp(x_of_prediction, size=12)
    parts = [{"shape": [36, 5]}, {"shape": [held, 5]}]
    split: Kind = {"kind": "split", "facts": {"call": "train_test_split", "parts": parts}}
    y = fp("y", at=target, size=len(target))
    return [split, fit(2, "IsotonicRegression", rows=12, x=fp("raw", size=12), y=y), predicted]


def test_a_calibration_by_the_outcomes_that_are_predicted_is_asked_about() -> None:
    assert codes(*calibrated()) == ["held_out_outcomes_fitted"]
    assert codes(*calibrated("other")) == []  # fitted to a part, applied to another
    assert codes(*calibrated(target=NUMBERS[::-1])) == []  # other outcomes than those handed in
    assert codes(*calibrated(held=20)) == []  # all rows, or a part that no split held out


def handed_in(fitted: list[str], count: int, predicted: list[str]) -> list[Kind]:
    line = predict(1, HGB, *NUMBERS)
    line["facts"]["x"] = rows("p", 12, predicted)
    return [fit(1, HGB, x=rows("x", count, fitted)), line]


@pytest.mark.parametrize(
    ("fitted", "count", "predicted", "asked"),
    [
        (KEYS, 60, KEYS[:6], True),
        (KEYS[:4], 48, KEYS[4:], False),  # held out
        (KEYS, 12, KEYS, False),  # all of them: fitted values
        (KEYS, 60, [*KEYS[:5], "015"], False),
    ],
)
def test_a_part_of_the_fitted_rows_is_no_test(fitted: list[str], count: int, predicted: list[str], asked: bool) -> None:
    lines = handed_in(fitted, count, predicted)
    assert codes(*lines, method="Boosting") == (["fitted_rows_predicted"] if asked else [])
    assert codes(*lines, method="Boosting", columns={"predicted": NUMBERS}) == []  # evaluates nothing


ALL = tuple(f"{one:03d}" for one in range(12))


def folds(fitted: tuple[str, ...], count: int, models: int = 2) -> list[Kind]:
    """Return fits before each half of twelve rows is predicted; of one model, both halves are its own."""
    lines: list[Kind] = []
    for number, half in enumerate((ALL[:6], ALL[6:]), start=1):
        keys = [one for one in ALL if one in fitted or (not fitted and one not in half)]
        line = predict(min(number, models), HGB, *NUMBERS[:6])
        line["facts"]["x"] = rows(f"half {number}", 6, [*half])
        line["facts"]["values"]["sha"] = f"p{number}"
        made = [fit(number, HGB, x=rows(f"x{number}", count, keys))] if number <= models else []
        lines += [*made, {**line, "where": "m.py:31"}]
    return lines


@pytest.mark.parametrize(
    ("lines", "asked"),
    [
        (folds(ALL, 12), True),
        (folds((), 6), False),  # each to the other rows
        (folds(ALL, 12, models=1), False),  # one model, its fitted values in two pieces
        (folds(ALL, 12)[:2], False),  # half of the rows
    ],
    ids=["all rows each", "the others", "in pieces", "a half"],
)
def test_folds_whose_models_were_fitted_to_all_rows_are_no_folds(lines: list[Kind], asked: bool) -> None:
    assert ("fitted_rows_predicted" in codes(*lines, method="Boosting")) == asked


def test_rows_of_a_few_categories_are_the_same_everywhere() -> None:
    for distinct, asked in ((12, True), (7, False)):
        line = predict(1, HGB, *NUMBERS)
        line["facts"]["x"] = rows("p", 12, KEYS[:6], rows=distinct)
        lines = [fit(1, HGB, x=rows("x", 60, KEYS)), line]
        assert codes(*lines, method="Boosting") == (["fitted_rows_predicted"] if asked else [])


@pytest.mark.parametrize(("moved", "asked"), [(0.0004, True), (0.05, False), (3.2, False)])
def test_weights_that_hardly_moved_in_many_steps_are_asked_about(moved: float, asked: bool) -> None:
    line = steps(moved=moved, begun=fp("before", mean=0.0, sd=0.1))
    assert ("weights_hardly_moved" in [one.code for one in gradients(TRAINED, COUNTS, seen(line))]) == asked


@pytest.mark.parametrize(
    ("facts", "asked"),
    [
        ({"steps": 200, "applied": 0}, True),
        ({"steps": 1, "traced": True, "applied": 0}, True),
        ({"steps": 200, "applied": 200, "params_moved": False}, True),
        ({"steps": 200, "applied": 200, "params_moved": True}, False),
        ({"steps": 1, "traced": True, "applied": 1, "params_moved": None}, False),
        ({"steps": 200}, False),  # beside a library that adds them itself
    ],
)
def test_updates_that_are_never_added_to_the_weights_are_asked_about(facts: dict[str, Any], asked: bool) -> None:
    line: Kind = {"kind": "steps", "facts": {"id": 1, "library": "optax", "class": "optax.adam", **facts}}
    assert ("updates_not_applied" in [one.code for one in gradients(TRAINED, COUNTS, seen(line))]) == asked


@pytest.mark.parametrize(
    ("trials", "fits", "asked"), [(40, 6, True), (40, 40, False), (40, 200, False), (6, 6, False), (40, 0, False)]
)
def test_trials_that_nothing_was_fitted_for_are_asked_about(trials: int, fits: int, asked: bool) -> None:
    study: dict[str, Any] = {"class": "Study", "library": "optuna", "call": "optimize", "candidates": trials}
    made = [{**fit(number, HGB), "where": "m.py:4"} for number in range(fits)]
    one = seen(*made, {"kind": "search", "facts": study})
    check = training(replace(TRAINED, seen=one), RULES, COUNTS, one)
    assert check is not None
    assert (check.code == "trials_not_fitted") == asked
