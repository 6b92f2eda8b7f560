"""What samplers return is told chain by chain, with the arguments in effect and the data that they saw."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from watchkeeper.server.analysis.witness import Witnessed, fingerprint, sampling
from watchkeeper.server.analysis.witness.values import part

from ...libraries import needs
from .helpers import only, run, seen, witnessed

PYMC = """
import hashlib, json
import numpy as np, pymc as pm
data = np.repeat(np.arange(0.0, 5.0, 0.4), 3)
def sha(values):
    return hashlib.sha256(np.ascontiguousarray(values, "<f8").tobytes()).hexdigest()[:32]
def told(cores, sampler):
    points = {0: [], 1: []}
    def callback(trace, draw):
        points[draw.chain].append(np.concatenate([np.ravel(draw.point[name]) for name in sorted(draw.point)]))
    with pm.Model():
        mu = pm.Normal("mu", 0, 3)
        pm.Normal("x", mu, 1, shape=2)
        pm.Normal("y", mu, 1, observed=data)
        idata = pm.sample(draws=60, tune=40, chains=2, cores=cores, random_seed=4 + cores, progressbar=False,
                          compute_convergence_checks=False, nuts_sampler=sampler,
                          callback=callback if sampler == "pymc" else None)
    if sampler == "nutpie":
        idata.to_netcdf("nutpie.nc")
    post = idata.posterior
    found = {n: [sha(post[n].values[c]) for c in range(2)] for n in ("mu", "x")} | {"data": sha(data)}
    found["parts"] = [[float(post["x"][..., i].mean()), float(post["x"][..., i].std())] for i in range(2)]
    return found | {"first": [sha(np.array(points[c][:32])) for c in range(2)], "seen": len(points[1])}
if __name__ == "__main__":
    print(json.dumps([told(1, "pymc"), told(2, "pymc"), told(1, "nutpie")]))
    import nutpie, pytensor
    pytensor.config.mode = "FAST_COMPILE"  # few steps: compiling them would take longer
    with pm.Model() as model:
        mu = pm.Normal("mu", 0, 3)
        pm.Normal("y", mu, 1, observed=np.arange(5.0))
        approximation = pm.fit(50, progressbar=False, random_seed=1)
        drawn = approximation.sample(20, random_seed=2)
    compiled = nutpie.compile_pymc_model(model)
    trace = nutpie.sample(compiled, draws=30, tune=30, chains=2, progress_bar=False, seed=3)
    def fake_sample(*args, **kwargs):
        return np.zeros(3)
    pm.sample = fake_sample
    print(pm.sample())
