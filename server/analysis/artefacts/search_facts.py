"""What is searched for in an artefact, and what was found of it. Plain facts; written as JSON by the confined child."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

MOST_ASKED = 24
MOST_VALUES = 64


@dataclass(frozen=True, slots=True)
class Wanted:
    """Values that may stand in an artefact.

    :ivar grain: by how much one may differ, as the values were rounded.
    :ivar sd: standard deviation of the whole of which these values are told, and `mean` its mean; 0: of no use.
    :ivar anywhere: whether they may stand in several columns, as the cells of a table do.
    :ivar rows: the row of each value in a column of as many rows as `size`; empty where they have no rows.
    """

    name: str
    values: tuple[float, ...]
    grain: float
    mean: float = 0.0
    sd: float = 0.0
    anywhere: bool = False
    rows: tuple[int, ...] = ()
    size: int = 0


@dataclass(frozen=True, slots=True)
class Beside:
    """How a column goes with values, row by row, where none of them is its own.

    :ivar column: its name. :ivar rows: how many it has. :ivar times: how often all of its rows come in the values, one
        pass behind the other or each row several times.
    :ivar correlation: over the rows that are told. :ivar known: whether the one is a known way from the other: along a
        line or one curve without a bend back, or with one other column.
    :ivar value: one of the values, and `there` what the column has in its row.
    """

    column: str
    rows: int
    times: int
    correlation: float
    known: bool
    value: float
    there: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """How many of the values asked for stand in one variable or column.

    :ivar name: of what was asked for. :ivar source: the variable with its group, or the column.
    :ivar form: how the column was changed before: "as it is", "log", "log1p", "standardised" …
    :ivar hits: how many of `asked` stand there. :ivar by_chance: how many do that are moved aside by a few grains: in
        whole numbers, or in draws that were rounded to two digits, nearly all.
    :ivar size: how many numbers the column has; 0 of a trace.
    :ivar alike: another column whose mean and deviation are nearly those of what was asked for, as it is.
    :ivar instead: of a column of as many rows as were asked for: each value that stands in another way in its row, and
        what stands there (as the column has it). :ivar in_row: how many of the values stand in their rows.
    :ivar with_column: another column of the same rows with which all of `instead` follow from what stands there: their
        sum, difference, product or ratio.
    :ivar nowhere: of cells: the values that stand in no column.
    :ivar beside: of what was asked for with its rows: the column, as it is, whose rows go with it most, where the
        correlation is high, and how.
    :ivar rows_left: how many rows a column that holds all of the values has more, where these are left out here and
        there, no other column tells which ones, and no cell of the table is blank.
    :ivar stride: where the values are every so many-th row of such a column, from one row to another; 1 of any others.
    """

    name: str
    source: str
    hits: int
    by_chance: int
    asked: int
    form: str = "as it is"
    size: int = 0
    alike: str = ""
    in_row: int = 0
    instead: tuple[tuple[float, float], ...] = ()
    with_column: str = ""
    nowhere: tuple[float, ...] = ()
    beside: Beside | None = None
    rows_left: int = 0
    stride: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchFacts:
    """The best finding for each of what was asked for; `notes` say what was not looked through."""

    found: tuple[Found, ...] = ()
    notes: tuple[str, ...] = ()
    kind: Literal["search"] = "search"


def as_text(wanted: Sequence[Wanted]) -> str:
    """Return what is asked for as an argument for the child."""
    asked = wanted[:MOST_ASKED]
    rows = [
        [one.name, list(one.values[:MOST_VALUES]), one.grain, one.mean, one.sd, one.anywhere, list(one.rows), one.size]
        for one in asked
    ]
    return json.dumps(rows)


def from_text(text: str) -> tuple[Wanted, ...]:
    """Return what `as_text` wrote."""
    rows = cast("list[list[Any]]", json.loads(text))
    return tuple(
        Wanted(
            str(name),
            tuple(map(float, values)),
            float(grain),
            float(mean),
            float(sd),
            bool(anywhere),
            tuple(map(int, places)),
            int(size),
        )
        for name, values, grain, mean, sd, anywhere, places, size in rows
    )


def best(found: Mapping[str, list[Found]]) -> tuple[Found, ...]:
    """Return for each name the finding with most hits beyond chance."""
    return tuple(max(those, key=lambda one: (one.hits - one.by_chance, one.hits)) for those in found.values() if those)
