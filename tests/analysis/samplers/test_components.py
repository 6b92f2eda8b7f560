"""A Gaussian process, a state space, a horseshoe or a mixture is seen in the variables; without that it is asked."""

from __future__ import annotations

import pytest
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.samplers.likelihood import model_otherwise

from ..evidence.witnessed import Kind, fp, sampling, seen

NORMAL = "y ~ Normal(f(a, b), sigma)"
LINE = {"a": "a ~ Normal(0, 5)", "b": "b ~ Normal(0, 5)", "sigma": "sigma ~ HalfNormal(0, 1)"}


def model(
    outcome: str = NORMAL, priors: dict[str, str] = LINE, shapes: dict[str, list[int]] | None = None, **more: object
) -> Kind:
    free = {name: {"shape": (shapes or {}).get(name, []), "prior": prior} for name, prior in priors.items()}
    return sampling(
        **{"free": free, "observed": {"y": {"shape": [90], "prior": outcome, "data": fp("y", size=90)}},
           "variables": {}, "potentials": [], **more}
    )  # fmt: skip


def asked(method: str, *lines: Kind) -> list[str]:
    design = read_design(f"## Computational Requirements\n- **Method**: {method}\n", "d.md")
    return [one.code for one in model_otherwise(design, seen(*lines))]


GP, WALK = "Gaussian process regression, NUTS", "State space model (local level), MCMC"
SHOE, MIX = "Regression with a horseshoe prior, NUTS", "Mixture of two normals, MCMC"


@pytest.mark.parametrize("method", [GP, WALK, SHOE, MIX])
def test_a_line_is_none_of_these(method: str) -> None:
    assert asked(method, model()) == ["component_missing"]


@pytest.mark.parametrize(
    ("method", "line"),
    [
        (GP, model("y ~ MvNormal(0, f(ls, eta))")),
        (GP, model(shapes={"b": [20]})),
        (WALK, model(priors={**LINE, "level": "level ~ GaussianRandomWalk(0, s)"}, shapes={"level": [90]})),
        (SHOE, model(priors={**LINE, "lam": "lam ~ HalfCauchy(0, 1)"}, shapes={"lam": [4], "b": [4]})),
        (MIX, model("y ~ MarginalMixture(w, Normal(mu, sigma))")),
        (MIX, model(potentials=["mixture"])),
        (MIX, model("y ~ CustomDist(w, mu, sigma)")),
        ("Local linear trend in innovations form, NUTS", model("y ~ Normal(f(a, b), f(sigma))")),
        ("Student-t errors as a scale mixture of normals, NUTS", model("y ~ StudentT(nu, f(a), sigma)")),
        ("Linear regression, random-walk Metropolis", model()),
        ("Linear regression, random walk Metropolis", model()),
        ("Linear regression, MCMC", model()),
    ],
    ids=["marginal", "basis functions", "a path", "local scales", "marginal mixture", "by hand", "a density of its own",
         "innovations", "a mixture of scales", "a sampler's name",
         "the same with a blank", "no such part"],
)  # fmt: skip
def test_each_form_of_what_it_names_is_enough(method: str, line: Kind) -> None:
    assert asked(method, line) == []


@pytest.mark.parametrize(
    "text",
    [
        "- **Prior**: horseshoe (half-Cauchy local scales for each of the 40 genes)",
        "1. Model: two-component mixture of normals",
        "| Likelihood | Gaussian process with an RBF kernel |",
        "## Model\n\n- f is a cubic spline of the day\n",
        "## Priors\n\ncorrelations of intercepts and slopes: LKJ(2)\n",
        "Model: censored likelihood for values below the limit of detection",
        "Model: ordered logit of the five grades",
        "Priors: each coefficient has a Laplace prior",
        "Model: the exposure is observed with noise (errors-in-variables)",
    ],
)
def test_what_a_row_or_a_section_of_the_model_names_is_asked_for(text: str) -> None:
    assert described(text, model()) == ["component_missing"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("The model is compared with a Gaussian process of last year.", model()),
        ("## Model\n\nA straight line; a spline was considered and rejected.\n", model()),
        ("Model: a linear trend instead of a Gaussian process", model()),
        ("## Related work\n\nOthers use a horseshoe prior.\n", model()),
        ("Prior: half-Cauchy scale", model(priors={**LINE, "tau": "tau ~ HalfStudentT(1, 5)"})),
        ("Prior: Laplace priors", model(priors={**LINE, "lam": "lam ~ Exponential(1)"}, shapes={"b": [4]})),
        ("Model: natural spline with four knots", model(shapes={"b": [5]})),
        ("Priors: LKJ(2) correlations", model(priors={**LINE, "chol": "chol ~ _lkjcholeskycov(2, 2, f())"})),
        ("Model: censored likelihood", model("y ~ Censored(Normal(f(a), sigma), -inf, 3)")),
        ("Model: censored likelihood", model(shapes={"b": [12]})),
        ("Model: Weibull times, right-censored likelihood by a potential", model(potentials=["censored"])),
        ("Model: ordered logit of the grades", model("y ~ OrderedLogistic(f(a), cutpoints)")),
    ],
    ids=["compared", "rejected", "denied", "of others", "a half-t", "a mixture of scales", "coefficients", "cholesky",
         "censored", "imputed", "by hand", "ordered"],
)  # fmt: skip
def test_other_words_and_other_forms_of_a_part_are_not_asked_for(text: str, line: Kind) -> None:
    assert described(text, line) == []


def described(text: str, line: Kind) -> list[str]:
    return [one.code for one in model_otherwise(read_design(f"# Plan\n\n{text}\n", "d.md"), seen(line))]
