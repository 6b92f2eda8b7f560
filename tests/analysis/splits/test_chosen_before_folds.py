"""Columns chosen and settings searched on all rows before folds are asked about; inside folds they are not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.evidence.evidence import Attempt
from watchkeeper.server.analysis.splits.chosen_before_folds import chosen_before_folds, searched_once

from ..evidence.facts import TRAINED
from ..evidence.witnessed import Kind, fp, seen


def table(sha: str, rows: int, columns: int = 25) -> Kind:
    return fp(sha, shape=[rows, columns])


def scored(rows: int = 120, columns: int = 900, name: str = "f_classif") -> Kind:
    facts = {"id": 1, "library": "sklearn", "class": name, "call": name, "x": table("all", rows, columns), "y": fp("y")}
    return {"kind": "score", "facts": facts}


def folds(rows: int = 120) -> Kind:
    return {"kind": "split", "where": "m.py:5", "facts": {"call": "KFold.split", "x": table("all", rows, 900)}}


def fitted(number: int, rows: int = 108, columns: int = 25, name: str = "ExtraTreesClassifier", **more: Any) -> Kind:
    facts = {"id": number, "object": number, "library": "sklearn", "class": name, "call": "fit",
             "x": table(f"x{number}", rows, columns), "y": fp(f"y{number}"), **more}  # fmt: skip
    return {"kind": "fit", "where": "m.py:7", "facts": facts}


def search(number: int, rows: int, **more: Any) -> Kind:
    facts = {"id": number, "library": "sklearn", "class": "GridSearchCV", "call": "fit", "estimator": "SVR",
             "folds": 3, "candidates": 90, "x": table(f"s{number}", rows), "y": fp("y"), **more}  # fmt: skip
    return {"kind": "search", "facts": facts}


def predicted(number: int, rows: int) -> Kind:
    facts = {"object": number, "of": number, "class": "ExtraTreesClassifier", "call": "predict",
             "x": table(f"t{number}", rows), "values": fp(f"p{number}", size=rows)}  # fmt: skip
    return {"kind": "predict", "where": "m.py:9", "facts": facts}


FITS = [fitted(number) for number in range(2, 12)]


@pytest.mark.parametrize(
    "lines",
    [
        [scored(), folds(), *FITS],
        [folds(), scored(), *FITS],
        [fitted(1, 120, 900, "SelectKBest"), folds(), *FITS],
        [scored(), folds(), *FITS, *(predicted(number, 12) for number in range(2, 12))],
        [scored(name="mutual_info_regression"), search(20, 120, **{"class": "cross_val_score"}), *FITS],
        [scored(), search(20, 120, **{"class": "cross_val_predict"})],
        [scored(), search(20, 120), fitted(21, 120), predicted(21, 44)],
    ],
    ids=[
        "scores first",
        "remembered from the first fold",
        "a selector",
        "folds that were predicted",
        "folds by one call",
        "folds by one call, and nothing else",
        "folds by one call, and a bootstrap",
    ],
)
def test_columns_chosen_on_all_rows_are_asked_about(lines: list[Kind]) -> None:
    assert [one.code for one in chosen_before_folds(seen(*lines))] == ["selected_on_held_out_rows"]


@pytest.mark.parametrize(
    "lines",
    [
        [folds(), *(line for number, one in enumerate(FITS) for line in (scored(108 - number % 2), one))],
        [scored(), folds(), *(fitted(number, columns=900) for number in range(2, 12))],
        [folds(), *FITS, scored()],
        [folds(150), scored(), folds(), *FITS],
        [scored(), *FITS],
        [scored(), search(20, 120, inside={"SelectKBest": 5})],
        [scored(), search(20, 120), fitted(21, 120, x=table("s20", 120)), predicted(21, 44)],
        [scored(columns=25), search(20, 120)],
        [scored(), folds(), fitted(1, 120, 25)],
        [scored(), folds(), *FITS, fitted(20, 120), predicted(20, 40)],
    ],
    ids=[
        "in each fold",
        "a description",
        "of the last model",
        "in an outer fold",
        "no folds",
        "in the folds of one call",
        "folds of the training part",
        "all columns",
        "one fit to all",
        "a test cut off by hand",
    ],
)
def test_choices_inside_folds_and_those_that_choose_nothing_are_not_asked_about(lines: list[Kind]) -> None:
    assert not [*chosen_before_folds(seen(*lines))]


NESTED = "**Outer folds**: 5\n- **Inner folds**: 3, a search in every outer fold"
OUTER = [fitted(number, 608, name="Pipeline") for number in range(2, 7)]


def codes(rows: str, *lines: Kind) -> list[str]:
    design = read_design(f"## Computational requirements\n- **Method**: SVR\n- {rows}\n", "d.md")
    return [one.code for one in searched_once(replace(TRAINED, design=design), seen(*lines))]


def test_one_search_on_all_rows_is_no_nested_one() -> None:
    assert codes(NESTED, search(1, 760), *OUTER) == ["search_not_nested"]
    assert codes(NESTED, search(1, 760), search(9, 760, **{"class": "cross_val_score", "x": table("s1", 760)})) == [
        "search_not_nested"
    ]


def test_searches_in_each_outer_fold_by_whichever_way_are_not_asked_about() -> None:
    assert not codes(NESTED, *(search(number, 608) for number in range(5)), search(9, 760), *OUTER)
    outer = {"class": "cross_val_score", "estimator": "GridSearchCV"}
    assert not codes(NESTED, search(1, 760), search(9, 760, **outer), *OUTER)
    assert not codes(NESTED, *OUTER)
    assert not codes("**CV folds**: 5, settings searched before", search(1, 760), *OUTER)


def test_outer_folds_that_an_earlier_attempt_made_are_not_asked_about() -> None:
    design = read_design(f"## Computational requirements\n- **Method**: SVR\n- {NESTED}\n", "d.md")
    earlier = Attempt(run="1-full-1", state="failed", wall_s=1.0, counts=True, continued=True)
    evidence = replace(TRAINED, design=design, attempts=(earlier,))
    assert not [*searched_once(evidence, seen(search(1, 760), *OUTER))]


IN_WORDS = "**CV folds**: 5 outer, 3 inner"
PROSE = "\n## Evaluation\nOuter loop 5 folds; inside each outer training part a grid search picks the parameters."


def test_a_design_may_nest_its_search_in_words_where_no_row_names_outer_folds() -> None:
    assert codes(IN_WORDS + "\n" + PROSE, search(1, 760), *OUTER) == ["search_not_nested"]
    assert codes("**Method**: SVM, nested cross-validation of 5 outer folds", search(1, 760), *OUTER) == [
        "search_not_nested"
    ]
    assert not codes("**CV folds**: 5 outer; the search is not nested, it is made once", search(1, 760), *OUTER)


def test_a_last_search_on_all_rows_after_a_nested_one_of_another_kind_is_not_asked_about() -> None:
    assert not codes(IN_WORDS + "\n" + PROSE, *OUTER, search(9, 760))
