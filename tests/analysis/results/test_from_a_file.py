"""Predictions that stand in a file which the run read are asked about where none of its fits predicted them."""

from __future__ import annotations

import math
from dataclasses import replace

from watchkeeper.server.analysis.artefacts.facts import TableFacts
from watchkeeper.server.analysis.artefacts.search_facts import Found
from watchkeeper.server.analysis.results.from_a_file import from_a_file
from watchkeeper.server.analysis.results.predicted import matches

from ..evidence.facts import TRAINED
from ..evidence.witnessed import Kind, column, fit, fp, results, seen

CACHED = [round(3 + math.sin(one * one), 4) for one in range(32)]
YIELDS = [round(one + 0.1 * math.cos(one), 2) for one in CACHED]
OTHERS = tuple(one + 0.2 * math.sin(7 * at) for at, one in enumerate(CACHED))
CACHE, DATA = "data/cache/oof.csv", "data/plots.csv"


def found(name: str, source: str, hits: int = 32, by_chance: int = 0, form: str = "as it is") -> Found:
    return Found(
        name=f"column {name} of the results", source=source, hits=hits, by_chance=by_chance, asked=32, form=form
    )


def predicted(values: tuple[float, ...]) -> Kind:
    facts = {
        "object": 1,
        "of": 1,
        "class": "RandomForestRegressor",
        "call": "predict",
        "values": fp("p", at=values, size=32),
    }
    return {"kind": "predict", "facts": facts}


def codes(
    *there: tuple[str, Found], name: str = "predicted_t", values: tuple[float, ...] = OTHERS, by_hand: bool = False
) -> list[str]:
    table = results(column("plot", *range(32)), column("yield_true", *YIELDS), column(name, *CACHED)).inside
    assert isinstance(table, TableFacts)
    told = seen(*(() if by_hand else (fit(1, "RandomForestRegressor"), predicted(values))))
    evidence = replace(TRAINED, observed=there)
    return [one.code for one in from_a_file(evidence, table, matches(table, told.predictions))]


TRUE = (DATA, found("yield_true", "yield_t"))


def test_predictions_out_of_a_file_are_asked_about() -> None:
    assert codes(TRUE, (CACHE, found("predicted_t", "oof"))) == ["results_of_a_file"]
    assert codes((CACHE, found("predicted_t", "oof", hits=30))) == ["results_of_a_file"]
    assert codes(TRUE, (CACHE, found("predicted_t", "oof")), by_hand=True) == ["results_of_a_file"]


def test_what_the_run_predicted_or_what_came_along_is_not_asked_about() -> None:
    assert not codes(TRUE, (CACHE, found("predicted_t", "oof")), values=tuple(CACHED))
    assert not codes(TRUE, (CACHE, found("predicted_t", "oof", hits=12)))
    assert not codes(TRUE, (CACHE, found("predicted_t", "oof", by_chance=31)))
    assert not codes(TRUE, (CACHE, found("predicted_t", "oof", form="standardised")))
    assert not codes(TRUE, (DATA, found("predicted_t", "yield_t")))  # the value before
    assert not codes(TRUE, (CACHE, found("naive_forecast", "nwp")), name="naive_forecast")
    assert not codes(TRUE)