"""
"""Samples three times, then an approximation, then with nutpie by hand, and last by what it put in the sampler's place:
importing PyMC takes longer than each of it."""


Drawn = tuple[Witnessed, list[dict[str, Any]], Path]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    """What was witnessed of that script, what it says itself of each sampling, and where it ran."""
    folder = tmp_path_factory.mktemp("sampling")
    done = run(folder, PYMC)
    assert done.returncode == 0, done.stderr
    return witnessed(folder), json.loads(done.stdout.splitlines()[0]), folder


@needs("pymc", "nutpie")
@pytest.mark.parametrize("cores", [1, 2])
def test_the_draws_of_each_chain_are_those_that_the_sampler_returned(drawn: Drawn, cores: int) -> None:
    found, truths, _ = drawn
    truth, line = truths[cores - 1], found.of("sampling")[cores - 1]
    told = sampling(line)
    assert {name: [one.sha for one in told.variables[name]] for name in ("mu", "x")} == {
        "mu": truth["mu"],
        "x": truth["x"],
    }
    assert [one[:2] for one in told.parts] == [("x[0]", "x[0]"), ("x[1]", "x[1]")]
    assert [[*one[2:]] for one in told.parts] == [pytest.approx(one) for one in truth["parts"]]
    assert (told.observed["y"].sha, told.observed["y"].repeats) == (truth["data"], 3)
    assert (told.library, told.call, told.method, told.sampler) == ("pymc", "pymc.sample", "mcmc", "pymc")
    assert (told.chains, told.draws, told.tune, told.steps) == (2, 60, 40, ("NUTS",))
    assert told.arguments["random_seed"] == 4 + cores
    assert told.free["mu"] == "mu ~ Normal(0, 3)"
    assert set(told.stats) >= {"diverging", "energy", "lp"}
    assert line.where.startswith("train.py:")
    assert found.of("trouble") == ()
    begun = found.of("drawing")[2 * (cores - 1) : 2 * cores]
    first = {one.facts["class"]: fingerprint(part(one.facts, "drawn")).sha for one in begun}
    assert first == {f"chain {chain} to draw 32": truth["first"][chain] for chain in range(2)}
    assert truth["seen"] == 100, "the person's own callback is called with every draw"


@needs("pymc", "nutpie")
def test_another_back_end_is_named_as_what_sampled(drawn: Drawn) -> None:
    found, truths, _ = drawn
    told = sampling(found.of("sampling")[2])
    assert (told.library, told.sampler, told.chains, told.draws) == ("pymc", "nutpie", 2, 60)
    assert [one.sha for one in told.variables["mu"]] == truths[2]["mu"]


@needs("pymc", "nutpie")
def test_the_trace_of_another_back_end_has_no_times_but_steps_and_warmup(drawn: Drawn) -> None:
    """Read here, where one is sampled: compiling the smallest model for nutpie takes seconds."""
    from ...analysis.artefacts.helpers import h5py, trace

    path = drawn[2] / "nutpie.nc"
    found = trace(path)
    with h5py.File(path) as file:
        warmup = 40 if "warmup_posterior" in file else 0  # PyMC 6 leaves it out
    assert (found.library, found.tuning_steps, found.warmup_draws, found.process_time_s) == ("nutpie", 40, warmup, None)
    assert (found.n_steps_total or 0) > 100
    assert found.max_tree_depth_share == 0.0
    assert (found.tree_depth_max or 0) >= 1


@needs("pymc", "nutpie")
def test_a_sampler_that_the_script_replaced_is_told_with_the_place_of_the_other(
    drawn: Drawn,
) -> None:
    found, _, _ = drawn
    line = only(found.of("replaced"))
    defined = PYMC.splitlines().index("    def fake_sample(*args, **kwargs):") + 1
    assert (line.facts["what"], line.facts["by"]) == ("pymc.sample", "fake_sample")
    assert line.facts["defined"] == f"train.py:{defined}"
    assert len(found.of("sampling")) == 6, "what it returns is no sampling"


@needs("pymc", "nutpie")
def test_draws_from_an_approximation_are_no_mcmc_and_nutpie_by_hand_knows_the_model_that_it_compiled(
    drawn: Drawn,
) -> None:
    fitted, approximated, told = (sampling(line) for line in drawn[0].of("sampling")[3:])
    assert [fitted.method, approximated.method] == ["vi", "drawn"]
    assert approximated.variables["mu"][0].shape == (20,)
    assert (told.library, told.call, told.chains, told.draws, told.tune) == ("nutpie", "nutpie.sample", 2, 30, 30)
    assert told.observed["y"].at == (0.0, 1.0, 2.0, 3.0, 4.0)


EMCEE = """
import numpy as np, emcee
sampler = emcee.EnsembleSampler(8, 2, lambda theta: -0.5 * (theta**2).sum())
state = sampler.run_mcmc(np.random.default_rng(0).normal(size=(8, 2)), 20)
sampler.reset()
sampler.run_mcmc(state, 50)
chain = sampler.get_chain()
import hashlib
print(hashlib.sha256(np.ascontiguousarray(chain[:, 3, 1], "<f8").tobytes()).hexdigest()[:32])
for state in sampler.sample(state, iterations=90, thin_by=2, store=False):
    state.coords.sum()
