"""Rows that a network was tested on and trained on: copies made before a split ask, copies made after it do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from watchkeeper.server.analysis.artefacts.facts import ColumnFacts, TableFacts
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.networks.rows_of_both import few_rows_by_hand, rows_of_both

from ..evidence.facts import RESULTS, spoilt
from ..evidence.witnessed import Kind, fp, seen

ROWS = 200
KEYS = [f"{key:016x}" for key in range(3, 900, 7)]
OWN = [f"{key:016x}" for key in range(5, 900, 14)]
COPIED = sorted([*OWN[:20], *KEYS[:12]])
"""Names of test rows: of those that could be, twelve in thirty-two are trained on."""


def evaluated(keys: Sequence[str], distinct: int = ROWS, rows: int = ROWS, **changes: object) -> Kind:
    x = {"shape": [rows], "rows": distinct, "row_keys": list(keys)}
    facts = {"class": "Net", "steps": 900, "rows": rows, "values": fp("out", size=rows), "x": x, **changes}
    return {"kind": "forward", "facts": facts}


def trained(keys: Sequence[str], distinct: int = 800, name: str = "Net", **changes: object) -> Kind:
    facts = {"id": 1, "class": name, "width": 8, "distinct": distinct, "row_keys": list(keys), **changes}
    return {"kind": "trained_rows", "facts": facts}


def loader(keys: Sequence[str], *, trains: bool = True) -> Kind:
    return {"kind": "batches", "facts": {"trains": trains, "dataset": 800, "distinct": 800, "row_keys": list(keys)}}


def asks(*lines: Kind, names: Sequence[str] = ("fault", "probability")) -> bool:
    values = tuple(float(row * 7 % 3) for row in range(ROWS))
    columns = tuple(ColumnFacts(name=name, numbers=ROWS, values=values) for name in names)
    table = TableFacts(format="csv", size_bytes=9, rows=ROWS, column_count=len(columns), columns=columns)
    artefact = replace(RESULTS, inside=table)
    assert isinstance(artefact.inside, TableFacts)
    return bool([*rows_of_both(seen(*lines), artefact.inside)])


@pytest.mark.parametrize("source", [trained(KEYS), loader(KEYS), trained(KEYS, trained=1)])
def test_rows_that_were_copied_before_a_split_by_hand_are_asked_about(source: Kind) -> None:
    assert asks(source, evaluated(COPIED))
    assert asks(source, evaluated([*OWN[:30], *KEYS[:5]], distinct=170))  # copies within the test as well


@pytest.mark.parametrize(
    "lines",
    [
        [trained(KEYS), evaluated(OWN)],  # split first
        [trained(KEYS, distinct=160), evaluated(COPIED)],  # all rows are predicted: fitted values
        [trained(KEYS), evaluated([*OWN[:30], KEYS[0], KEYS[4]])],  # two rows are the same by nature
        [trained(KEYS), evaluated(COPIED, distinct=40)],  # a few settings, measured again and again
        [trained(KEYS, width=2), evaluated(COPIED)],
        [trained(KEYS), trained(OWN[40:], id=2), evaluated(COPIED)],  # one fold held them out
        [trained(KEYS), loader([]), evaluated(COPIED)],  # of a loader no rows are told
        [trained(KEYS, name="Other"), evaluated(COPIED)],
        [trained(KEYS), evaluated(COPIED, rows=90)],  # not the rows of the results
        [loader(KEYS, trains=False), evaluated(COPIED)],
    ],
)
def test_split_first_fitted_values_repeated_settings_and_folds_are_not_asked_about(lines: list[Kind]) -> None:
    assert not asks(*lines)


def test_the_network_that_predicted_counts_where_it_is_known() -> None:
    assert asks(trained(KEYS), trained(OWN[40:], id=2), evaluated(COPIED, trained=1))
    assert not asks(trained(KEYS), trained(OWN[40:], id=2), evaluated(COPIED, trained=2))
    assert not asks(trained(KEYS), evaluated(COPIED), names=("probability",))


@pytest.mark.parametrize(
    ("line", "rows", "asks"),
    [
        (trained(KEYS, distinct=64, whole=True), 1000, True),  # one batch in each epoch
        (trained(KEYS, distinct=64), 1000, False),  # not all calls were looked at
        (trained(KEYS, distinct=260, whole=True), 1000, False),  # windows of several rows
        (trained(KEYS, distinct=64, whole=True), 80, False),  # a small design, predicted on a grid
        (loader(KEYS), 1000, False),
    ],
)
def test_a_loop_by_hand_over_a_sliver_of_the_rows_is_asked_about(line: Kind, rows: int, *, asks: bool) -> None:
    values = tuple(float(row * 7 % 3) for row in range(ROWS))
    column = ColumnFacts(name="predicted", numbers=ROWS, values=values)
    table = TableFacts(format="csv", size_bytes=9, rows=ROWS, column_count=1, columns=(column,))
    evidence = spoilt(design=read_design(f"## Computational Requirements\n\n- **Rows**: {rows}\n", "model_design_1.md"))
    assert bool([*few_rows_by_hand(evidence, seen(line, evaluated(OWN)), table)]) == asks
