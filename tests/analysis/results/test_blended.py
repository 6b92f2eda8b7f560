"""Columns that are made from predictions: weighted sums, logarithms scaled back, other orders, classes."""

import math
import random
import struct
from dataclasses import replace

import pytest
from watchkeeper.server.analysis.artefacts.facts import ColumnFacts, TableFacts
from watchkeeper.server.analysis.results.predicted import matches
from watchkeeper.server.analysis.witness import Fingerprint, Line, Prediction

ROWS = 200
DRAW = random.Random(3)
ONE = [DRAW.gauss(5, 1) for _ in range(ROWS)]
OTHER = [value + DRAW.gauss(0, 0.5) for value in ONE]
TRUTH = [value + DRAW.gauss(0, 2) for value in ONE]


@pytest.fixture
def draw() -> random.Random:
    """Give the same numbers whichever tests ran before in this process."""
    return random.Random(4)


def predicted(name: str, values: list[float], columns: int = 0) -> Prediction:
    rows = len(values) // columns if columns else len(values)
    empty = Fingerprint(shape=(rows, columns) if columns else (rows,))
    told = Fingerprint(shape=empty.shape, at=tuple(values[place] for place in empty.places))
    where = f"code/model_1.py:{len(name)}"
    line = Line(file="1-1-a.jsonl", n=1, at=1.0, pid=1, cpu_s=0.0, kind="predict", where=where, facts={})
    return Prediction(line=line, name=name, values=told)


def table(values: list[float]) -> TableFacts:
    return TableFacts(format="csv", size_bytes=1, rows=len(values), columns=(ColumnFacts(name="y", values=(*values,)),))


def test_a_weighted_sum_of_two_models_is_of_both() -> None:
    blend = [round(0.3 * a + 0.7 * b, 4) for a, b in zip(ONE, OTHER, strict=True)]
    (found,) = matches(table(blend), [predicted("LGBM", ONE), predicted("XGBR", OTHER), predicted("Cat", TRUTH)])
    assert sorted(one.name for one in found.parts) == ["LGBM", "XGBR"]


def test_a_trend_and_what_is_predicted_of_its_rest_are_both_named(draw: random.Random) -> None:
    rest = [draw.gauss(0, 0.4) for _ in range(ROWS)]
    whole = [round(a + b, 3) for a, b in zip(ONE, rest, strict=True)]
    (found,) = matches(table(whole), [predicted("Ridge", ONE), predicted("LGBMR", rest)])
    assert {one.name for one in found.parts} == {"Ridge", "LGBMR"}


def test_a_prediction_of_logarithms_that_was_scaled_back_is_found() -> None:
    back = [round(math.expm1(2 * value), -1) for value in ONE]
    (found,) = matches(table(back), [predicted("LGBM", [2 * value for value in ONE])])
    assert (found.prediction.name, found.exact) == ("LGBM", False)


def test_rows_that_were_sorted_are_what_was_predicted_all_the_same() -> None:
    (found,) = matches(table(sorted(ONE)), [predicted("XGBR", ONE)])
    assert found.exact


def test_whole_numbers_in_another_order_prove_nothing(draw: random.Random) -> None:
    counts = [float(draw.randrange(40)) for _ in range(ROWS)]
    assert not matches(table(sorted(counts)), [predicted("XGBR", draw.sample(counts, ROWS))])


def test_the_truth_is_no_weighted_sum_of_what_was_predicted() -> None:
    assert not matches(table(TRUTH), [predicted("LGBM", ONE), predicted("XGBR", OTHER)])


def test_predictions_that_were_moved_towards_the_truth_are_none() -> None:
    moved = [0.5 * a + 0.5 * b for a, b in zip(ONE, TRUTH, strict=True)]
    assert not matches(table(moved), [predicted("LGBM", ONE), predicted("XGBR", OTHER)])


def test_one_class_of_the_probabilities_and_the_most_probable_class_are_found() -> None:
    odds = [1 / (1 + math.exp(5 - value)) for value in ONE]
    both = predicted("Forest", [value for p in odds for value in (1 - p, p)], columns=2)
    assert matches(table(odds), [both])[0].exact
    labels = [float(p > 0.5) for p in odds]
    assert matches(table(labels), [both])
    turned = [1 - label if 0.3 < p < 0.7 else label for label, p in zip(labels, odds, strict=True)]
    assert not matches(table(turned), [both])


def test_a_predicted_change_on_top_of_an_earlier_row_is_found_and_one_on_top_of_the_outcome_is_not(
    draw: random.Random,
) -> None:
    change = [0.2 * draw.gauss(0, 1) for _ in range(ROWS)]
    level = ColumnFacts(name="actual", values=tuple(TRUTH))

    def made(*values: float) -> list[str]:
        whole = replace(table([*values]), columns=(level, ColumnFacts(name="forecast", values=values)))
        return [one.column for one in matches(whole, [predicted("LGBM", change)])]

    assert made(0.0, *(round(a + b, 6) for a, b in zip(TRUTH, change[1:], strict=False))) == ["forecast"]
    assert made(0.0, *(a * math.exp(b) for a, b in zip(TRUTH, change[1:], strict=False))) == ["forecast"]
    assert made(*(a + b for a, b in zip(TRUTH, change, strict=True))) == []


def test_classes_under_other_names_are_what_was_predicted_and_other_classes_are_not(draw: random.Random) -> None:
    classes = [float(draw.randrange(4)) for _ in range(ROWS)]
    segments = predicted("GaussianMixture", classes)
    assert matches(table([{0.0: 3.0, 1.0: 1.0, 2.0: 4.0, 3.0: 2.0}[one] for one in classes]), [segments])
    words = replace(table(TRUTH), labels=tuple("abcd"[int(one)] for one in classes))
    assert [one.column for one in matches(words, [segments])] == ["of words"]
    assert not matches(table([float(draw.randrange(4)) for _ in range(ROWS)]), [segments])
    assert not matches(table([float(int(one) // 2) for one in classes]), [segments])


def test_probabilities_and_classes_of_sorted_rows_are_what_was_predicted() -> None:
    odds = [round(1 / (1 + math.exp(5 - value)), 6) for value in ONE]
    both = predicted("Forest", [value for p in odds for value in (1 - p, p)], columns=2)
    assert matches(table(sorted(odds)), [both])
    labels = [float(p > 0.5) for p in odds]
    bits = sum(struct.unpack("<Q", struct.pack("<d", one))[0] for one in labels) & (2**64 - 1)
    told = predicted("Forest", labels)
    told = replace(told, values=replace(told.values, bag=f"{bits:016x}"))
    assert matches(table(sorted(labels)), [told])
    assert not matches(table([*sorted(labels)[:-30], *[0.0] * 30]), [told])
