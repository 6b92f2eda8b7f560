"""Rows that were predicted and left out of the results are asked about; parts that have their own shape are not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.evidence.evidence import Evidence
from watchkeeper.server.analysis.evidence.words import Word
from watchkeeper.server.analysis.verdict.verdict import decide
from watchkeeper.server.analysis.witness import places

from ..evidence.facts import HOUR, MODEL, RULES
from ..evidence.witnessed import SAVED, Kind, column, fp, mcmc, results, sampling

N = 100
VALUES = [round(math.sin(one * one), 6) for one in range(N)]
ERRORS = [abs(math.cos(7.0 * one)) for one in range(N)]
LIMIT = sorted(ERRORS)[80]
BEST = [one for one in range(N) if ERRORS[one] < LIMIT]
EVERY_FIFTH = [one for one in range(N) if one % 5 != 3]


def whole(sha: str, values: Sequence[float], *more: int) -> Kind:
    told = [values[one] for one in places(len(values))]
    shown = [one if math.isfinite(one) else None for one in told]
    return {**fp(sha, size=len(values)), "shape": [len(values), *more], "at": shown}


def fitted(rows: int = 400, **more: Any) -> Kind:
    facts = {"id": 1, "object": 1, "library": "sklearn", "class": "RandomForestRegressor", "call": "fit",
             "wall_s": 3 * HOUR, "x": fp("x", size=rows), "y": fp("y", size=rows), **more}  # fmt: skip
    return {"kind": "fit", "where": "model_1.py:7", "facts": facts}


def predicted(values: Sequence[float] = VALUES, x: str = "new", columns: int = 1) -> Kind:
    told = whole("p", values)
    told["shape"] = [len(values)] if columns == 1 else [len(values) // columns, columns]
    facts = {"object": 1, "of": 1, "class": "RandomForestRegressor", "call": "predict",
             "x": fp(x, size=len(values)), "values": told}  # fmt: skip
    return {"kind": "predict", "where": "model_1.py:9", "facts": facts}


def across_folds(values: Sequence[float]) -> Kind:
    facts = {"id": 2, "library": "sklearn", "class": "cross_val_predict", "call": "cross_val_predict", "folds": 5,
             "estimator": "RandomForestRegressor", "x": fp("x", size=N), "values": whole("p", values)}  # fmt: skip
    return {"kind": "search", "where": "model_1.py:9", "facts": facts}


def split(*parts: Kind) -> Kind:
    return {"kind": "split", "facts": {"call": "train_test_split", "parts": list(parts)}}


def outcomes(errors: Sequence[float]) -> Kind:
    actual = [value + error for value, error in zip(VALUES, errors, strict=True)]
    return split(fp("train", size=300), fp("new", size=N), fp("y1", size=300), whole("y2", actual))


def table(kept: Sequence[int], *lines: Kind, digits: int = 6, scale: float = 1.0, classes: bool = False) -> Evidence:
    values = [round(scale * VALUES[one], digits) for one in kept]
    if classes:
        values = [float(one > 0) for one in values]
    rows = results(column("row", *range(len(kept))), column("predicted", *values))
    return replace(mcmc(sampling(), *lines), artefacts=(rows, replace(MODEL, inside=SAVED)))


@pytest.mark.parametrize(
    "evidence",
    [
        table(BEST, fitted(), predicted()),
        table(BEST, fitted(), predicted(), digits=3),
        table(BEST, outcomes(ERRORS), fitted(), predicted()),
        table(BEST, across_folds(VALUES)),
        table([one for one in range(N) if one not in (50, 51)], fitted(), predicted()),
        table(BEST[::-1], fitted(), predicted()),
    ],
    ids=["the worst", "rounded", "known to be the worst", "across folds", "very few", "in another order"],
)
def test_rows_left_out_here_and_there_are_asked_about_with_both_counts(evidence: Evidence) -> None:
    verdict = decide(evidence, RULES)
    assert (verdict.word, verdict.code) == (Word.INVESTIGATE, "rows_left_out"), verdict
    assert "returned 100 values at model_1.py:9" in verdict.why
    assert "here and there" in verdict.why
    assert "Leave all 100 rows in the table" in verdict.actions[0]


def test_where_the_outcomes_are_known_it_is_said_that_the_worst_are_missing() -> None:
    verdict = decide(table(BEST, outcomes(ERRORS), fitted(), predicted()), RULES)
    assert "those with the largest errors" in verdict.why


WRITTEN = [round(30 * math.exp(one), 4) for one in VALUES]
LOGS = [math.log(one) for one in WRITTEN]


def written(kept: Sequence[int], *lines: Kind, columns: tuple[str, ...] = ("price_actual", "predicted")) -> Evidence:
    """Return a table of outcomes and predictions that are put back out of logarithms."""
    rows = [column("row", *range(len(kept)))]
    rows += [column(name, *(WRITTEN[one] for one in kept)) for name in columns]
    return replace(mcmc(sampling(), *lines), artefacts=(results(*rows), replace(MODEL, inside=SAVED)))


def held_out(values: Sequence[float]) -> Kind:
    return split(fp("train", size=300), fp("new", size=N), fp("y1", size=300), whole("y2", values))


TAME = [one for one in range(N) if abs(WRITTEN[one] - sorted(WRITTEN)[50]) < 38]
"""Those without the most extreme outcomes."""
SCALED = [one / 7 + 2 + 0.1 * error for one, error in zip(LOGS, ERRORS, strict=True)]


@pytest.mark.parametrize(
    "evidence",
    [
        written(BEST, fitted(), predicted(LOGS), columns=("predicted",)),
        written(BEST, fitted(), predicted([math.sqrt(one) for one in WRITTEN]), columns=("predicted",)),
        written(BEST, held_out(WRITTEN), fitted(), predicted(SCALED), columns=("price_actual",)),
        written(BEST[::-1], held_out(WRITTEN), fitted(), predicted(SCALED), columns=("price_actual",)),
        written(TAME, held_out(WRITTEN), fitted(), predicted(SCALED[: len(TAME)]), columns=("price_actual",)),
    ],
    ids=["out of logarithms", "out of roots", "by the outcomes alone", "in another order", "before they are predicted"],
)
def test_rows_left_out_behind_a_transformation_are_asked_about(evidence: Evidence) -> None:
    assert "rows_left_out" in {one.code for one in decide(evidence, RULES).checks}


BLANK = [math.nan if one not in BEST else WRITTEN[one] for one in range(N)]


@pytest.mark.parametrize(
    "evidence",
    [
        written(range(N), held_out(WRITTEN), fitted(), predicted(SCALED)),
        written(BEST, held_out(BLANK), fitted(), predicted(SCALED), columns=("price_actual",)),
        written(BEST, held_out(WRITTEN), fitted(), predicted(SCALED[:80]), columns=("price_actual",)),
        written(BEST, held_out(WRITTEN), split(fp("a", size=80), fp("b", size=20)), fitted(), predicted(SCALED)),
        written(range(10, N), held_out(WRITTEN), fitted(), predicted(SCALED), columns=("price_actual",)),
        written(BEST[:40], held_out(WRITTEN), fitted(), predicted(SCALED), columns=("price_actual",)),
        table(BEST, fitted(), predicted([14.0 + one / 1e7 for one in range(N)])),
    ],
    ids=["all rows", "those with an outcome", "those that were predicted", "divided once more", "all but the first",
         "a few", "nearly one number"],
)  # fmt: skip
def test_outcomes_that_are_left_out_for_a_reason_that_shows_are_not_asked_about(evidence: Evidence) -> None:
    assert "rows_left_out" not in {one.code for one in decide(evidence, RULES).checks}


UNKNOWN = [math.nan if one not in EVERY_FIFTH else ERRORS[one] for one in range(N)]
COARSE = [float(one % 3) for one in range(N)]


@pytest.mark.parametrize(
    "evidence",
    [
        table(range(N), fitted(), predicted()),
        table(range(20, N), fitted(), predicted()),
        table(range(10, 90), fitted(), predicted()),
        table(EVERY_FIFTH, fitted(80), predicted()),
        table(EVERY_FIFTH, fitted(20), predicted()),
        table(EVERY_FIFTH, split(fp("a", size=80), fp("b", size=20)), fitted(), predicted()),
        table(EVERY_FIFTH, outcomes(ERRORS), fitted(), predicted()),
        table(EVERY_FIFTH, outcomes(UNKNOWN), fitted(), predicted()),
        table(BEST[:40], fitted(), predicted()),
        table(BEST, fitted(), predicted([one + 0.00037 for one in VALUES])),
        table(BEST, fitted(), predicted(COARSE)),
        table(BEST, fitted(), predicted(columns=2)),
        table(BEST, fitted(), predicted([abs(one) for one in VALUES]), classes=True),
        table(BEST, fitted(), predicted([40 * abs(one) for one in VALUES]), digits=0, scale=40),
    ],
    ids=[
        "all rows",
        "all but the first, which have no past",
        "a period",
        "the rows of the fit",
        "all but the rows of the fit",
        "a part of a split of all rows",
        "every fifth, no worse than the others",
        "those whose outcome is known",
        "a few examples",
        "another model's numbers",
        "classes",
        "probabilities of two classes",
        "a probability beside classes",
        "a rate beside counts",
    ],
)
def test_a_part_with_a_shape_of_its_own_is_not_asked_about(evidence: Evidence) -> None:
    assert "rows_left_out" not in {one.code for one in decide(evidence, RULES).checks}
