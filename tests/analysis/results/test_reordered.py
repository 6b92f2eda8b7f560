"""Predictions that do not stand beside their outcomes are asked about; a table that was sorted as a whole is not."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from watchkeeper.server.analysis.artefacts.facts import TableFacts
from watchkeeper.server.analysis.results.reordered import reordered
from watchkeeper.server.analysis.witness import places

from ..evidence.witnessed import Kind, column, fp, results, seen

DRAW = random.Random(4)
N = 120
TRUTH = [round(DRAW.gauss(0, 3), 4) for _ in range(N)]
GUESS = [0.3 * one + DRAW.gauss(0, 1) for one in TRUTH]
SORTED = DRAW.sample([*range(N)], N)


def told(sha: str, values: Sequence[float]) -> Kind:
    return fp(sha, at=tuple(values[place] for place in places(N)), size=N)


LINES: list[Kind] = [
    {"kind": "split", "facts": {"call": "train_test_split", "parts": [
        fp("train"), fp("new", size=N), fp("y1"), told("y2", TRUTH)]}},
    {"kind": "predict", "facts": {"object": 1, "of": 1, "class": "XGBRegressor", "call": "predict",
                                  "x": fp("new", size=N), "values": told("p", GUESS)}},
]  # fmt: skip


@pytest.mark.parametrize(
    ("truth", "guess", "found"),
    [
        (TRUTH, GUESS, []),
        ([TRUTH[row] for row in SORTED], [GUESS[row] for row in SORTED], []),
        ([TRUTH[row] for row in SORTED], [round(GUESS[row], 3) for row in SORTED], []),
        (sorted(TRUTH), sorted(GUESS), ["predictions_reordered"]),  # the largest beside the largest
        (TRUTH, [sorted(GUESS)[sorted(TRUTH).index(one)] for one in TRUTH], ["predictions_reordered"]),
        (DRAW.sample([*range(N)], N), GUESS, []),  # numbers of rows are no outcome
    ],
    ids=["as predicted", "sorted", "sorted and rounded", "each on its own", "by the rank of the outcome", "numbers"],
)
def test_what_was_predicted_stands_beside_its_outcome(
    truth: Sequence[float], guess: Sequence[float], found: list[str]
) -> None:
    table = results(column("actual", *map(float, truth)), column("predicted", *guess)).inside
    assert isinstance(table, TableFacts)
    assert [one.code for one in reordered(seen(*LINES), table)] == found
