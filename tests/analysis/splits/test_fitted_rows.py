"""Rows that look like a file's and stand nowhere in it are asked about; what is computed from a file is not."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import fmean, pstdev

import pytest
from watchkeeper.server.analysis.artefacts.formats import Look
from watchkeeper.server.analysis.artefacts.search_columns import search
from watchkeeper.server.analysis.artefacts.search_facts import Found, as_text, from_text
from watchkeeper.server.analysis.artefacts.tables import Table
from watchkeeper.server.analysis.splits.fitted_rows import asked, fitted_rows
from watchkeeper.server.analysis.witness.fingerprints import places
from watchkeeper.server.analysis.witness.seen import Seen

from ..evidence.facts import TRAINED
from ..evidence.witnessed import Kind, fit, fp, seen

LOOK = Look(descriptor=-1, size_bytes=9, head=b"", suffix=".csv", format="csv")
ROWS = 400
Rows = Sequence[tuple[float, float, float]]
"""Income, rooms, rent."""


def drawn(seed: int) -> Rows:
    own = random.Random(seed)
    incomes = [own.gauss(3000.0, 400.0) for _ in range(ROWS)]
    rooms = [own.gauss(3.0, 0.6) for _ in range(ROWS)]
    rents = [0.2 * a + 90.0 * b + own.gauss(0.0, 40.0) for a, b in zip(incomes, rooms, strict=True)]
    every = zip(incomes, rooms, rents, strict=True)
    return [(round(a, 2), round(b, 3), round(c, 2)) for a, b, c in every]


FILE = drawn(1)


def fitted(rows: Rows, *more: Kind) -> Seen:
    cells, targets = [one for row in rows for one in row[:2]], [row[2] for row in rows]
    x = fp("x", at=tuple(cells[place] for place in places(len(cells)))) | {"shape": [len(rows), 2]}
    at = tuple(targets[place] for place in places(len(targets)))
    y = fp("y", at=at, size=len(targets), mean=fmean(targets), sd=pstdev(targets))
    return seen(*more, fit(1, "LGBMRegressor", x=x, y=y))


def codes(rows: Rows, complete: bool = True, files: Sequence[Rows] = (FILE,), read: Sequence[str] = ()) -> list[str]:
    one = fitted(rows, *({"kind": "read", "facts": {"path": path}} for path in read))
    wanted = from_text(as_text([each for _, *both in asked(one) for each in both]))
    observed: list[tuple[str, Found]] = []
    for number, held in enumerate(files):
        table = Table(["income", "rooms", "rent"])
        for row in held:
            table.add([str(each) for each in row])
        found = search(LOOK, wanted, lambda _, table=table: (table, complete)).found
        observed += [(f"data/rents_{number}.csv", each) for each in found]
    return [each.code for each in fitted_rows(replace(TRAINED, observed=tuple(observed)), one)]


def mapped(change: Callable[[float, float, float], tuple[float, float, float]]) -> Rows:
    return [change(*row) for row in FILE]


def changes() -> Rows:
    return [(b[0] / a[0], b[1] - a[1], b[2] - a[2]) for a, b in pairwise(FILE)]


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (FILE, "the rows themselves"),
        (FILE[100:], "some of them"),
        (mapped(lambda a, b, c: ((a - 3000) / 400, (b - 3) / 0.6, c)), "features scaled"),
        (mapped(lambda a, b, c: (a, b, math.log(c))), "the logarithm of the target"),
        (mapped(lambda a, b, c: (round(a), round(b, 1), round(c, 1))), "rounded"),
        (mapped(lambda a, b, c: (a / 3.1, b / 7.7, c / a)), "a ratio"),
        (mapped(lambda a, b, c: (a, b, c + 0.3 * (b - 3.0))), "a target that is corrected"),
        (changes(), "changes from row to row"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_rows_of_the_file_and_what_is_computed_from_them_are_not_asked_about(rows: Rows, why: str) -> None:
    assert codes(rows) == [], why


def test_rows_that_have_the_moments_of_the_file_and_none_of_its_values_are_asked_about() -> None:
    assert codes(drawn(2)) == ["rows_not_in_file"]
    assert (
        codes(mapped(lambda a, b, c: (a + 0.37 * b, b + 0.00061 * a, c + 0.0171 * a))) == []
    )  # moved far: made from it


def test_a_file_that_was_not_looked_through_to_its_end_proves_nothing() -> None:
    assert codes(drawn(2), complete=False) == []


def test_rows_of_several_files_are_those_of_none_alone() -> None:
    parts = [FILE[start::4] for start in range(4)]
    assert codes(FILE, files=parts) == []
    assert codes(drawn(2), files=parts) == ["rows_not_in_file"]


def test_rows_may_stand_in_a_file_that_was_read_and_not_looked_through() -> None:
    assert codes(drawn(2), read=["data/rents_0.csv", "data/rents.npz"]) == []
    assert codes(drawn(2), read=["data/rents_0.csv", "code/settings.yaml", "/usr/share/zoneinfo/UTC"]) != []


def test_a_target_that_was_standardised_looks_like_any_column_without_a_unit() -> None:
    scaled = standardised(FILE)
    assert codes(standardised(FILE[:300]), files=[scaled]) == []  # by the part that is trained on


def standardised(rows: Rows) -> Rows:
    columns = [*zip(*rows, strict=True)]
    moments = [(fmean(one), pstdev(one)) for one in columns]
    scaled = [[(each - mean) / sd for each in one] for one, (mean, sd) in zip(columns, moments, strict=True)]
    return [(a, b, c) for a, b, c in zip(*scaled, strict=True)]
