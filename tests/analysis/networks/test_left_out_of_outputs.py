"""Rows that a network was evaluated on and that the results lack, between others: asked about where nothing says so."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest
from watchkeeper.server.analysis.artefacts.facts import ColumnFacts, TableFacts
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.networks.left_out_of_outputs import left_out_of_outputs
from watchkeeper.server.analysis.witness.fingerprints import places

from ..evidence.facts import spoilt
from ..evidence.witnessed import Kind, fp, seen

ROWS = 400
_RANDOM = random.Random(8)
RETURNED = [_RANDOM.gauss(0, 1) for _ in range(ROWS)]
WORST = sorted(_RANDOM.sample(range(ROWS), 36))
"""Where the errors are largest."""
ALL = [*range(ROWS)]
KEPT = [row for row in ALL if row not in WORST]


def forward(values: Sequence[float], where: str = "model_1.py:9") -> Kind:
    told = fp("out", at=tuple(values[place] for place in places(len(values))), size=len(values))
    return {"kind": "forward", "where": where, "facts": {"class": "Net", "rows": len(values), "values": told}}


def asks(predicted: Sequence[float], *lines: Kind, said: str = "A network predicts the load.\n") -> bool:
    told = tuple(round(one, 3) for one in predicted)
    column = ColumnFacts(name="predicted", numbers=len(told), values=told)
    table = TableFacts(format="csv", size_bytes=9, rows=len(told), column_count=1, columns=(column,))
    evidence = spoilt(design=read_design(said, "model_design_1.md"))
    return bool([*left_out_of_outputs(evidence, seen(*(lines or (forward(RETURNED),))), table)])


@pytest.mark.parametrize("kept", [KEPT, KEPT[1:-1]])
def test_rows_that_are_missing_between_others_are_asked_about(kept: Sequence[int]) -> None:
    assert asks([12 * RETURNED[row] + 50 for row in kept])
    assert asks([100 * math.exp(0.4 * RETURNED[row]) for row in kept])
    assert not asks([12 * RETURNED[row] + 50 for row in kept], said="Rows with missing outcomes are dropped.\n")


@pytest.mark.parametrize("kept", [ALL, ALL[20:], ALL[:-30], ALL[::2], KEPT[:200]])
def test_all_rows_a_lag_a_horizon_and_a_part_are_not_asked_about(kept: Sequence[int]) -> None:
    assert not asks([12 * RETURNED[row] + 50 for row in kept])


def test_another_part_and_what_was_evaluated_alone_are_not_asked_about() -> None:
    other = [_RANDOM.gauss(50, 12) for _ in KEPT]
    assert not asks(other)
    whole = [12 * RETURNED[row] + 50 for row in KEPT]
    assert not asks(whole, forward(RETURNED), forward([RETURNED[row] for row in KEPT]))


def test_a_large_dense_table_of_other_numbers_is_not_asked_about() -> None:
    for seed in range(6):
        draw = random.Random(seed)
        many = [forward([draw.gauss(0, 3) for _ in range(3_600)]) for _ in range(3)]
        assert not asks([draw.gauss(50, 12) for _ in range(3_000)], *many)
