"""Held-out rows with copies among the fitted ones are asked about; rows that are alike by nature are not."""

from __future__ import annotations

import math
from typing import Any

import pytest
from watchkeeper.server.analysis.artefacts.facts import TableFacts
from watchkeeper.server.analysis.splits.twins import twins
from watchkeeper.server.analysis.witness import value_key

from ..evidence.witnessed import Kind, column, fp, results, seen

HELD = [round(50 + 9 * math.sin(one * one), 6) for one in range(40)]
OTHERS = [round(50 + 9 * math.cos(one * one + 0.5), 6) for one in range(120)]
CELLS = tuple(one + 0.37 for one in range(32))
KEYS = [f"{one:016x}" for one in range(0, 640, 20)]
TWINS = [*KEYS[:14], *(f"{one:016x}" for one in range(7, 300, 20))]


def keys(values: list[float]) -> list[str]:
    return sorted(map(value_key, set(values)))[:32]


def codes(
    fitted_keys: list[str], targets: list[float], *, rows: int = 160, truth: list[float] = HELD, **x: Any
) -> list[str]:
    y = fp("y", shape=[rows], sd=6.0, row_keys=keys(targets))
    held = {**fp("test", shape=[40, 5], at=CELLS, row_keys=KEYS), **x}
    told = {"id": 1, "object": 1, "class": "ExtraTreesRegressor", "wall_s": 1.0,
            "x": fp("train", shape=[rows, 5], row_keys=sorted(fitted_keys)[:32]), "y": y}  # fmt: skip
    predicted = {"object": 1, "of": 1, "class": "ExtraTreesRegressor", "call": "predict", "x": held,
                 "values": fp("p", at=CELLS, size=40)}  # fmt: skip
    lines: tuple[Kind, ...] = ({"kind": "fit", "facts": told}, {"kind": "predict", "facts": predicted})
    table = results(column("row", *range(40)), column("score_true", *truth), column("score_pred", *truth[::-1])).inside
    assert isinstance(table, TableFacts)
    return [one.code for one in twins(seen(*lines), table)]


NEW = [f"{one:016x}" for one in range(11, 640, 20)]
COARSE = [float(round(one)) for one in HELD]


def test_exact_and_jittered_copies_on_both_sides_are_asked_about() -> None:
    assert codes(TWINS, OTHERS) == ["copied_rows_held_out"]
    assert codes(NEW, [*HELD[:30], *OTHERS]) == ["copied_rows_held_out"]


@pytest.mark.parametrize(
    "found",
    [
        codes(NEW, OTHERS),
        codes(TWINS, OTHERS, rows=60),
        codes(TWINS, OTHERS, at=[float(round(one)) for one in CELLS]),
        codes(TWINS, OTHERS, shape=[40, 2]),
        codes(NEW, [*COARSE, *OTHERS], truth=COARSE),
        codes(NEW, [*HELD[:8], *OTHERS], truth=[one for one in HELD[:8] for _ in range(5)]),
    ],
    ids=[
        "others",
        "left out by a bootstrap",
        "whole numbers",
        "few columns",
        "rounded outcomes",
        "one outcome a group",
    ],
)
def test_rows_that_are_others_or_alike_by_nature_are_not_asked_about(found: list[str]) -> None:
    assert not found


def test_a_last_fit_to_all_rows_that_predicts_the_held_out_ones_again_is_not_asked_about() -> None:
    honest = {"id": 1, "object": 1, "class": "ExtraTreesRegressor", "x": fp("train", shape=[160, 5], row_keys=NEW[:32])}
    last = {"id": 2, "object": 2, "class": "ExtraTreesRegressor", "x": fp("all", shape=[200, 5], row_keys=KEYS)}
    held = fp("test", shape=[40, 5], at=CELLS, row_keys=KEYS)
    lines: list[Kind] = [{"kind": "fit", "facts": one} for one in (honest, last)]
    lines += [
        {
            "kind": "predict",
            "facts": {"of": number, "class": "ExtraTreesRegressor", "x": held, "values": fp("p", size=40)},
        }
        for number in (1, 2)
    ]
    table = results(column("row", *range(40)), column("score_true", *HELD)).inside
    assert isinstance(table, TableFacts)
    assert not [*twins(seen(*lines), table)]
