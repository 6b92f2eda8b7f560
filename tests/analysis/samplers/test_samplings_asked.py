"""Fewer samplings than a design counts, or a part of the rows that all enter, are asked about; other forms are not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.artefacts.search_facts import Found
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.samplers.samplings_asked import samplings_asked

from ..evidence.facts import HONEST
from ..evidence.witnessed import Kind, fit, fp, sampling, seen

THREE = "Three models are sampled and compared by PSIS-LOO."
SITES = "Each of the 8 sites gets a regression of its own, sampled separately."
FOLDS = "5 folds: the model is refitted for each."
TRENDS = "Three candidate trends are each fitted by MCMC and compared by PSIS-LOO."
ALL = "All 400 rows enter the likelihood."


def one(rows: int = 400, sha: str = "y", **changes: Any) -> Kind:
    return sampling(observed={"y": {"shape": [rows], "data": fp(sha, size=rows)}}, **changes)


def imputed(missing: int, there: int) -> Kind:
    free = {"temp_unobserved": {"shape": [missing], "prior": ""}}
    return sampling(free=free, observed={"temp_observed": {"shape": [there], "data": fp("t", size=there)}})


def asked(design: str, *lines: Kind, size: int = 400) -> list[str]:
    found = Found(name="y", source="y", hits=30, by_chance=0, asked=32, size=size)
    told = replace(HONEST, design=read_design(design, "d.md"), observed=(("data.csv", found),))
    return [each.code for each in samplings_asked(told, seen(*lines))]


@pytest.mark.parametrize(
    ("design", "lines", "code"),
    [
        (THREE, [one()], "fewer_samplings"),
        (SITES, [one(50), one(40)], "fewer_samplings"),
        (FOLDS, [one()], "fewer_samplings"),
        (TRENDS, [one()], "fewer_samplings"),
        ("Method: MCMC (NUTS), 3 candidate models", [one()], "fewer_samplings"),
        (ALL, [one(200)], "observed_part_of_the_rows"),
        ("240 readings of 40 stations. A few missing values may be imputed.", [imputed(180, 60)], "mostly_imputed"),
    ],
    ids=["models", "sites", "folds", "trends", "candidates", "rows", "imputed"],
)
def test_less_than_the_design_counts_is_asked_about(design: str, lines: list[Kind], code: str) -> None:
    assert asked(design, *lines) == [code]


@pytest.mark.parametrize(
    ("design", "lines"),
    [
        (THREE, [one(), one(), one()]),
        (THREE, [one(), fit(1, "Ridge"), fit(2, "Ridge")]),
        (SITES, [one(free={"b": {"shape": [8, 2], "prior": "b ~ Normal(0, 5)"}})]),
        (SITES, [one(compiled=True)]),
        ("Eight sites, each with an intercept of its own from a common distribution.", [one()]),
        ("Not three models: one.", [one()]),
        (ALL, [one(400)]),
        (ALL, [one(200, "a"), one(200, "b")]),
        (f"{ALL} The last 80 days are held out.", [one(320)]),
        ("All 400 rows, aggregated by clinic.", [one(40)]),
        ("All rows enter.", [one(200)]),
        (TRENDS, [one(), one(), one()]),
        ("3 candidate models", [one(), fit(1, "Ridge"), fit(2, "Ridge")]),
        ("A few missing values may be imputed.", [imputed(18, 222)]),
        ("180 readings are missing and imputed.", [imputed(180, 60)]),
        ("The model forecasts the next 180 days.", [imputed(180, 60)]),
        ("240 readings; the last 180 are held out.", [imputed(180, 60)]),
    ],
    ids=["as many", "others trained too", "one variable", "compiled", "partially pooled", "denied", "all rows",
         "a part each", "held out", "aggregated", "no number", "trends", "candidates fitted", "few imputed",
         "missing as said", "forecast", "held out and imputed"],
)  # fmt: skip
def test_what_may_be_as_much_is_not_asked_about(design: str, lines: list[Kind]) -> None:
    assert asked(design, *lines) == []
