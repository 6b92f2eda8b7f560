"""Blank cells of results: those of estimates are asked about, what came along from the data or is a setting is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.artefacts.facts import ColumnFacts, JsonFacts, TableFacts
from watchkeeper.server.analysis.design.design import blank_columns, read_design
from watchkeeper.server.analysis.evidence.evidence import Evidence
from watchkeeper.server.analysis.evidence.words import Word
from watchkeeper.server.analysis.results.blanks import is_estimate
from watchkeeper.server.analysis.verdict.verdict import decide

from ..evidence.facts import RESULTS, RULES, check
from ..evidence.witnessed import Kind, column, fit, predict, trained

NUMBERS = tuple(round(1.37 * (7 * one % 11) + 0.01 * one, 2) for one in range(20))
FOREST = "RandomForestRegressor"
MADE: tuple[Kind, ...] = (
    fit(1, FOREST, params={"n_estimators": 300, "rf__max_depth": None}, wall_s=9e3),
    predict(1, FOREST, *NUMBERS),
)


def blank(name: str, missing: int = 2, texts: int = 0, words: int = 0) -> ColumnFacts:
    numbers = 0 if texts else 20 - missing
    return ColumnFacts(name=name, numbers=numbers, texts=texts, missing=missing, words=words, distinct=9)


def code(*columns: ColumnFacts, predicted: str = "predicted", **changes: Any) -> str:
    """Return the code of a run whose results have these columns beside what was predicted."""
    every = (*((column(predicted, *NUMBERS),) if predicted else ()), *columns)
    table = TableFacts(format="csv", size_bytes=9, rows=20, columns=every, column_count=len(every))
    evidence = trained(*MADE, **changes)
    left = tuple(one for one in evidence.artefacts if one.role != "results")
    verdict = decide(replace(evidence, artefacts=(replace(RESULTS, inside=table), *left)), RULES)
    return check(verdict, "artefact results").code


@pytest.mark.parametrize(
    ("one", "predicted"),
    [
        (blank("lag_1"), "predicted"),
        (blank("sales"), "predicted"),  # of the months to come
        (blank("rolling_mean_7"), "predicted"),
        (blank("group_spread", 20), "predicted"),
        (blank("param_max_depth", 4, words=4), ""),
        (blank("max_depth", 4), ""),
        (blank("surface", 4, texts=16, words=4), ""),
        (blank("predicted_fault", 4, texts=16, words=4), ""),  # "none" is a class
        (blank("lag_1"), "units_out"),  # no name of an estimate, but what was predicted
    ],
    ids=lambda each: each if isinstance(each, str) else each.name,
)
def test_what_is_blank_by_its_nature_asks_nothing(one: ColumnFacts, predicted: str) -> None:
    assert code(one, predicted=predicted) == ""


@pytest.mark.parametrize(
    "one",
    [blank("predicted_low"), blank("forecast", 20), blank("cv_score"), blank("predicted_fault", 4, texts=16, words=2)],
    ids=lambda each: each.name,
)
def test_blank_estimates_are_asked_about(one: ColumnFacts) -> None:
    assert code(one) == "results_nan"
    assert code(replace(one, infinite=1)) == "results_nan"


def test_what_is_blank_in_a_table_that_was_read_may_be_blank_in_the_results() -> None:
    alone = blank("start_moisture")
    assert code(alone, predicted="") == "results_nan"
    assert code(alone, predicted="", blank_inputs=frozenset({"start_moisture"})) == ""
    assert code(replace(alone, infinite=1), predicted="", blank_inputs=frozenset({"start_moisture"})) == "results_nan"
    assert code(blank("other"), predicted="", blank_inputs=frozenset({"start_moisture"})) == "results_nan"
    filled = replace(column("units_out", *NUMBERS), missing=2)  # of a template whose column was blank before
    assert code(filled, predicted="", blank_inputs=frozenset({"units_out"})) == "results_nan"


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("yHat", True), ("mean", True), ("mean_temperature", False), ("problem", False), ("p90_upper", True), ("", False)],
)
def test_an_estimate_is_known_by_its_name(name: str, is_one: bool) -> None:
    assert is_estimate(name) == is_one


@pytest.mark.parametrize(
    "text",
    [
        "Columns that may be blank: a, b\n",
        "# Notes\n\n- **Columns which may be empty**: `a` and b\n",
        "## Computational Requirements\n\nResult columns that may hold NaN: a; b\n",
        "Columns that may be blank: a\n\n## Results\n\n- Columns that may be blank: b\n",
    ],
)
def test_a_design_names_blank_columns_wherever_it_likes(text: str) -> None:
    design = read_design(text, "d.md")
    assert blank_columns(design) == ("a", "b")
    assert not read_design(f"```\n{text}```\n", "d.md").requirements


def document(*odd: str, numbers: tuple[tuple[str, float], ...] = (("rmse", 0.4),)) -> Evidence:
    inside = JsonFacts(format="json", size_bytes=9, non_finite=odd, non_finite_count=len(odd), numbers=numbers)
    evidence = trained(*MADE)
    left = tuple(one for one in evidence.artefacts if one.role != "results")
    return replace(evidence, artefacts=(replace(RESULTS, inside=inside), *left))


@pytest.mark.parametrize(
    ("evidence", "word"),
    [
        (document("folds[2].r2"), Word.INVESTIGATE),
        (document("folds[2].r2", numbers=()), Word.INCOMPLETE_TRAINING),
        (document("groups[0].std"), None),
        (document("groups[0].std[1]", "r2"), Word.INVESTIGATE),
    ],
    ids=["one beside others", "nothing else", "announced", "one of both"],
)
def test_a_figure_of_a_document_that_is_no_number_is_asked_about_in_its_own_words(
    evidence: Evidence, word: Word | None
) -> None:
    found = check(decide(evidence, replace(RULES, may_be_blank=frozenset({"std"}))), "artefact results")
    assert found.word is word
    assert "blank cells" not in found.action
    assert ("written as null" in found.action) == (word is not None)


def test_where_every_cell_may_be_blank_a_number_that_went_wrong_in_a_document_is_still_told() -> None:
    rules = replace(RULES, may_be_blank=frozenset({"*"}))
    found = check(decide(document("w", "b", numbers=()), rules), "artefact results")
    assert found.word is Word.INCOMPLETE_TRAINING
