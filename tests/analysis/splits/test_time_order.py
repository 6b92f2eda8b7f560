"""Rows that a design holds out as the last ones are the last ones of the table, or of each group in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.splits.time_order import in_time_order

from ..evidence.facts import RESULTS, TABLE, TRAINED
from ..evidence.witnessed import Kind, fp, seen

LAST = "**Test**: the last 40 days, in time order"


def index(least: float, most: float, runs: int = 1, gaps: int = 1, kind: str = "number") -> dict[str, Any]:
    return {"least": least, "most": most, "runs": runs, "gaps": gaps, "kind": kind}


def fitted(where: dict[str, Any] | None, rows: int = 160) -> Kind:
    x = {**fp("train", shape=[rows, 3]), **({"index": where} if where else {})}
    return {"kind": "fit", "facts": {"id": 1, "object": 1, "class": "RandomForestRegressor", "x": x, "wall_s": 1.0}}


def predicted(where: dict[str, Any] | None, rows: int = 40) -> Kind:
    x = {**fp("test", shape=[rows, 3]), **({"index": where} if where else {})}
    values = fp("p", at=tuple(map(float, range(32))), size=rows)
    facts = {"object": 1, "of": 1, "class": "RandomForestRegressor", "call": "predict", "x": x, "values": values}
    return {"kind": "predict", "facts": facts}


def dated(rows: int, name: str, first: float, last: float) -> Kind:
    told = {"times": {name: [first, last]}}
    made = fitted(None) if rows == 160 else predicted(None)
    return {**made, "facts": {**made["facts"], "x": {**made["facts"]["x"], **told}}}


def divided(rows: int = 40, **arguments: Any) -> Kind:
    told = [fp("train", shape=[160, 3]), fp("test", shape=[rows, 3])]
    return {"kind": "split", "facts": {"call": "train_test_split", "arguments": arguments, "parts": told}}


def codes(row: str, *lines: Kind) -> list[str]:
    table = replace(RESULTS, inside=replace(TABLE, rows=40))
    design = read_design(f"## Computational requirements\n- **Method**: random forest\n- {row}\n", "d.md")
    evidence = replace(TRAINED, artefacts=(table, *TRAINED.artefacts[1:]), design=design)
    return [one.code for one in in_time_order(evidence, seen(*lines))]


SCATTERED = (fitted(index(0, 199, 33, 6)), predicted(index(3, 196, 32, 9)))


@pytest.mark.parametrize(
    ("row", "lines"),
    [
        (LAST, SCATTERED),
        ("**Validation**: chronological, the most recent 20 %", SCATTERED),
        ("**Hold-out**: last quarter of the rows, never shuffled", SCATTERED),
        (LAST, (divided(test_size=0.2, random_state=1),)),
        (LAST, (fitted(index(0, 5e17, kind="time")), predicted(index(1e16, 4.9e17, kind="time")))),
        (LAST, (dated(160, "week", 0, 103), dated(40, "week", 1, 102))),
    ],
    ids=["drawn", "in other words", "a quarter", "a split at random", "by dates", "by a column"],
)
def test_rows_drawn_from_everywhere_are_not_the_last_ones(row: str, lines: tuple[Kind, ...]) -> None:
    assert codes(row, *lines) == ["held_out_not_last"]


@pytest.mark.parametrize(
    ("row", "lines"),
    [
        (LAST, (fitted(index(0, 159)), predicted(index(160, 199)))),
        (LAST, (fitted(index(0, 191, 4, 2)), predicted(index(32, 199, 5, 2)))),
        (LAST, (fitted(index(0, 198, 40, 2)), predicted(index(4, 199, 40, 1)))),
        (LAST, (fitted(index(0, 5e17, kind="time")), predicted(index(6e17, 7e17, kind="time")))),
        (LAST, (fitted(None), predicted(None))),
        (LAST, (divided(shuffle=False),)),
        (LAST, (divided(rows=25), fitted(index(0, 159)), predicted(index(160, 199)))),
        (LAST, (*SCATTERED, predicted(index(200, 239)))),
        (LAST, (dated(160, "week", 0, 95), dated(40, "week", 96, 103))),
        (LAST, (dated(160, "week", 1, 53), dated(40, "week", 2, 50))),
        (LAST, (dated(160, "month", 1, 12), dated(40, "month", 1, 2))),
        (LAST, (dated(160, "year", 2010, 2023), dated(40, "year", 2023, 2024))),
        ("**Test**: a random fifth of the days", SCATTERED),
        ("**Rows**: 5000, the last 20 % after shuffling are the test set", SCATTERED),
        ("**Layers**: the last three are trained", SCATTERED),
    ],
    ids=["the last", "the last of each shop", "the last day of each shop", "later dates", "no index", "not shuffled",
         "a part to stop by", "a fold before",
         "later weeks", "weeks of each year", "months", "the last year",
         "random by the design", "shuffled by the design", "other words"],
)  # fmt: skip
def test_the_last_rows_and_those_that_a_design_draws_are_not_asked_about(row: str, lines: tuple[Kind, ...]) -> None:
    assert not codes(row, *lines)
