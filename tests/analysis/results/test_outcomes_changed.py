"""Outcomes in the results are those that were held out; labels are not the best of many that they were scored by."""

from __future__ import annotations

import math
import struct
from collections import Counter
from dataclasses import replace

import pytest
from watchkeeper.server.analysis.artefacts.facts import TableFacts
from watchkeeper.server.analysis.results.best_of_scores import best_of_scores
from watchkeeper.server.analysis.results.outcomes_changed import outcomes_changed
from watchkeeper.server.analysis.witness import places

from ..evidence.witnessed import Kind, column, fp, results, seen

N = 100
HELD = [round(20 + 5 * math.sin(one * one), 3) for one in range(N)]
CLIPPED = [min(max(one, 16.0), 24.0) for one in HELD]
LABELS = [float(one % 7 == 0) for one in range(N)]
CORRECTED = [0.0 if at in (7, 14, 21, 28) else one for at, one in enumerate(LABELS)]


def told(values: list[float], sha: str = "y2") -> Kind:
    at = tuple(values[one] for one in places(len(values)))
    bag = f"{sum(struct.unpack(f'<{len(values)}Q', struct.pack(f'<{len(values)}d', *values))) & (2**64 - 1):016x}"
    return fp(sha, bag, at, len(values), mean=sum(values) / len(values), sd=1.0)


def split(values: list[float]) -> Kind:
    parts = [fp("x1", size=300), fp("x2", size=N), fp("y1", size=300), told(values)]
    return {"kind": "split", "facts": {"call": "train_test_split", "parts": parts}}


def metric(values: list[float], predicted: list[float], value: float = 0.5, call: str = "f1_score") -> Kind:
    facts = {"call": call, "true": told(values), "predicted": told(predicted, "p"), "value": value}
    return {"kind": "metric", "where": "m.py:9", "facts": facts}


def table(values: list[float], name: str = "y_true") -> TableFacts:
    counts = tuple(sorted(Counter(values).values())) if len(set(values)) <= 32 else ()
    inside = results(column("row", *range(len(values))), replace(column(name, *values), counts=counts)).inside
    assert isinstance(inside, TableFacts)
    return inside


@pytest.mark.parametrize(
    ("ours", "line"),
    [(CLIPPED, split(HELD)), (CORRECTED, split(LABELS)), (CORRECTED, metric(LABELS, LABELS))],
    ids=["clipped", "labels set right", "by a metric"],
)
def test_outcomes_that_are_changed_in_some_rows_are_asked_about(ours: list[float], line: Kind) -> None:
    assert [one.code for one in outcomes_changed(seen(line), table(ours))] == ["outcomes_changed"]


@pytest.mark.parametrize(
    ("ours", "name"),
    [
        (HELD, "y_true"),
        ([round(one, 1) for one in HELD], "y_true"),
        ([one / 1000 for one in HELD], "actual"),
        (HELD[::-1], "y_true"),
        ([one - 1 for one in HELD], "y_true"),
        (CLIPPED, "predicted"),
        (CLIPPED[:90], "y_true"),
    ],
    ids=["as they are", "rounded", "in another unit", "in another order", "all moved", "predictions", "fewer"],
)
def test_outcomes_that_are_written_in_another_way_are_not_asked_about(ours: list[float], name: str) -> None:
    assert not [*outcomes_changed(seen(split(HELD)), table(ours, name))]


def labels(threshold: int) -> list[float]:
    return [float((one * 37) % 100 < threshold) for one in range(N)]


SWEEP = [metric(LABELS, labels(5 * k), 0.5 - abs(k - 6) / 50) for k in range(1, 16)]


def test_the_labels_of_the_best_of_many_scores_are_asked_about() -> None:
    assert [one.code for one in best_of_scores(seen(*SWEEP), table(labels(30), "label"))] == ["chosen_by_its_score"]
    losses = [metric(LABELS, labels(5 * k), abs(k - 6) / 50, "zero_one_loss") for k in range(1, 16)]
    assert [*best_of_scores(seen(*losses), table(labels(30), "label"))]


def test_labels_by_a_threshold_of_other_rows_or_of_few_scores_are_not_asked_about() -> None:
    assert not [*best_of_scores(seen(*SWEEP), table(labels(50), "label"))]
    assert not [*best_of_scores(seen(*SWEEP[3:9]), table(labels(30), "label"))]
    assert not [*best_of_scores(seen(*SWEEP), table(labels(30)[:90], "label"))]