for taken, state in enumerate(sampler.sample(state, iterations=300)):
    if taken == 39:
        break
sampler.get_chain(discard=30, thin=2, flat=True)
"""


@needs("emcee")
def test_each_run_of_emcee_tells_what_it_holds_by_walker(tmp_path: Path) -> None:
    done = run(tmp_path, EMCEE)
    told = witnessed(tmp_path)
    warm, kept, unstored, broken = (sampling(line) for line in told.of("sampling"))
    assert (warm.draws, kept.draws, kept.chains, kept.method) == (20, 50, 8, "ensemble")
    assert warm.line.facts["object"] == kept.line.facts["object"]
    assert kept.variables["1"][3].sha == done.stdout.strip()
    assert [one.line.facts["iterations"] for one in (warm, kept, unstored, broken)] == [20, 50, 180, 40]
    assert (unstored.draws, broken.draws, only(told.of("kept")).facts["discard"]) == (None, 90, 30)


NUMPYRO = """
import hashlib, numpy as np, jax, numpyro, numpyro.distributions as dist
from numpyro.infer import MCMC, NUTS
def model(y):
    mu = numpyro.sample("mu", dist.Normal(0, 3))
    with numpyro.plate("groups", 2):
        theta = numpyro.sample("theta", dist.Normal(mu, 0.5))
    slope = numpyro.sample("slope", dist.Laplace(np.zeros(2), 2.0).to_event(1))
    numpyro.deterministic("twice", 2 * mu)
    numpyro.sample("y", dist.Normal(mu + theta.sum() + slope.sum(), 1), obs=y)
mcmc = MCMC(NUTS(model), num_warmup=30, num_samples=40, num_chains=1, progress_bar=False)
mcmc.run(jax.random.PRNGKey(0), np.arange(5.0))
print(hashlib.sha256(np.ascontiguousarray(mcmc.get_samples()["mu"], "<f8").tobytes()).hexdigest()[:32])
"""


@needs("numpyro")
def test_numpyro_tells_warm_up_draws_and_data(tmp_path: Path) -> None:
    done = run(tmp_path, NUMPYRO)
    told = sampling(only(witnessed(tmp_path).of("sampling")))
    assert (told.tune, told.draws, told.chains, told.steps) == (30, 40, 1, ("NUTS",))
    assert told.variables["mu"][0].sha == done.stdout.strip()
    assert told.observed["args[0]"].at == (0.0, 1.0, 2.0, 3.0, 4.0)
    assert told.free == {"mu": "Normal(0, 3)", "theta": "Normal(f(), 0.5)", "slope": "Laplace(0, 2)", "twice": ""}


THROUGH_JAX = """
import hashlib, json, numpy as np, pymc as pm
import pymc.sampling.jax as through_jax
from numpyro.infer import MCMC, NUTS
with pm.Model():
    mu = pm.Normal("mu", 0, 3)
    pm.Normal("y", mu, 1, observed=np.arange(5.0))
    idata = through_jax.sample_numpyro_nuts(60, tune=40, chains=2, chain_method="vectorized", random_seed=1,
                                            progressbar=False, compute_convergence_checks=False)
