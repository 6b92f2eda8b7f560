"""Results that are one of many samplings, or of what no sampling had, are asked about; a row for each is not."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.artefacts.facts import TableFacts
from watchkeeper.server.analysis.samplers.sampled_often import of_other_variables, one_of_many
from watchkeeper.server.analysis.verdict.chosen import choice

from ..evidence.facts import HONEST, MCMC, RESULTS
from ..evidence.witnessed import Kind, column, fp, results, sampling, seen

NAMES = ("alpha", "beta", "effect")


def drawn(mean: float, number: int) -> list[Kind]:
    return [{**fp(f"{mean}{number}{chain}"), "shape": [2000], "mean": mean, "sd": 0.1} for chain in range(4)]


def one(number: int, **changes: Any) -> Kind:
    """One of several samplings at a place, on data of its own."""
    observed = {"y": {"shape": [120], "data": {**fp(f"half {number}"), "shape": [120]}}}
    means = (1.0 + number / 3, 2.0 - number / 3, 0.1 * number)
    about = {
        "observed": observed,
        "variables": {name: drawn(mean, number) for name, mean in zip(NAMES, means, strict=True)},
    }
    return {**sampling(**{**about, **changes}), "where": "model_1.py:23"}


def walkers(number: int, sampler: int) -> Kind:
    plain = one(number)["facts"]["variables"]
    return one(number, observed={}, object=sampler, variables={str(n): told for n, told in enumerate(plain.values())})


def table(*values: float, labels: tuple[str, ...] = NAMES, name: str = "mean") -> TableFacts:
    inside = results(column(name, *values), labels=labels).inside
    assert isinstance(inside, TableFacts)
    return inside


BEST = table(5.01, -1.98, 1.2)
MANY = [one(number) for number in range(15)]
WHOLE = {"y": {"shape": [240], "data": {**fp("all"), "shape": [240]}}}


@pytest.mark.parametrize(
    ("lines", "told", "asked"),
    [
        (MANY, BEST, True),
        ([walkers(number, number) for number in range(15)], BEST, True),
        (MANY[:9], table(3.66, -0.67, 0.8), False),
        (MANY, table(9.0, 9.0, 9.0), False),
        (MANY, table(*(0.1 * number for number in range(15)), labels=tuple(map(str, range(15)))), False),
        ([*MANY[:12], one(12, observed=WHOLE)], BEST, False),
        ([walkers(12, 1) for _ in range(15)], BEST, False),
        ([one(12), *MANY[:11]], BEST, False),
        (MANY[:13], BEST, False),
    ],
    ids=["the best of halves", "of walkers", "too few", "of none", "a row each", "that of all rows",
         "one sampler that goes on", "before trials on simulated data", "the last window"],
)  # fmt: skip
def test_one_of_many_samplings_on_other_data_is_asked_about(lines: list[Kind], told: TableFacts, asked: bool) -> None:
    assert [each.code for each in one_of_many(seen(*lines), told)] == ["sampling_one_of_many"] * asked


SCHOOLS = table(*(4.0 + math.sin(number) for number in range(20)), labels=tuple(f"school_{n}" for n in range(20)))


@pytest.mark.parametrize(
    ("lines", "told", "asked"),
    [
        ([one(3)], SCHOOLS, True),
        ([one(3)], table(2.0, 1.0, 0.3), False),
        ([one(3)], table(2.0, 1.0, 0.3, 7.0, labels=(*NAMES, "ratio")), False),
        ([one(3), sampling(method="predictive")], SCHOOLS, False),
        ([one(3, variables={"theta": [{**fp("t"), "shape": [2000, 20]}]})], SCHOOLS, False),
    ],
    ids=["schools that nobody sampled", "a summary", "a summary and more", "predicted from it", "a vector"],
)
def test_results_of_variables_that_nothing_sampled_are_asked_about(
    lines: list[Kind], told: TableFacts, asked: bool
) -> None:
    assert [each.code for each in of_other_variables(seen(*lines), told)] == ["results_of_other_variables"] * asked


def test_figures_that_the_script_makes_from_the_draws_are_no_other_variables() -> None:
    told = seen(one(3))
    plain = replace(HONEST, artefacts=(replace(RESULTS, inside=SCHOOLS),), program=MCMC)
    check = choice(plain, told)
    assert check is not None
    assert check.code == "results_of_other_variables"
    (call,) = MCMC.samplers
    derived = replace(plain, program=replace(MCMC, samplers=(replace(call, in_a_table=True),)))
    assert choice(derived, told) is None
