"""A column of scores is the metric that it is called; the candidates of a grid are different ones."""

from __future__ import annotations

from typing import Any

import pytest
from watchkeeper.server.analysis.artefacts.facts import TableFacts
from watchkeeper.server.analysis.results.score_names import score_names
from watchkeeper.server.analysis.verdict.verdict import decide

from ..evidence.facts import RULES
from ..evidence.witnessed import Kind, column, fit, found, fp, results, seen, trained


def metric(call: str, value: float, **more: Any) -> Kind:
    return {"kind": "metric", "facts": {"call": call, "value": value, **more}}


F1 = [metric("f1_score", value, average="weighted") for value in (0.8717, 0.8235, 0.9012)]
MACRO = [metric("f1_score", value, average="macro") for value in (0.6717, 0.6235, 0.7012)]
PLAIN = [metric("accuracy_score", value) for value in (0.88, 0.845, 0.915)]
BALANCED = [metric("balanced_accuracy_score", value) for value in (0.61, 0.598, 0.655)]
MSE = [metric("mean_squared_error", value) for value in (4.0, 6.25, 9.0)]


def recalls(average: str) -> list[Kind]:
    return [metric("recall_score", value, average=average) for value in (0.613, 0.627)]


def asked(name: str, values: tuple[float, ...], *lines: Kind) -> bool:
    table = results(column(name, *values)).inside
    assert isinstance(table, TableFacts)
    return [one.code for one in score_names(seen(*lines), table)] == ["score_of_another_name"]


@pytest.mark.parametrize(
    ("name", "values", "lines", "expected"),
    [
        ("macro_f1", (0.8717, 0.8235, 0.9012), F1, True),
        ("balanced_accuracy", (0.88, 0.845, 0.915), [*F1, *PLAIN], True),
        ("test_mae", (2.0, 2.5, 3.0001), MSE, False),
        ("MSE", (0.88, 0.845, 0.915), [*MSE, *PLAIN], True),
        ("f1_weighted", (0.8717, 0.8235, 0.9012), F1, False),
        ("f1", (0.8717, 0.8235, 0.9012), F1, False),
        ("macro_f1", (0.6717, 0.6235, 0.7012), [*F1, *MACRO], False),
        ("balanced_accuracy", (0.61, 0.598, 0.655), [*PLAIN, *BALANCED], False),
        ("balanced_accuracy", (0.71, 0.798, 0.755), PLAIN, False),
        ("rmse", (2.0, 2.5, 3.0001), MSE, False),
        ("accuracy", (0.9, 0.8, 0.9), [metric("f1_score", one) for one in (0.9, 0.8, 0.9)], False),
        ("loss", (0.88, 0.845, 0.915), PLAIN, False),
        ("brier", (0.2113, 0.1807), [metric("mean_squared_error", one) for one in (0.2113, 0.1807)], False),
        ("accuracy", (0.613, 0.627), recalls("weighted"), False),
        ("micro_f1", (0.88, 0.845, 0.915), PLAIN, False),
        ("macro_recall", (0.61, 0.598, 0.655), BALANCED, False),
        ("accuracy", (0.613, 0.627), recalls("macro"), True),
    ],
    ids=["weighted for macro", "plain for balanced", "not all rows", "another kind of score", "its own average",
         "whichever average", "both computed", "its own", "by hand", "a root", "rounded too far", "no metric's name",
         "of probabilities", "by hand beside what is the same", "what is the same", "what is the same as well",
         "what is not the same"],
)  # fmt: skip
def test_a_column_of_what_another_metric_returned_is_asked_about(
    name: str, values: tuple[float, ...], lines: list[Kind], expected: bool
) -> None:
    assert asked(name, values, *lines) == expected


def test_nothing_is_asked_of_metrics_that_were_not_all_told() -> None:
    more = {"kind": "more", "facts": {"of": "metric", "class": "accuracy_score", "count": 99}}
    assert not asked("balanced_accuracy", (0.88, 0.845, 0.915), *PLAIN, more)


@pytest.mark.parametrize(
    ("space", "candidates", "asked"),
    [
        ({"max_depth": [4, 4, 4, 4], "min_samples_leaf": [2, 2, 3]}, 12, True),
        ({"max_depth": [4, 6, 8, None], "min_samples_leaf": [1, 3, 5]}, 12, False),
        ({"max_depth": [4, 4, 6], "alpha": "<uniform>"}, 12, False),
        ({"max_depth": [4, 4, 6, 8]}, 2, False),
        ({"n_estimators": [1, 1, 2, 3, 5, 9, 14, 23]}, 8, False),
        ({"alpha": [0.1, 1.0], "word__ngram_range": ["<tuple>", "<tuple>"]}, 4, False),
    ],
    ids=[
        "two of twelve",
        "a grid",
        "drawn at random",
        "fewer than all",
        "whole numbers by a logarithm",
        "of which only the kind is told",
    ],
)
def test_a_grid_that_repeats_its_values_is_asked_about(space: object, candidates: int, asked: bool) -> None:
    changes: dict[str, Any] = {"estimator": "ExtraTreesRegressor", "candidates": candidates, "folds": 5, "space": space}
    line = {**fit(1, "GridSearchCV", x={**fp("x"), "shape": [900, 4]}, **changes), "kind": "search"}
    assert (found(decide(trained(line), RULES), "training")[1] == "candidates_repeated") == asked
