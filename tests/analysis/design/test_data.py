"""Rows of a design about the data: columns, rows of the training, rows that were held out, and who sampled."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.artefacts.facts import TableFacts
from watchkeeper.server.analysis.design.parameters import name_of
from watchkeeper.server.analysis.evidence.evidence import Evidence
from watchkeeper.server.analysis.verdict.verdict import decide

from ..evidence.facts import RESULTS, RULES, check, designed
from ..evidence.witnessed import Kind, column, fit, fp, mcmc, sampling, steps, trained

LGB = "LGBMRegressor"
AT = tuple(float(7 * one % 31) for one in range(32))
DUMMIES = tuple(float(one % 7 == 0) for one in range(32))


def table(rows: int, columns: int, at: tuple[float, ...] = AT) -> Kind:
    return {"shape": [rows, columns], "dtype": "float64", "sha": f"x{rows}-{columns}", "at": list(at)}


def fitted(columns: int, number: int = 1, name: str = LGB, rows: int = 900, **more: Any) -> Kind:
    changes: dict[str, Any] = {"x": table(rows, columns), "wall_s": 9e3, **more}
    return fit(number, name, **changes)


def loader(rows: int, *, trains: bool) -> Kind:
    facts = {"library": "torch", "id": rows, "batches": 99, "dataset": rows, "trains": trains}
    return {"kind": "batches", "facts": facts}


def split(*rows: int) -> Kind:
    return {"kind": "split", "facts": {"call": "train_test_split", "parts": [table(one, 8) for one in rows]}}


def code(row: str, *lines: Kind, results: int = 3, marked: str = "YES") -> str:
    """Return the code of the check of the design, `kept` where the row was seen to be kept."""
    return of(row, trained(*lines), results, marked)


def of(row: str, evidence: Evidence, results: int = 3, marked: str = "YES") -> str:
    values = tuple(float(one) for one in range(results))
    inside = TableFacts(format="csv", size_bytes=9, rows=results, columns=(column("y", *values),), column_count=1)
    left = tuple(one for one in evidence.artefacts if one.role != "results")
    evidence = replace(evidence, artefacts=(replace(RESULTS, inside=inside), *left))
    found = check(decide(designed(f"{row} | | {marked}\n", evidence), RULES), "design")
    return found.code or str(found.outcome)


EIGHT = "Total features | 8 | 8 | 8"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((fitted(8),), "passed"),
        ((fitted(9),), "features_doubtful"),
        ((fitted(5),), "features_doubtful"),
        ((fitted(5), fitted(8, 2, "SelectKBest")), "passed"),  # some of them were chosen
        ((fitted(9), split(900, 100)), "passed"),  # a table of eight was split
        ((fitted(13, x=table(900, 13, DUMMIES)),), "not inspected"),  # one for each category
        ((fitted(9, name="OLS", library="statsmodels"),), "passed"),  # with the constant
        ((fitted(8, 1, "StandardScaler"), steps()), "passed"),
        ((steps(dims=[64, 8, 1]),), "passed"),
        ((steps(dims=[64, 9, 1]),), "not inspected"),
        ((fit(1, LGB, x=fp("words", size=900)),), "not inspected"),  # texts
    ],
    ids=["eight", "nine", "five", "chosen", "split", "categories", "constant", "scaled", "net", "other net", "texts"],
)
def test_total_features_are_the_columns_that_were_fitted(lines: tuple[Kind, ...], expected: str) -> None:
    assert code(EIGHT, *lines) == expected


def test_columns_in_doubt_are_asked_about_only_where_they_must_not_be_simplified() -> None:
    assert code(EIGHT, fitted(9), marked="NO") == "not inspected"


def test_a_model_that_is_given_its_table_or_draws_so_many_coefficients_has_its_features() -> None:
    given = sampling(observed={"args[0]": {"shape": [120, 10], "data": table(120, 10)}})
    drawn = sampling(variables={"beta": [{**fp(f"b{chain}"), "shape": [2000, 10]} for chain in range(4)]})
    for one in (given, drawn):
        assert of("Total features | 10 | 10 | 10", mcmc(one)) == "passed"


TRAINING = "Training rows | 1280 | 1280 | 1280"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((loader(1280, trains=True), loader(320, trains=False)), "passed"),
        ((loader(1600, trains=True),), "training_rows_doubtful"),
        ((fitted(8, rows=1280), fitted(8, 2, rows=1600)), "passed"),  # fitted again on all rows
        ((fitted(8, rows=1600),), "training_rows_doubtful"),
        ((fitted(8, rows=2100), split(1280, 320)), "not inspected"),  # rows were added to the part
        ((fitted(8, rows=1000),), "training_rows_simplified"),
    ],
    ids=["as many", "all of them", "once more", "more", "oversampled", "fewer"],
)
def test_training_rows_are_as_many_as_the_design_has(lines: tuple[Kind, ...], expected: str) -> None:
    assert code(TRAINING, *lines) == expected


@pytest.mark.parametrize(
    ("row", "lines", "results", "expected"),
    [
        ("Test rows", (fitted(8),), 320, "passed"),
        ("Test rows", (fitted(8),), 960, "passed"),  # three quantiles of each
        ("Held-out observations", (loader(320, trains=False),), 3, "passed"),
        ("Test rows", (split(1280, 320),), 3, "passed"),
        ("Test rows", (fitted(8),), 210, "test_rows_doubtful"),
        ("Test rows in the results", (loader(320, trains=False),), 210, "test_rows_in_the_results_doubtful"),
        ("Test samples", (fitted(8),), 320, "passed"),
    ],
)
def test_test_rows_were_predicted_or_stand_in_the_results(
    row: str, lines: tuple[Kind, ...], results: int, expected: str
) -> None:
    assert code(f"{row} | 320 | 320 | 320", *lines, results=results) == expected


def test_samples_of_a_part_of_the_data_are_no_draws() -> None:
    assert [name_of(one) for one in ("Training samples", "Test samples", "Posterior samples")] == [
        "training_rows",
        "test_rows",
        "draws",
    ]


@pytest.mark.parametrize(
    ("text", "ran", "expected"),
    [
        ("No-U-Turn sampler", ["NUTS"], "passed"),
        ("NUTS with Metropolis for the counts", ["NUTS", "Metropolis"], "passed"),
        ("Metropolis-Hastings", ["NUTS"], "sampler_doubtful"),
        ("our own", ["NUTS"], "not inspected"),
    ],
)
def test_a_sampler_is_held_against_the_steps_that_were_witnessed(text: str, ran: list[str], expected: str) -> None:
    assert of(f"Sampler | {text} | |", mcmc(sampling(steps=ran))) == expected
