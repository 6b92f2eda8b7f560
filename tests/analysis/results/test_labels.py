"""Classes that differ from the probabilities beside them only where they are then right are asked about."""

from __future__ import annotations

import random

import pytest
from watchkeeper.server.analysis.artefacts.facts import TableFacts
from watchkeeper.server.analysis.results.labels import labels

from ..evidence.witnessed import column, results

DRAW = random.Random(8)
ROWS = 200
ODDS = [[DRAW.random() ** 2 for _ in range(3)] for _ in range(ROWS)]
SHARES = [[round(one / sum(row), 4) for one in row] for row in ODDS]
TRUTH = [float(row.index(max(row))) if DRAW.random() < 0.7 else float(DRAW.randrange(3)) for row in SHARES]
CHOSEN = [float(row.index(max(row))) for row in SHARES]
UNSURE = [max(row) < 0.6 for row in SHARES]
SET_RIGHT = [truth if unsure else mine for mine, truth, unsure in zip(CHOSEN, TRUTH, UNSURE, strict=True)]
# Turned by a rule that knows no outcome: the first class needs more.
WEIGHED = [float(row.index(max(row))) if row[0] < 0.45 else float(row[1] < row[2]) + 1 for row in SHARES]


@pytest.mark.parametrize(
    ("mine", "found"), [(SET_RIGHT, ["labels_set_right"]), (CHOSEN, []), (WEIGHED, []), (TRUTH, [])]
)
def test_classes_follow_from_probabilities_not_from_outcomes(mine: list[float], found: list[str]) -> None:
    odds = [column(f"p_{label}", *(row[label] for row in SHARES)) for label in range(3)]
    table = results(column("actual", *TRUTH), column("predicted", *mine), *odds).inside
    assert isinstance(table, TableFacts)
    assert [one.code for one in labels(table)] == found


@pytest.fixture
def draw() -> random.Random:
    """Give the same numbers whichever tests ran before in this process."""
    return random.Random(9)


@pytest.mark.parametrize(("threshold", "found"), [(0.5, []), (0.2, [])])
def test_another_threshold_turns_some_rows_wrongly(draw: random.Random, threshold: float, found: list[str]) -> None:
    odds = [draw.random() for _ in range(ROWS)]
    truth = [float(draw.random() < one) for one in odds]
    table = results(column("y", *truth), column("p", *odds), column("label", *(float(p > threshold) for p in odds)))
    assert isinstance(table.inside, TableFacts)
    assert [one.code for one in labels(table.inside)] == found


def test_a_certainty_or_a_feature_between_0_and_1_is_no_probability_of_a_class(draw: random.Random) -> None:
    truth = [float(draw.random() < 0.6) for _ in range(ROWS)]
    mine = [one if draw.random() < 0.99 else 1 - one for one in truth]
    certainty = [0.5 + 0.49 * draw.random() for _ in range(ROWS)]
    moist = [draw.random() ** (1 if one else 3) for one in truth]
    for name, values in (("prob_max", certainty), ("moisture", moist)):
        table = results(column("y", *truth), column("label", *mine), column(name, *values)).inside
        assert isinstance(table, TableFacts)
        assert [one.code for one in labels(table)] == []


@pytest.mark.parametrize("name", ["p", "p_1", "prob", "probability", "proba_1", "churn_probability", "score", "p1"])
def test_two_classes_that_were_set_right_are_asked_about(draw: random.Random, name: str) -> None:
    odds = [draw.random() for _ in range(ROWS)]
    truth = [float(draw.random() < one) for one in odds]
    mine = [t if abs(p - 0.5) < 0.3 else float(p > 0.5) for p, t in zip(odds, truth, strict=True)]
    table = results(column("y", *truth), column("label", *mine), column(name, *odds)).inside
    assert isinstance(table, TableFacts)
    assert [one.code for one in labels(table)] == ["labels_set_right"]


def test_a_score_with_a_threshold_of_its_own_stands_beside_outcome_and_decision(draw: random.Random) -> None:
    truth = [float(draw.random() < 0.1) for _ in range(ROWS)]
    scores = [round((0.6 if one else 0.1) * (0.2 + draw.random()), 3) for one in truth]
    flags = [float(one > 0.2) for one in scores]
    for named in (("fault", "flag"), ("flag", "fault")):
        columns = [column(name, *(truth if name == "fault" else flags)) for name in named]
        table = results(*columns, column("score", *scores)).inside
        assert isinstance(table, TableFacts)
        assert [one.code for one in labels(table)] == []


def test_a_column_that_is_cut_at_a_threshold_excuses_no_other_one(draw: random.Random) -> None:
    odds = [draw.random() for _ in range(ROWS)]
    truth = [float(draw.random() < one) for one in odds]
    mine = [t if abs(p - 0.5) < 0.3 else float(p > 0.5) for p, t in zip(odds, truth, strict=True)]
    raw = column("raw", *(float(one > 0.5) for one in odds))
    table = results(column("y", *truth), column("label", *mine), raw, column("p", *odds)).inside
    assert isinstance(table, TableFacts)
    assert [one.code for one in labels(table)] == ["labels_set_right"]
