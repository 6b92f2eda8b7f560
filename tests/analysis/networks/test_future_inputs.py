"""Outcomes of later rows among a network's inputs; lags, trailing windows and trends are not asked about."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest
from watchkeeper.server.analysis.artefacts.facts import ColumnFacts, TableFacts
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.networks.future_inputs import later_outcomes
from watchkeeper.server.analysis.witness.fingerprints import places

from ..evidence.facts import spoilt
from ..evidence.witnessed import Kind, fp, seen

ROWS, EDGE = 200, 40
_DRAW = random.Random(4)
SERIES = [40 + 6 * math.sin(row / 5) + _DRAW.gauss(0, 2) for row in range(ROWS + 2 * EDGE)]
ACTUAL = SERIES[EDGE : EDGE + ROWS]
SAID = "The load of the next hour is forecast from a smoothed load.\n"


def of(first: int, last: int) -> list[float]:
    """The mean of the outcomes from so many rows after a row's own to so many, on another scale."""
    rows = range(EDGE, EDGE + ROWS)
    return [(sum(SERIES[row + first : row + last + 1]) / (last - first + 1) - 40) / 5 for row in rows]


def code(
    column: Sequence[float], said: str = SAID, *, actual: Sequence[float] = ACTUAL, backwards: bool = False
) -> str:
    x = {"shape": [ROWS], "rows": ROWS, "given": {"2": [column[row] for row in places(ROWS)]}}
    line: Kind = {"kind": "forward", "facts": {"class": "Net", "rows": ROWS, "values": fp("out", size=ROWS), "x": x}}
    named = {"actual": [*actual], "predicted": [math.sin(3 * row) for row in range(ROWS)]}
    named |= {"hour": [float(ROWS - row) for row in range(ROWS)]} if backwards else {}
    told = tuple(ColumnFacts(name=name, numbers=ROWS, values=tuple(each)) for name, each in named.items())
    table = TableFacts(format="csv", size_bytes=9, rows=ROWS, column_count=len(told), columns=told)
    evidence = spoilt(design=read_design(said, "model_design_1.md"))
    return next((one.code for one in later_outcomes(evidence, seen(line), table)), "")


@pytest.mark.parametrize("column", [of(1, 1), of(6, 6), of(-2, 2), of(-6, 0), of(0, 4), of(-12, 11)])
def test_outcomes_of_later_rows_or_windows_with_them_are_asked_about(column: list[float]) -> None:
    assert code(column) == "later_outcomes_among_inputs"


@pytest.mark.parametrize("column", [of(-1, -1), of(-24, -24), of(-7, -1), [row / 9 for row in range(ROWS)]])
def test_lags_trailing_windows_and_a_trend_are_not(column: list[float]) -> None:
    assert code(column) == ""
    assert code([row / 9 for row in range(ROWS)], actual=[3 * row + 1.0 for row in range(ROWS)]) == ""


def test_rows_from_the_newest_to_the_oldest_and_designs_that_look_ahead_are_not() -> None:
    assert code(of(1, 1), backwards=True) == ""
    assert code(of(-2, 2), "Gaps of the series are filled from both sides.\n") == ""
