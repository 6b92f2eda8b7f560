"""Results that are draws are explained, data that stand in a file are told, and no match is only not matched."""

from __future__ import annotations

from dataclasses import replace

import pytest
from watchkeeper.server.analysis.artefacts.facts import ColumnFacts, TableFacts
from watchkeeper.server.analysis.artefacts.search_facts import Found
from watchkeeper.server.analysis.evidence.evidence import Artefact, Evidence
from watchkeeper.server.analysis.evidence.words import Outcome
from watchkeeper.server.analysis.results.observed import observed
from watchkeeper.server.analysis.results.predicted import results
from watchkeeper.server.analysis.witness.seen import Seen

from ..evidence.facts import HONEST, RULES, TRACE
from ..evidence.witnessed import fp, sampling, seen

PATH = "data/catches.csv"


def found(name: str = "y", hits: int = 32, by_chance: int = 0, asked: int = 32, form: str = "as it is") -> Found:
    return Found(name=name, source="catch", hits=hits, by_chance=by_chance, asked=asked, form=form)


def sampled(*names: str) -> Seen:
    return seen(sampling(observed={name: {"shape": [9], "data": fp("data")} for name in names}))


def told(one: Found, *names: str) -> tuple[Outcome, str, str]:
    evidence = replace(HONEST, observed=((PATH, one),), observed_in=(PATH,))
    check = observed(evidence, sampled(*(names or ("y",))))
    assert check is not None
    return check.outcome, check.evidence, check.code


def test_data_that_stand_in_a_column_of_a_file_are_told_with_file_and_place() -> None:
    outcome, what, _ = told(found(form="log"))
    assert outcome is Outcome.PASSED
    assert what.startswith(f"y is column catch of {PATH}, log, of the model at model_1.py:1 at ")


@pytest.mark.parametrize(
    "one", [found(hits=20), found(by_chance=30), found(hits=3, asked=3), found(name="z")],
    ids=["too few of them", "as many by chance", "too few values", "another variable"],
)  # fmt: skip
def test_data_that_are_not_found_are_only_not_matched(one: Found) -> None:
    outcome, what, code = told(one)
    assert outcome is Outcome.NOT_INSPECTED
    assert f"not matched in {PATH}" in what
    assert not code, "nothing follows from it"


def test_where_no_table_was_read_it_is_said_so() -> None:
    check = observed(replace(HONEST, observed=(), observed_in=()), sampled("y"))
    assert check is not None
    assert check.evidence.endswith("not matched with any table: none of the workspace was seen read")


def test_of_several_variables_those_that_are_not_matched_are_named() -> None:
    outcome, what, _ = told(found(), "y", "rain")
    assert outcome is Outcome.NOT_INSPECTED
    assert "y is column catch" in what
    assert "rain of the model" in what


def test_without_observed_data_there_is_nothing_to_ask() -> None:
    assert observed(HONEST, seen(sampling(observed={}))) is None


TABLE = TableFacts(
    format="csv", size_bytes=9, rows=8000, rows_looked_at=8000, columns=(ColumnFacts(name="value", values=(0.5, 1.5)),)
)


@pytest.mark.parametrize(("drawn", "code"), [((), "results_unexplained"), ((found("value"),), "")])
def test_a_table_of_raw_draws_is_explained_by_the_trace(drawn: tuple[Found, ...], code: str) -> None:
    files = (Artefact("results", "r.csv", inside=TABLE), Artefact("model", "m.nc", inside=replace(TRACE, groups=())))
    evidence: Evidence = replace(HONEST, artefacts=files, drawn=drawn)
    check = results(evidence, RULES, sampled("y"))
    assert check is not None
    assert check.code == code
    assert bool(drawn) == ("column value is draws of catch" in check.evidence)
