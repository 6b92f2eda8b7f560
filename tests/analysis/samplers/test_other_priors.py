"""Priors that a design states anywhere are held against those that were sampled with."""

from __future__ import annotations

import pytest
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.samplers.other_priors import not_sampled, other_priors

from ..evidence.witnessed import Kind, sampling, seen

TABLE = "| Variable | Prior |\n|---|---|\n| alpha | Normal(0, 1) |\n| effect | Normal(0, 1) |\n"
PROSE = "Priors: intercept Normal(130, 20); treatment effect Normal(0, 1); other slopes Normal(0, 5); sd HalfNormal(5)."
SIGN = "- `effect ~ Normal(0, 1)` and sigma ~ HalfNormal(1)\n\noutcome ~ Normal(alpha + effect * arm, sigma)"


def asked(design: str, *each: dict[str, str]) -> list[str]:
    samplings = [sampling(free={name: {"shape": [], "prior": prior} for name, prior in free.items()}) for free in each]
    return [one.code for one in other_priors(read_design(design, "d.md"), seen(*samplings))]


@pytest.mark.parametrize("design", [TABLE, PROSE, SIGN], ids=["a table", "a sentence", "in symbols"])
@pytest.mark.parametrize(
    ("prior", "code"),
    [
        ("effect ~ Normal(0, 1)", []),
        ("effect ~ Normal(0.6, 0.01)", ["prior_otherwise"]),
        ("effect ~ Normal(-4, 0.4)", ["prior_otherwise"]),
        ("effect ~ Cauchy(0, 1)", ["prior_otherwise"]),
        ("effect ~ Normal(mu, tau)", []),
        ("", []),
    ],
)
def test_a_prior_other_than_what_the_design_states_is_asked_about(design: str, prior: str, code: list[str]) -> None:
    assert asked(design, {"effect": prior, "alpha": "alpha ~ Normal(0, 1)"}) == code


@pytest.mark.parametrize(
    ("design", "free"),
    [
        ("effect ~ Normal(0, 25)", {"effect": "effect ~ Normal(0, 5)"}),
        ("Priors Normal(0, 1) for all, sigma HalfNormal(1).", {"beta": "beta ~ Normal(0, 3)"}),
        ("other slopes Normal(0, 5)", {"slopes": "slopes ~ Normal(0, 1)"}),
        ("clinic effect Normal(0, 5)", {"clinic": "clinic ~ Normal(0, 1)", "effect": "effect ~ Normal(0, 1)"}),
        ("effect Normal(0, 1); in the sensitivity run effect Normal(0, 10)", {"effect": "effect ~ Normal(0, 10)"}),
        ("A Student-t(4, 0, 1) error; poll(5) was left out; recall(0.5)", {"poll": "poll ~ Normal(0, 1)"}),
    ],
    ids=["a variance", "of all", "of others", "of two names", "of two runs", "no priors at all"],
)
def test_what_may_be_meant_otherwise_is_not_asked_about(design: str, free: dict[str, str]) -> None:
    assert asked(design, free) == []


def test_one_of_several_samplings_with_the_stated_prior_is_enough() -> None:
    assert asked(TABLE, {"effect": "effect ~ Normal(0, 10)"}, {"effect": "effect ~ Normal(0, 1)"}) == []


FOUR = "| Variable | Prior |\n|---|---|\n| alpha | Normal(0, 10) |\n| beta | Normal(0, 5) |\n| nu | Gamma(2, 0.1) |\n"


@pytest.mark.parametrize(
    ("names", "codes"),
    [
        (["alpha", "beta"], ["variable_not_sampled"]),
        (["alpha", "beta", "nu"], []),
        (["alpha", "beta", "dof"], []),
        (["alpha"], []),
        (["intercept", "slope"], []),
    ],
    ids=["left out", "all", "by another name", "more left out", "others"],
)
def test_a_variable_with_a_prior_that_was_not_sampled_is_asked_about(names: list[str], codes: list[str]) -> None:
    free: Kind = {name: {"shape": [], "prior": ""} for name in names}
    assert [one.code for one in not_sampled(read_design(FOUR, "d.md"), seen(sampling(free=free)))] == codes
