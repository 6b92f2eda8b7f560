"""Trainings that a design counts are as many, and they differ; one that is repeated is called so."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from watchkeeper.server.analysis.design.answer import Answer
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.design.rows import answered
from watchkeeper.server.analysis.witness.seen import Seen

from ..evidence.witnessed import Kind, fp, seen

FOREST, IMPUTER = "RandomForestRegressor", "IterativeImputer"


def fitted(number: int, x: str, *, y: str = "y", name: str = FOREST, at: int = 7, **more: object) -> Kind:
    facts = {"id": number, "object": number, "library": "sklearn", "class": name, "call": "fit",
             "x": fp(x, size=90), "y": fp(y, size=90), "params": {"random_state": 0}, **more}  # fmt: skip
    return {"kind": "fit", "where": f"model_1.py:{at}", "facts": facts}


def asked(row: str, lines: Sequence[Kind], more: str = "") -> Answer:
    design = read_design(f"## Computational requirements\n- **Method**: trees\n- {row}\n{more}", "d.md")
    (name,) = [one for one in design.requirements if one != "method"]
    return answered(name, design.requirements[name], told(lines))


def told(lines: Sequence[Kind]) -> Seen:
    return seen(*lines)


def solved(count: int, call: str = "scipy.optimize.minimize") -> Kind:
    return {"kind": "solve", "facts": {"id": 1, "call": call, "count": count, "first": fp("a"), "last": fp("b")}}


ONE_TABLE = [fitted(number, "completed", params={"random_state": number}) for number in range(1, 21)]
DRAWN = [fitted(number, f"completed {number}") for number in range(1, 21)]
FILLED_IN = [fitted(number, "x", name=IMPUTER, at=3, params={"random_state": number}) for number in range(1, 21)]
PERMUTED = [fitted(number, "x", y=f"permuted {number}") for number in range(1, 21)]
WEIGHTED = [fitted(number, "x", weights=f"w{number}") for number in range(1, 21)]
SEEDS = [fitted(number, "x", params={"random_state": number}) for number in range(1, 21)]
UNSEEDED = [fitted(number, "x", params={"random_state": None}) for number in range(1, 21)]
ONE_SEED = [fitted(number, "x") for number in range(1, 21)]
LINEAR = [fitted(number, f"completed {number}", name="LinearRegression", params={}) for number in range(1, 21)]


@pytest.mark.parametrize(
    ("row", "lines"),
    [
        ("**Imputations**: 20", ONE_TABLE),
        ("**Imputed data sets**: 20", [*FILLED_IN, *ONE_TABLE]),
        ("**Number of imputations**: 20", [fitted(1, "completed")]),
        ("**Seeds**: 20", ONE_SEED),
        ("**Repeats**: 20", ONE_SEED),
        ("**Jackknife replicates**: 90", DRAWN),
        ("**Subsamples**: 100", DRAWN),
        ("**Permutations**: 200, the forest is refitted for each of them", ONE_TABLE[:6]),
        ("**Starts**: 40", [solved(3)]),
    ],
    ids=["one table", "one table for all imputers", "one fit", "one seed", "one fit again and again", "few left out",
         "few subsamples", "permuted without a refit", "three starts"],
)  # fmt: skip
def test_fewer_different_trainings_than_the_design_counts_are_in_doubt_with_their_number(
    row: str, lines: list[Kind]
) -> None:
    answer = asked(row, lines)
    assert answer.doubt, answer
    assert answer.too_few


@pytest.mark.parametrize(
    ("row", "lines"),
    [
        ("**Imputations**: 20", [*FILLED_IN, *DRAWN]),
        ("**Imputations**: 20", LINEAR),
        ("**Imputations**: 20", [*FILLED_IN, fitted(21, "mean of all")]),
        ("**Seeds**: 20", SEEDS),
        ("**Repeats**: 20", UNSEEDED),
        ("**Repeats**: 20", WEIGHTED),
        ("**Jackknife replicates**: 20", DRAWN),
        ("**Permutations**: 20, refitted each time", PERMUTED),
        ("**Permutations**: 200 of the outcomes against the predictions of one model", ONE_TABLE[:6]),
        ("**Permutations**: 200, without refitting the forest", ONE_TABLE[:6]),
        ("**Starts**: 40", [solved(40)]),
        ("**Starts**: 40", [solved(1, "scipy.optimize.basinhopping")]),
        ("**Starts**: 40", [solved(3), fitted(1, "x")]),
    ],
    ids=["drawn", "drawn, linear", "one fit to the mean", "seeds", "a seed of its own", "weights", "all left out",
         "refits", "one model by the design", "one model in other words", "all starts", "one call of many", "a fit"],
)  # fmt: skip
def test_trainings_that_differ_as_the_design_counts_them_are_in_no_doubt(row: str, lines: list[Kind]) -> None:
    assert not asked(row, lines).doubt


def test_a_sentence_beside_the_row_says_that_each_permutation_is_refitted() -> None:
    sentence = "- **Refit per permutation**: the forest is refitted to every permuted response\n"
    design = read_design(f"## Computational requirements\n- **Permutations**: 200\n{sentence}", "d.md")
    assert design.requirements["permutations"].anew
    assert answered("permutations", design.requirements["permutations"], told(ONE_TABLE[:6])).too_few
