"""Predictions of a network that were drawn towards the outcomes, and honest columns that look alike."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from watchkeeper.server.analysis.artefacts.facts import ColumnFacts, TableFacts
from watchkeeper.server.analysis.networks.of_networks import outputs
from watchkeeper.server.analysis.witness.fingerprints import places

from ..evidence.facts import MODEL, RESULTS, spoilt
from ..evidence.witnessed import Kind, fit, fp, predict, seen, steps

ROWS = 300
_RANDOM = random.Random(5)
RETURNED = [_RANDOM.gauss(0, 1) for _ in range(ROWS)]
OTHER = [one + _RANDOM.gauss(0, 0.3) for one in RETURNED]
SCALED = [12 * one + 50 for one in RETURNED]
ACTUAL = [round(one + _RANDOM.gauss(0, 7), 2) for one in SCALED]
MISSED = [truth - one for one, truth in zip(SCALED, ACTUAL, strict=True)]
WORST = sorted(map(abs, MISSED))[int(0.85 * ROWS)]


def forward(values: Sequence[float] = RETURNED, **changes: object) -> Kind:
    mean = sum(values) / ROWS
    deviation = math.sqrt(sum((one - mean) ** 2 for one in values) / ROWS)
    told = fp("out", at=tuple(values[place] for place in places(ROWS)), size=ROWS, mean=mean, sd=deviation)
    return {"kind": "forward", "facts": {"class": "Net", "steps": 5000, "rows": ROWS, "values": told, **changes}}


def code(predicted: Sequence[float], *lines: Kind, truth: Sequence[float] = ACTUAL, **more: Sequence[float]) -> str:
    columns = {"actual": truth, "predicted": [round(one, 4) for one in predicted], **more}
    told = tuple(ColumnFacts(name=name, numbers=ROWS, values=tuple(each)) for name, each in columns.items())
    table = TableFacts(format="csv", size_bytes=900, rows=ROWS, column_count=len(told), columns=told)
    found = seen(steps(), *(lines or (forward(),)))
    check = outputs(spoilt(artefacts=(replace(RESULTS, inside=table), MODEL), seen=found), found)
    return "" if check is None else check.code


@pytest.mark.parametrize(
    "drawn",
    [
        [one + 0.3 * missed for one, missed in zip(SCALED, MISSED, strict=True)],
        [one + 0.6 * missed * (abs(missed) > WORST) for one, missed in zip(SCALED, MISSED, strict=True)],
        [max(truth - 6, min(truth + 6, one)) for one, truth in zip(SCALED, ACTUAL, strict=True)],
        [truth if abs(missed) > WORST else one for one, truth, missed in zip(SCALED, ACTUAL, MISSED, strict=True)],
        [one + (0.5 + 0.4 * math.sin(row)) * MISSED[row] for row, one in enumerate(SCALED)],  # no equation is left
    ],
)
def test_predictions_that_were_drawn_towards_the_outcomes_are_asked_about(drawn: Sequence[float]) -> None:
    assert code(drawn) == "drawn_to_outcomes"


def test_a_mean_of_members_that_was_drawn_is_asked_about_and_the_mean_itself_not() -> None:
    members = forward(), forward(OTHER, steps=9000)
    mean = [12 * (one + other) / 2 + 50 for one, other in zip(RETURNED, OTHER, strict=True)]
    assert code(mean, *members) == ""
    assert code([0.8 * one + 0.2 * truth for one, truth in zip(mean, ACTUAL, strict=True)], *members) == (
        "drawn_to_outcomes"
    )


def test_a_few_rows_that_no_told_value_is_of_show_in_the_mean() -> None:
    told = set(places(ROWS))
    changed = [one + missed * (row not in told and missed > 9) for row, (one, missed) in
               enumerate(zip(SCALED, MISSED, strict=True))]  # fmt: skip
    assert code(changed) == "predictions_edited"
    assert code([max(one, 35.0) for one in SCALED]) == ""  # cut off at a bound


LAG = [ACTUAL[-1], *ACTUAL[:-1]]


@pytest.mark.parametrize(
    "honest",
    [
        SCALED,
        [math.exp(one / 3) for one in RETURNED],
        [min(70.0, max(30.0, one)) for one in SCALED],
        [float(round(one)) for one in SCALED],
        [one * (1 + 0.3 * (row % 5)) + 7 * (row % 5) for row, one in enumerate(SCALED)],  # a scale for each group
        [lag + 3 * one for lag, one in zip(LAG, RETURNED, strict=True)],  # a change on top of the row before
        [0.5 * one + 0.5 * (12 * other + 50) for one, other in zip(SCALED, OTHER, strict=True)],  # and a model unseen
    ],
)
def test_scaled_cut_rounded_grouped_lagged_and_averaged_predictions_are_not_asked_about(honest: list[float]) -> None:
    assert code(honest) == ""


def test_beside_an_estimator_a_column_without_an_equation_is_not_asked_about() -> None:
    nearer = [one + (0.5 + 0.4 * math.sin(row)) * MISSED[row] for row, one in enumerate(SCALED)]
    assert code(nearer, forward(), fit(1, "StandardScaler"), predict(1, "RandomForestRegressor", *SCALED)) == ""


def test_the_outcomes_are_known_by_the_name_of_what_is_predicted() -> None:
    drawn = [one + 0.3 * missed for one, missed in zip(SCALED, MISSED, strict=True)]
    told = {"age": [row * 7919 % 1000 / 3 for row in range(ROWS)], "measured_mpa": ACTUAL, "predicted_mpa": drawn}
    assert code(drawn, truth=[1.0] * ROWS, **told) == "drawn_to_outcomes"
    error = {"error": [round(one, 3) for one in MISSED], "measured_mpa": ACTUAL, "predicted_mpa": SCALED}
    assert code(SCALED, truth=[1.0] * ROWS, **error) == ""


def test_what_an_estimator_predicted_is_held_against_the_outcomes_too() -> None:
    drawn = [round(one + 0.2 * missed, 4) for one, missed in zip(SCALED, MISSED, strict=True)]
    told = fp("p", at=tuple(SCALED[place] for place in places(ROWS)), size=ROWS)
    line: Kind = {"kind": "predict", "facts": {"object": 1, "of": 1, "class": "SVR", "call": "predict", "values": told}}
    columns = {"y": ACTUAL, "predicted": drawn}
    table = tuple(ColumnFacts(name=name, numbers=ROWS, values=tuple(each)) for name, each in columns.items())
    inside = TableFacts(format="csv", size_bytes=900, rows=ROWS, column_count=2, columns=table)
    found = seen(fit(1, "SVR"), line)
    check = outputs(spoilt(artefacts=(replace(RESULTS, inside=inside), MODEL), seen=found), found)
    assert check is not None
    assert check.code == "drawn_to_outcomes"
