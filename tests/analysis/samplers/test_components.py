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
