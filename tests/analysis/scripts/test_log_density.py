"""A factor before the likelihood in a log-density is read; what a density has of itself is none."""

from __future__ import annotations

import ast

import pytest
from watchkeeper.server.analysis.scripts.log_density import Factor, factors
from watchkeeper.server.analysis.scripts.program import Program, Unit

EMCEE = "sampler = emcee.EnsembleSampler(32, 3, log_prob)"
NORMAL = "-0.5 * np.sum(r * r / s2 + np.log(2 * np.pi * s2))"


def read(*texts: str) -> tuple[Factor, ...]:
    sources = {f"file_{number}.py": text for number, text in enumerate(texts)}
    units = tuple(Unit(path, text.encode(), ast.parse(text)) for path, text in sources.items())
    return factors(Program(script="file_0.py", units=units))


TEMPERED = {
    "a constant of the module": (
        "TEMPERATURE = 20.0\n"
        "def logdensity(beta):\n"
        "    loglik = jnp.sum(y * eta - jnp.logaddexp(0.0, eta)) / TEMPERATURE\n"
        "    return loglik - 0.5 * jnp.sum(beta ** 2)\n"
        "warmup = blackjax.window_adaptation(blackjax.nuts, logdensity)",
        0.05,
    ),
    "a factor of NumPyro": (
        "def model(y):\n    mu = numpyro.sample('mu', dist.Normal(0, 5))\n"
        "    numpyro.factor('lik', 0.3 * dist.Normal(mu, 1).log_prob(y).sum())",
        0.3,
    ),
    "a helper with a default": (
        "def part(theta, weight=0.25):\n    return weight * norm.logpdf(y, theta[0], theta[1]).sum()\n"
        f"def log_prob(theta):\n    return prior(theta) + part(theta)\n{EMCEE}",
        0.25,
    ),
    "an argument of emcee": (
        "def log_prob(theta, x, y, w):\n    ll = -0.5 * np.sum(((y - theta[0] * x) / theta[1]) ** 2)\n"
        "    return w * ll\nemcee.EnsembleSampler(32, 2, log_prob, args=(x, y, 0.1))",
        0.1,
    ),
    "in place": (
        f"def log_prob(theta):\n    lp = {NORMAL}\n    lp *= 0.2\n    return lp + prior(theta)\n{EMCEE}",
        0.1,
    ),
    "a field": (
        "class Settings:\n    power: float = 0.4\n"
        "def log_prob(p):\n    return Settings.power * np.sum(k * np.log(rate) - rate)\n" + EMCEE,
        0.4,
    ),
    "a key": (
        "CONFIG = {'full': {'eta': 0.2}}\n"
        "def log_prob(p):\n    return CONFIG['full']['eta'] * poisson.logpmf(k, rate).sum()\n" + EMCEE,
        0.2,
    ),
    "a mean": ("def log_prob(p):\n    return norm.logpdf(y, p[0], p[1]).mean() + prior(p)\n" + EMCEE, None),
    "over the rows": ("def log_prob(p):\n    return norm.logpdf(y, p[0], p[1]).sum() / len(y)\n" + EMCEE, None),
    "a custom distribution": (
        "def logp(value, mu):\n    return 0.1 * pm.logp(pm.Normal.dist(mu, 1), value)\n"
        "pm.CustomDist('y', mu, logp=logp, observed=y)",
        0.1,
    ),
    "a field of what is called": (
        "class Model:\n    share: float = 0.25\n"
        "    def log_like(self, p):\n        return -0.5 * np.sum(r * r) - len(r) * p[2]\n"
        "    def __call__(self, p):\n        return lp + self.share * self.log_like(p) if lp > -9 else -np.inf\n",
        0.25,
    ),
    "ten times": ("def log_posterior(p):\n    return 10 * log_likelihood(p) + log_prior(p)\n", 10.0),
}


@pytest.mark.parametrize(("text", "by"), TEMPERED.values(), ids=TEMPERED)
def test_a_factor_before_the_likelihood_is_read(text: str, by: float | None) -> None:
    assert [one.by for one in read(text)] == [by]


def test_a_factor_in_a_module_of_its_own_is_told_with_its_place() -> None:
    helper = "def log_lik(p):\n    return 0.5 * norm.logpdf(y, p).sum()\n"
    (found,) = read(f"from model import log_lik\n{EMCEE.replace('log_prob', 'log_lik')}", helper)
    assert (found.file, found.line, found.by) == ("file_1.py", 2, 0.5)


def test_weights_before_each_row_are_told_by_their_name() -> None:
    (found,) = read("pm.Potential('grade', (w * pm.logp(pm.Normal.dist(mean, sigma), y)).sum())")
    assert (found.by, found.weights) == (None, "w")


HONEST = {
    "a normal": f"def log_prob(p):\n    return prior(p) + {NORMAL}\n{EMCEE}",
    "a normal with its count": "def log_prob(p):\n    return -0.5 * ssr / s ** 2 - y.size * np.log(s)\n" + EMCEE,
    "a scale before the square": "def log_prob(p):\n    return -0.5 * np.sum(r ** 2) / 0.04 - 0.5 * (p[0] / 10) ** 2\n"
    + EMCEE,
    "a Student-t": "def log_posterior(p):\n"
    "    return -2.5 * np.log1p(r * r / 4).sum() - x.size * ls - 0.5 * (h / 5) ** 2\n",
    "a logistic regression": "def log_posterior(p):\n"
    "    return np.sum(d * eta - n * np.log1p(np.exp(eta))) - 0.5 * (a / 5) ** 2 - 0.02 * np.sum(beta ** 2)\n",
    "sufficient statistics": "N = 200\ndef log_prob(p):\n"
    "    return N * (k * np.log(b) - gammaln(k)) - b * sy\n" + EMCEE,
    "a mixture": "def log_prob(p):\n"
    "    return np.logaddexp(np.log(0.3) + norm.logpdf(y, a), np.log(0.7) + norm.logpdf(y, b)).sum()\n" + EMCEE,
    "a deviance beside it": f"def log_prob(p):\n    return {NORMAL}\n{EMCEE}\nloglik = log_prob(best)\n"
    "print(-2 * loglik, loglik / len(y))",
    "a ladder": "def log_target(p, beta):\n    return beta * log_lik(p) + log_prior(p)\n"
    "for beta in (0.1, 0.5, 1.0):\n    run(lambda p: log_target(p, beta))",
    "a negative one that is minimised": f"def log_prob(p):\n    return -nll(p)\n"
    f"def nll(p):\n    return -({NORMAL})\n{EMCEE}",
    "a matrix": "def log_prob(p):\n"
    "    return -0.5 * (n * np.log(2 * np.pi) + np.linalg.slogdet(K)[1] + r @ np.linalg.solve(K, r))\n" + EMCEE,
    "a penalty": "pm.Potential('sum to zero', -1000 * pt.sum(z) ** 2)",
}


@pytest.mark.parametrize("text", HONEST.values(), ids=HONEST)
def test_what_a_density_has_of_itself_is_no_factor(text: str) -> None:
    assert read(text) == ()
