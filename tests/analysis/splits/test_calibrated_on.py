"""Predictions that were calibrated by the outcomes that they are scored on, and calibrations on rows of their own."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from watchkeeper.server.analysis.artefacts.facts import ColumnFacts, TableFacts
from watchkeeper.server.analysis.splits.calibrated_on import calibrated_on_scored
from watchkeeper.server.analysis.witness.fingerprints import places

from ..evidence.witnessed import Kind, fit, fp, seen

ROWS = 90
RAW = [1 / (1 + math.exp(-2 * math.sin(row * 1.9) - row / 90)) for row in range(ROWS)]
CALIBRATED = [round(one**1.4, 5) for one in RAW]
LABELS = [float(math.sin(row * 1.9) + math.cos(row * 7) > 0.4) for row in range(ROWS)]
OTHERS = [float(math.sin(row * 2.3) > 0.1) for row in range(ROWS)]


def told(sha: str, values: Sequence[float]) -> Kind:
    return fp(sha, at=tuple(values[place] for place in places(ROWS)), size=ROWS)


NETWORK: Kind = {
    "kind": "predict",
    "facts": {"library": "keras", "object": 9, "of": 9, "class": "Functional", "values": told("raw", RAW)},
}


def isotonic(sha: str = "raw", to: Sequence[float] = LABELS, predicted: str = "raw") -> list[Kind]:
    fitted = fit(1, "IsotonicRegression", x=told(sha, RAW), y=told("y", to))
    facts = {"object": 1, "of": 1, "class": "IsotonicRegression", "call": "predict", "values": told("p", CALIBRATED)}
    return [fitted, {"kind": "predict", "facts": {**facts, "x": told(predicted, RAW)}}]


def asks(*lines: Kind) -> bool:
    columns = {"readmitted": LABELS, "probability": CALIBRATED}
    each = tuple(ColumnFacts(name=name, numbers=ROWS, values=tuple(values)) for name, values in columns.items())
    table = TableFacts(format="csv", size_bytes=9, rows=ROWS, column_count=2, columns=each)
    return bool([*calibrated_on_scored(seen(*lines), table)])


def test_a_calibration_by_the_outcomes_of_the_scored_rows_is_asked_about() -> None:
    assert asks(NETWORK, *isotonic())


@pytest.mark.parametrize(
    "lines",
    [
        [NETWORK, *isotonic(to=OTHERS)],  # a part of its own
        [NETWORK, *isotonic(sha="calibration")],  # fitted to other rows than are predicted
        isotonic(),  # nothing was predicted before: fitted values of one model
        [NETWORK, *isotonic()[1:]],
        [{**NETWORK, "facts": {**NETWORK["facts"], "values": told("q", RAW), "x": told("raw", RAW)}}, *isotonic()],
        [*isotonic(), NETWORK],
    ],
)
def test_calibrations_on_other_rows_and_fitted_values_are_not_asked_about(lines: list[Kind]) -> None:
    assert not asks(*lines)
