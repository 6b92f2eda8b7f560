"""A score of fitted rows under the name of held-out ones is asked about; other scores are not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from watchkeeper.server.analysis.artefacts.facts import ColumnFacts
from watchkeeper.server.analysis.splits.scored import scored

from ..evidence.facts import TRAINED
from ..evidence.witnessed import Kind, fit, fp, predict, results, seen


def metric(value: float, true: str = "y1", predicted: str = "p") -> Kind:
    told = {"call": "mean_squared_error", "value": value, "true": fp(true), "predicted": fp(predicted)}
    return {"kind": "metric", "facts": told}


def codes(name: str, score: float, *lines: Kind) -> list[str]:
    labels = ColumnFacts(name="metric", texts=2, distinct=2)
    values = ColumnFacts(name="value", numbers=2, values=(score, 7.25))
    table = results(values, labels=(name, "rows"))
    table = replace(table, inside=replace(table.inside, rows=2, columns=(labels, values)))  # pyright: ignore[reportArgumentType] a table
    return [one.code for one in scored(replace(TRAINED, artefacts=(table,)), seen(*lines))]


FITTED = (fit(1, "ExtraTreesRegressor", y=fp("y1")), predict(1, "ExtraTreesRegressor", 1.0, 2.0, 4.0))


@pytest.mark.parametrize(
    ("name", "score", "line", "found"),
    [
        ("val_rmse", 0.5, metric(0.25), ["scored_on_fitted_rows"]),
        ("test_mse", 0.25, metric(0.25), ["scored_on_fitted_rows"]),
        ("train_rmse", 0.5, metric(0.25), []),  # it says what it is
        ("val_rmse", 0.5, metric(0.25, true="y2"), []),  # rows that were not fitted
        ("val_rmse", 0.5, metric(0.25, predicted="other"), []),  # another model's prediction
        ("val_rmse", 0.7, metric(0.25), []),
    ],
)
def test_a_held_out_score_is_held_against_the_fit(name: str, score: float, line: Kind, found: list[str]) -> None:
    assert codes(name, score, *FITTED, line) == found


def test_a_score_that_held_out_rows_have_too_is_not_asked_about() -> None:
    assert codes("val_rmse", 0.5, *FITTED, metric(0.25), metric(0.25, true="y2", predicted="q")) == []
