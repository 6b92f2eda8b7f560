"""What a likelihood written by hand has at its hand is told: constants of a potential, arguments, closures, names."""

from __future__ import annotations

from pathlib import Path

from watchkeeper.server.analysis.witness import Sampling, Witnessed, sampling

from ...libraries import needs
from .helpers import seen

PYMC = """
import numpy as np, pymc as pm, pytensor
pytensor.config.mode = "FAST_COMPILE"  # few steps: compiling them would take longer
days = np.round(np.random.default_rng(1).normal(20, 4, size=60), 3)
with pm.Model():
    mu = pm.Normal("mu", 20, 9)
    pm.Potential("likelihood", pm.logp(pm.Normal.dist(mu, 4), days).sum())
    pm.sample(draws=10, tune=10, chains=1, cores=1, progressbar=False, compute_convergence_checks=False,
              step=pm.Metropolis())
"""
TEMPERED = """
import numpy as np, pymc as pm, pytensor
import pytensor.tensor as pt
pytensor.config.mode = "FAST_COMPILE"
days = np.round(np.random.default_rng(1).normal(20, 4, size=60), 3)
late = (days > 21).astype(float)
with pm.Model():
    mu, sigma = pm.Normal("mu", 20, 9), pm.HalfNormal("sigma", 5)
    alike, z = pm.logp(pm.Normal.dist(mu, sigma), days), (days - mu) / sigma
    potentials = {
        "twentieth": 0.05 * pt.sum(alike), "mean": pt.mean(alike), "divided": (alike / 25.0).sum(),
        "by_hand": 0.1 * pt.sum(-0.5 * z**2 - pt.log(sigma)), "beside": 0.2 * alike.sum() - 3.0 * mu**2,
        "nought": 0.0 * alike.sum(), "off": alike.sum() + 0.0 * alike.sum(),
        "whole": alike.sum(), "halves": -0.5 * pt.sum(z**2 + 2 * pt.log(sigma)),
        "student": -2.5 * pt.sum(pt.log1p(z**2 / 4)) - 60 * pt.log(sigma),
        "censored": pt.sum(late * alike + (1 - late) * pm.logcdf(pm.Normal.dist(mu, sigma), days)),
        "penalty": -0.1 * pt.sum((days - mu) ** 2), "known": -pt.sum((days - 3 * pt.log(sigma)) ** 2) / 8,
        "prior": 0.1 * pm.logp(pm.Normal.dist(0, 1), mu),
        "anchor": -50 * (mu - 21.5) ** 2, "jacobian": pt.log(sigma),
        "by_row": ((0.1 + 0.9 * late) * alike).sum(), "data": (days * (days - mu) ** 2).sum(),
    }
    for name, each in potentials.items():
        pm.Potential(name, each)
    pm.sample(draws=5, tune=5, chains=1, cores=1, progressbar=False, compute_convergence_checks=False,
              step=pm.Metropolis())
"""
EMCEE = """
import emcee, numpy as np
rng = np.random.default_rng(1)
x, days, extra = rng.normal(size=60), rng.normal(size=60), rng.normal(size=60)
TRAIN = 45
def residuals(theta, x):
    return (days - theta[0] - theta[1] * x)[:TRAIN]
def log_probability(theta, x):
    return -0.5 * np.sum(residuals(theta, x) ** 2)
sampler = emcee.EnsembleSampler(8, 2, log_probability, args=(x,))
sampler.run_mcmc(rng.normal(size=(8, 2)), 20)
"""
NUMPYRO = """
import jax, jax.numpy as jnp, numpyro, numpyro.distributions as dist
from numpyro import handlers
days = jnp.linspace(1.0, 9.0, 50)
def model(y):
    mu = numpyro.sample("mu", dist.Normal(0, 5))
    numpyro.factor("more", dist.Normal(mu, 1).log_prob(days).sum())
    with handlers.scale(scale=3.0):
        numpyro.sample("y", dist.StudentT(4.0, mu, 1.0), obs=y)
    with handlers.scale(scale=jnp.where(days > 5, 1.0, 0.1)):
        numpyro.sample("days", dist.Normal(mu, 1.0), obs=days)
mcmc = numpyro.infer.MCMC(numpyro.infer.NUTS(model), num_warmup=10, num_samples=10, progress_bar=False)
mcmc.run(jax.random.PRNGKey(0), jnp.arange(20.0))
"""


def told(found: Witnessed) -> Sampling:
    (one,) = [sampling(line) for line in found.of("sampling")]
    return one


@needs("pymc")
def test_the_data_in_a_potential_are_told_with_their_last_values(tmp_path: Path) -> None:
    one = told(seen(tmp_path, PYMC))
    (days,) = one.held.values()
    assert (one.observed, days.shape, len(days.last)) == ({}, (60,), 32)
    assert days.last[-1] == days.at[-1]


@needs("pymc")
def test_what_a_log_likelihood_is_multiplied_by_is_told_and_constants_of_densities_and_penalties_are_not(
    tmp_path: Path,
) -> None:
    tempered = {"twentieth": 0.05, "mean": 0.0166667, "divided": 0.04, "by_hand": 0.1, "beside": 0.2, "nought": 0.0}
    one = told(seen(tmp_path, TEMPERED))
    assert one.scales == tempered
    weights = {name: {*data.at} for name, data in one.weights.items()}
    assert weights == {"censored": {0.0, 1.0}, "by_row": {0.1, 1.0}}  # marks are judged later
    assert one.pulled == {"anchor": "mu", "prior": "mu"}


@needs("emcee")
def test_arguments_and_names_of_a_log_probability_are_told_with_the_bound_that_cuts_them(tmp_path: Path) -> None:
    one = told(seen(tmp_path, EMCEE))
    assert sorted(one.held) == ["args[0]", "days"]  # `extra` is named in none of these functions
    assert 45 in one.bounds


@needs("numpyro")
def test_numpyro_tells_what_a_model_holds_its_likelihood_and_by_how_much_each_observation_counts(
    tmp_path: Path,
) -> None:
    one = told(seen(tmp_path, NUMPYRO))
    assert ([*one.held], one.scales, [*one.weights]) == (["days"], {"y": 3.0}, ["days"])
    factor = {"more": "Unit(f())"}
    assert one.likelihoods == {**factor, "y": "StudentT(4, f(), 1)", "days": "Normal(f(), 1)"}
