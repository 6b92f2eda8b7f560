"""A model that is not of the kind which the design names is asked about; other forms of the same model are not."""

from __future__ import annotations

from typing import Any

import pytest
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.samplers.likelihood import model_otherwise

from ..evidence.witnessed import Kind, fp, sampling, seen

STUDENT = "Likelihood: y ~ StudentT(nu, mu, sigma), with sigma ~ HalfNormal(2); it is robust to outliers."
GROUPED = "A hierarchical model: each site has its own intercept."
SLOPES = "Multilevel model with slopes that vary by site."
NORMAL, T = "y ~ Normal(f(a, b), sigma)", "y ~ StudentT(nu, f(a, b), sigma)"
Free = dict[str, tuple[list[int], str]]
PRIORS: Free = {
    "a": ([], "a ~ Normal(0, 10)"),
    "b": ([], "b ~ Normal(0, 5)"),
    "sigma": ([], "sigma ~ HalfNormal(0, 2)"),
}
SITES: Free = {"mu": ([], "mu ~ Normal(0, 5)"), "tau": ([], "tau ~ HalfNormal(0, 2)")}


def model(outcome: str = NORMAL, free: Free = PRIORS, rows: int = 400, **more: Any) -> Kind:
    told = {name: {"shape": shape, "prior": prior} for name, (shape, prior) in free.items()}
    observed = {"y": {"shape": [rows], "prior": outcome, "data": fp("y", size=rows)}}
    return sampling(**{"free": told, "observed": observed, "variables": {}, "potentials": [], **more})


def asked(design: str, *lines: Kind) -> list[str]:
    return [one.code for one in model_otherwise(read_design(design, "d.md"), seen(*lines))]


@pytest.mark.parametrize(
    ("design", "line", "code"),
    [
        (STUDENT, model(), "likelihood_otherwise"),
        (STUDENT, model("y ~ StudentT(1000, f(a, b), sigma)"), "likelihood_otherwise"),
        ("Counts have a negative binomial likelihood.", model("y ~ Poisson(f(a, b))"), "likelihood_otherwise"),
        ("Outcome: zero-inflated Poisson", model("y ~ Normal(f(a), s)"), "likelihood_otherwise"),
        (GROUPED, model(), "no_parameters_by_group"),
        (GROUPED, model("Normal(f(), f())", library="numpyro"), "no_parameters_by_group"),
        (SLOPES, model(free={**SITES, "a": ([8], "a ~ Normal(mu, tau)")}), "no_slopes_by_group"),
        (SLOPES, model(free={**PRIORS, "beta": ([3], "beta ~ Normal(0, 5)")}), "no_slopes_by_group"),
        ("Priors: b Normal(0, 5); sigma ~ HalfNormal(2)",
         model("y ~ Normal(f(a, b), 0.1)", {"a": PRIORS["a"], "b": PRIORS["b"]}), "scale_not_sampled"),
        ("Priors are weakly informative.",
         model(free={"effect": ([], "effect ~ Normal(2.05, 0.015)")},
               variables={"effect": [fp("e", size=1000, sd=0.0148, mean=2.05)]}), "prior_decides"),
    ],
    ids=["Student-t", "a Student-t in name", "overdispersed counts", "zero-inflated", "pooled", "pooled, NumPyro",
         "one slope for all", "slopes of columns alone",
         "a fixed scale", "a prior at the answer"],
)  # fmt: skip
def test_another_model_than_the_design_names_is_asked_about(design: str, line: Kind, code: str) -> None:
    assert asked(design, line) == [code]


@pytest.mark.parametrize(
    ("design", "lines"),
    [
        (STUDENT, [model(T)]),
        (STUDENT, [model(NORMAL), model(T)]),
        (STUDENT, [model(NORMAL, {**PRIORS, "w": ([400], "w ~ Gamma(2, 2)")})]),
        (STUDENT, [model("y ~ CustomDist(a, b)")]),
        ("Errors are normal, not Student-t.", [model()]),
        ("Normal likelihood; a Student-t likelihood is a sensitivity check.", [model()]),
        ("Prior of nu: Gamma(2, 0.1); effects ~ StudentT(3, 0, 1)", [model()]),
        ("The noise scale has a half-Student-t prior with 3 degrees of freedom.", [model()]),
        ("Student-t priors of coefficients, the outcome is 0 or 1", [model("y ~ Bernoulli(f(a, b))")]),
        ("Logistic regression of the outcome, robust: Student-t in the priors", [model("y ~ Bernoulli(f(a, b))")]),
        ("Future work: a Student-t likelihood.", [model()]),
        ("Future work: a hierarchical model with varying slopes.", [model()]),
        (GROUPED, [model(free={**SITES, "a": ([8], "a ~ Normal(mu, tau)")})]),
        (GROUPED, [model(free={**SITES, "a_1": ([], "a_1 ~ Normal(mu, tau)")})]),
        (GROUPED, [model("y ~ Normal(mu, f(tau))", SITES)]),
        (f"{GROUPED} Site effects are integrated out.", [model()]),
        ("Normal(0, 5) slopes for each covariate.", [model(free={**PRIORS, "beta": ([3], "beta ~ Normal(0, 5)")})]),
        (SLOPES, [model(free={**SITES, "ab": ([8, 2], "ab ~ MvNormal(mu, chol)")})]),
        (SLOPES, [model(free={**SITES, "z_a": ([8], "z_a ~ Normal(0, 1)"), "z_b": ([8], "z_b ~ Normal(0, 1)")})]),
        (SLOPES, [model(free={**SITES, "b_site": ([8], "b_site ~ Normal(mu, tau)")})]),
        (SLOPES, [model(free={**SITES, "a": ([8], "a ~ Normal(mu, tau)"), "slope": ([4], "slope ~ Normal(0, 1)")})]),
        ("sigma ~ HalfNormal(2)", [model()]),
        ("tau ~ HalfNormal(2)", [model("y ~ Normal(theta, 3)", {**SITES, "theta": ([8], "theta ~ Normal(mu, tau)")})]),
        ("Weakly informative.", [model(free={"a": ([], "a ~ Normal(130, 20)")},
                                       variables={"a": [fp("e", size=1000, sd=0.5, mean=128.0)]})]),
    ],
    ids=["as it says", "one of two models", "a mixture of scales", "by hand", "denied", "a sensitivity", "of effects",
         "a prior of the scale", "priors in words", "a logistic regression", "left for later", "groups left for later",
         "by group", "one scalar a group", "in the scale", "integrated out", "of covariates", "in a table",
         "not centred", "slopes alone", "slopes of another group", "sampled",
         "the scale of the groups", "the data decide"],
)  # fmt: skip
def test_another_form_of_the_same_model_is_not_asked_about(design: str, lines: list[Kind]) -> None:
    assert asked(design, *lines) == []