by_potential = MCMC(NUTS(potential_fn=lambda q: (q[0] ** 2).sum()), num_warmup=20, num_samples=30, progress_bar=False)
import jax
by_potential.run(jax.random.PRNGKey(0), init_params=[np.zeros(2)])
print(hashlib.sha256(np.ascontiguousarray(idata.posterior["mu"].values[1], "<f8").tobytes()).hexdigest()[:32])
"""


@needs("pymc", "numpyro")
def test_the_ways_of_pymc_into_jax_are_told_where_they_are_called_by_themselves(tmp_path: Path) -> None:
    done = run(tmp_path, THROUGH_JAX)
    assert done.returncode == 0, done.stderr
    told = witnessed(tmp_path)
    assert not told.of("trouble")
    of_pymc, of_potential = (sampling(line) for line in told.of("sampling"))
    assert (of_pymc.tune, of_pymc.draws, of_pymc.chains, of_pymc.sampler) == (40, 60, 2, "numpyro")
    assert of_pymc.variables["mu"][1].sha == done.stdout.strip()
    assert of_pymc.observed["y"].at == (0.0, 1.0, 2.0, 3.0, 4.0)
    assert (of_potential.draws, set(of_potential.variables)) == (30, {"0"})


BLACKJAX = """
import copy, pickle, jax, jax.numpy as jnp, blackjax
assert pickle.loads(pickle.dumps(blackjax.nuts)) is blackjax.nuts is copy.copy(blackjax.nuts)
nuts = blackjax.nuts(lambda q: -0.5 * (q**2).sum(), step_size=0.1, inverse_mass_matrix=jnp.ones(2))
state = nuts.init(jnp.ones(2))
states, _ = jax.lax.scan(lambda s, key: nuts.step(key, s), state, jax.random.split(jax.random.PRNGKey(2), 20))
def chain(key):
    one = lambda s, key: (lambda s: (s, {"mu": s.position[0]}))(nuts.step(key, s)[0])
    return jax.lax.scan(one, state, jax.random.split(key, 30))[1]
import hashlib, numpy as np
mu = jax.jit(jax.vmap(chain))(jax.random.split(jax.random.PRNGKey(3), 2))["mu"]
print(hashlib.sha256(np.ascontiguousarray(np.asarray(mu)[1], "<f8").tobytes()).hexdigest()[:32])
"""


@needs("blackjax")
def test_the_draws_that_compiled_code_around_blackjax_returned_are_told(tmp_path: Path) -> None:
    done = run(tmp_path, BLACKJAX)
    lines = witnessed(tmp_path).of("sampling")
    assert {line.facts["call"] for line in lines} == {"blackjax.nuts.step"}
    alone, mapped = [sampling(line) for line in lines if line.facts.get("compiled")]
    assert [(one.chains, one.draws) for one in (alone, mapped)] == [(1, 20), (2, 30)]
    assert alone.variables["position"][0].shape == (20, 2)
    assert mapped.variables["mu"][1].sha == done.stdout.strip()
    assert all(line.facts["traced"] for line in lines if not line.facts.get("compiled"))


def test_the_digest_is_the_one_of_the_page(tmp_path: Path) -> None:
    script = "import numpy as np\nnp.savetxt('t.csv', np.arange(40, dtype='i4'))\n"
    columns = only(seen(tmp_path, script).of("save")).facts["columns"]
    assert isinstance(columns, dict)
    packed = b"".join(float(value).hex().encode() for value in range(40))
    assert packed  # the numbers themselves, packed as doubles below
    import struct

    expected = hashlib.sha256(struct.pack("<40d", *range(40))).hexdigest()[:32]
    assert columns["0"]["sha"] == expected  # pyright: ignore[reportUnknownMemberType]


PROPHET = """
import numpy as np, pandas as pd
from prophet import Prophet
days = pd.date_range("2020-01-01", periods=90)
table = pd.DataFrame({"ds": days, "y": np.sin(np.arange(90) / 7)})
model = Prophet(mcmc_samples=40, yearly_seasonality=False, weekly_seasonality=False, daily_seasonality=False)
model.fit(table, chains=2, show_progress=False)
"""


@needs("prophet")
def test_a_program_of_cmdstan_tells_what_it_was_asked_for_and_the_draws_that_it_left(tmp_path: Path) -> None:
    """Prophet's wheel brings a compiled program of CmdStan, which no package registry has by itself."""
    told = sampling(only(seen(tmp_path, PROPHET).of("sampling")))
    assert (told.call, told.sampler, told.method) == ("cmdstanpy.CmdStanModel.sample", "cmdstan", "mcmc")
    assert (told.chains, told.draws, told.tune) == (2, 20, 20)
    assert len({one.sha for one in told.variables["k"]}) == 2
    assert told.observed["y"].shape == (90,)
