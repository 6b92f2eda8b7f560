"""Rows that were trained on last before they were predicted; folds, fitted values and earlier stages ask nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from watchkeeper.server.analysis.artefacts.facts import ColumnFacts, TableFacts
from watchkeeper.server.analysis.networks.trained_last import trained_on_last

from ..evidence.witnessed import Kind, fp, seen

ROWS = 100
VALUES = tuple(float(row * 37 % 101) + row / 1000 for row in range(ROWS))
ALL = [f"{key:016x}" for key in range(1, 200)]
TEST = ALL[2:60:5]
TRAIN = [one for one in ALL if one not in TEST]
AT = [index * (ROWS - 1) // 31 for index in range(32)]


def told(keys: Sequence[str], distinct: int = ROWS) -> Kind:
    x = {"shape": [ROWS, 4], "rows": distinct, "row_keys": list(keys)}
    values = fp("out", at=tuple(VALUES[at] for at in AT), size=ROWS)
    return {"kind": "predict", "facts": {"library": "keras", "class": "Net", "of": 2, "x": x, "values": values}}


def fit(number: int, keys: Sequence[str], rows: int, split: float = 0.0) -> Kind:
    x = {"shape": [rows, 4], "rows": rows, "row_keys": list(keys)}
    facts = {"id": number, "library": "keras", "class": "Net", "call": "fit", "x": x}
    return {"kind": "fit", "facts": {**facts, "params": {"validation_split": split}}}


def code(*lines: Kind, outcome: str = "actual") -> str:
    columns = [ColumnFacts(name=outcome, numbers=ROWS, values=tuple(one / 2 for one in VALUES[::-1]))]
    columns.append(ColumnFacts(name="predicted", numbers=ROWS, values=VALUES))
    table = TableFacts(format="csv", size_bytes=9, rows=ROWS, column_count=2, columns=tuple(columns))
    every: Any = trained_on_last(seen(*lines), table)
    return next((one.code for one in every), "")


def test_rows_that_a_last_fit_took_with_all_others_are_asked_about() -> None:
    assert code(fit(1, TRAIN, 500), fit(2, ALL, 700), told(TEST)) == "trained_rows_predicted"
    assert code(fit(2, ALL, 700, split=0.1), told(TEST)) == "trained_rows_predicted"  # 70 of 100 at most are not


@pytest.mark.parametrize(
    "lines",
    [
        [fit(1, ALL, 700), fit(2, TRAIN, 500), told(TEST)],  # pretrained on all, then held out
        [fit(2, TRAIN, 500), told(TEST), fit(3, ALL, 700)],  # the last fit to all rows comes after
        [fit(2, TEST, ROWS), told(TEST)],  # fitted values
        [fit(2, ALL, 700), told(TEST, distinct=9)],  # a few settings
        [fit(2, ALL, 700, split=0.2), told(TEST)],  # those that Keras itself held out
    ],
)
def test_what_was_not_trained_on_last_and_fitted_values_are_not(lines: list[Kind]) -> None:
    assert code(*lines) == ""


def test_without_outcomes_nothing_is_evaluated() -> None:
    assert code(fit(2, ALL, 700), told(TEST), outcome="row") == ""
