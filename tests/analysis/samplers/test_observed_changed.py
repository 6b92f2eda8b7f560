"""Outcomes that were changed, copied or left out before a sampler observed them are asked about; known ways are not."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from watchkeeper.server.analysis.artefacts.formats import Look
from watchkeeper.server.analysis.artefacts.search_columns import search
from watchkeeper.server.analysis.artefacts.search_facts import Wanted, as_text, from_text
from watchkeeper.server.analysis.artefacts.tables import Table
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.samplers.observed_changed import observed_changed
from watchkeeper.server.analysis.witness.fingerprints import places

from ..evidence.facts import HONEST
from ..evidence.witnessed import fp, sampling, seen

LOOK = Look(descriptor=-1, size_bytes=9, head=b"", suffix=".csv", format="csv")
OWN = random.Random(4)
YEAR = [2000 + row // 12 for row in range(240)]
X = [round(OWN.gauss(10.0, 1.0), 3) for _ in range(240)]
Y = [round(2.0 + x + OWN.gauss(0.0, 2.0), 3) for x in X]
NOISE = [OWN.gauss(0.0, 0.05) for _ in range(960)]
PLAIN = "# Plots\n\nThe yield of each plot, all of them.\n- **Draws**: 2000 per chain\n- **Training time**: 5 s\n"


def asked(observed: Sequence[float], design: str = PLAIN, blank: bool = False, library: str = "pymc") -> list[str]:
    table = Table(["year", "x", "y"])
    for number, row in enumerate(zip(YEAR, X, Y, strict=True)):
        table.add(["" if blank and number == 7 and place == 1 else str(one) for place, one in enumerate(row)])
    rows = places(len(observed))
    told = tuple(observed[place] for place in rows)
    by_hand = library in ("emcee", "blackjax")
    wanted = from_text(as_text([Wanted("held y" if by_hand else "y", told, 0.0, rows=tuple(rows), size=len(observed))]))
    found = search(LOOK, wanted, lambda _: (table, True)).found
    evidence = replace(HONEST, design=read_design(design, "d.md"), observed=tuple(("p.csv", one) for one in found))
    data = {"y": {"data": fp("y", at=told, size=len(observed))}}
    line = sampling(library=library, observed={} if by_hand else data, held=data if by_hand else {})
    return [one.code for one in observed_changed(evidence, seen(line))]


LINE = [2.0 + x for x in X]
KEPT = [y for y, line in zip(Y, LINE, strict=True) if abs(y - line) < 3.2]


@pytest.mark.parametrize(
    ("observed", "code"),
    [
        ([a + b for a, b in zip(Y * 4, NOISE, strict=True)], "observations_repeated"),
        ([a + b for a, b in zip([y for y in Y for _ in range(4)], NOISE, strict=True)], "observations_repeated"),
        ([a + b for a, b in zip(Y, NOISE, strict=False)], "observed_changed"),
        ([line + 0.8 * (y - line) for y, line in zip(Y, LINE, strict=True)], "observed_changed"),
        (KEPT, "observed_rows_left_out"),
    ],
    ids=["tiled with a jitter", "repeated with a jitter", "jittered", "drawn to a line", "without outliers"],
)
def test_outcomes_that_are_not_those_of_the_file_are_asked_about(observed: list[float], code: str) -> None:
    if code == "observed_changed" and observed[0] != Y[0] + NOISE[0]:
        observed = [one + noise / 1e3 for one, noise in zip(observed, NOISE, strict=False)]  # on no line with x
    assert asked(observed) == [code]


@pytest.mark.parametrize(
    "observed",
    [
        Y, [3 * one - 2 for one in Y], [math.log(one + 9) for one in Y], [a / b for a, b in zip(Y, X, strict=True)],
        Y[:200], Y[20:], [y for y, year in zip(Y, YEAR, strict=True) if year != 2019], [*Y[1:], 0.0],
        [OWN.gauss(0, 1) for _ in Y], [y for y, year in zip(Y, YEAR, strict=True) if year > 2003],
    ],
    ids=["as it is", "scaled", "log", "by x", "the first ones", "the last ones", "without a year", "the next row's",
         "another one", "from a year on"],
)  # fmt: skip
def test_known_ways_and_parts_in_one_piece_or_by_another_column_are_not_asked_about(observed: list[float]) -> None:
    assert asked(observed) == []


@pytest.mark.parametrize(
    "design",
    [f"{PLAIN}Yields are adjusted for moisture.", f"{PLAIN}Outliers beyond three deviations are dropped."],
    ids=["adjusted", "dropped"],
)
def test_what_the_design_says_of_it_is_not_asked_about(design: str) -> None:
    observed = KEPT if "dropped" in design else [a + b for a, b in zip(Y, NOISE, strict=False)]
    assert asked(observed, design) == []


def test_rows_with_blank_cells_may_be_left_out_and_what_numpyro_is_given_may_be_no_outcome() -> None:
    assert asked(KEPT, blank=True) == []
    assert asked([a + b for a, b in zip(Y, NOISE, strict=False)], library="numpyro") == []


def test_data_that_a_log_density_holds_may_be_changed_but_not_copied_or_cut_without_a_word() -> None:
    jittered = [a + b for a, b in zip(Y, NOISE, strict=False)]
    assert asked(jittered, library="emcee") == []  # it may be what explains, and not what is explained
    assert asked([a + b for a, b in zip(Y * 4, NOISE, strict=True)], library="emcee") == ["observations_repeated"]
    assert asked(Y[::3], library="emcee") == ["observed_rows_left_out"]
    assert asked(Y[::3]) == ["observed_rows_left_out"]
    assert asked(Y[::3], f"{PLAIN}Every third plot is used.") == []
    assert asked(Y[:80], library="blackjax") == []
