"""Rows that decided when a training stopped are no test of it; rows of a validation beside it are none of these."""

from __future__ import annotations

import pytest
from watchkeeper.server.analysis.artefacts.facts import TableFacts
from watchkeeper.server.analysis.results.predicted import matches
from watchkeeper.server.analysis.splits.stopped_on import stopped_on, stopped_on_outcomes

from ..evidence.witnessed import Kind, column, fp, results, seen

NUMBERS = tuple(0.37 * one + 0.011 * one**2 for one in range(14))
STOPS = "early_stopping_rounds"


def fit(number: int, watched: str, stops: str = STOPS) -> Kind:
    facts = {"id": number, "object": number, "class": "XGBRegressor", "call": "fit", "x": fp("x"), "y": fp("y")}
    return {"kind": "fit", "where": "m.py:7", "facts": {**facts, "watched": [fp(watched)], "stops": stops}}


def predict(of: int, x: str) -> Kind:
    values = fp("p", at=NUMBERS, size=len(NUMBERS))
    return {
        "kind": "predict",
        "where": "m.py:9",
        "facts": {"object": of, "of": of, "class": "X", "x": fp(x), "values": values},
    }


def asked(*lines: Kind, name: str = "predicted") -> list[str]:
    found, table = seen(*lines), results(column(name, *NUMBERS)).inside
    assert isinstance(table, TableFacts)
    return [one.code for one in stopped_on(found, matches(table, found.predictions))]


def test_the_part_that_is_handed_in_may_not_decide_when_a_fit_stops() -> None:
    assert asked(fit(1, "test"), predict(1, "test")) == ["stopped_on_results"]


@pytest.mark.parametrize(
    "lines",
    [
        (fit(1, "validation"), predict(1, "test")),
        (fit(1, "test", stops=""), predict(1, "test")),  # shown for printing only
        (fit(1, "fold 1"), predict(1, "fold 1"), fit(2, "fold 2")),  # folds, each by the rows it leaves out
    ],
)
def test_a_validation_of_its_own_a_print_and_folds_are_not_asked_about(lines: tuple[Kind, ...]) -> None:
    assert asked(*lines) == []


def test_a_column_that_calls_itself_the_validations_hides_nothing() -> None:
    assert asked(fit(1, "v"), predict(1, "v"), name="predicted_validation") == []


def by_outcomes(*labels: tuple[float, ...], stops: str = "od_wait", name: str = "default") -> list[str]:
    facts = {"id": 1, "object": 1, "class": "CatBoostClassifier", "x": fp("x"), "y": fp("y"), "stops": stops}
    told = [fp(f"l{at}", at=one, size=14, mean=sum(one) / 14) for at, one in enumerate(labels)]
    watched = [[{"shape": [14, 8], "label": each}] for each in told]
    fits: list[Kind] = [{"kind": "fit", "facts": {**facts, "watched": each}} for each in watched]
    table = results(column(name, *DEFAULTS), column("probability", *NUMBERS)).inside
    assert isinstance(table, TableFacts)
    return [one.code for one in stopped_on_outcomes(seen(*fits), table)]


DEFAULTS = (0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0)


def test_outcomes_that_decided_when_a_fit_stopped_are_known_where_its_columns_are_not_told() -> None:
    assert by_outcomes(DEFAULTS) == ["stopped_on_results"]
    assert not by_outcomes(DEFAULTS[::-1])
    assert not by_outcomes(DEFAULTS, stops="")
    assert not by_outcomes(DEFAULTS, DEFAULTS[::-1])  # folds
    assert not by_outcomes(DEFAULTS, name="default_validation")
