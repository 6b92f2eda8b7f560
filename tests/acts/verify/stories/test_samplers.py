"""What a trace tells against the one who hands it in."""

from __future__ import annotations

import pytest

from ....libraries import needs
from ....play import Place
from .scripts import evidence, in_short, judged, outcomes, sampler_policy

pytestmark = [pytest.mark.anyio, needs("pymc")]

ROWS = "| Method | Bayesian MCMC | | |\n| Draws | 500 | 500 | |\n| Tune | 300 | 300 | |\n| Chains | 4 | 4 | |\n"
SAMPLES = """
import numpy as np
import pymc as pm
with pm.Model():
    mu = pm.Normal("mu", 0, 1)
    pm.Normal("obs", mu, 1, observed=np.array([0.3, 0.1, -0.2]))
    trace = pm.sample(draws=500, tune=300, chains=4, cores=1, random_seed=1, progressbar=False)
"""
LEAVES = """
write_results(trace.posterior["mu"].values.ravel()[:9])
FINAL_MODEL.parent.mkdir(parents=True, exist_ok=True)
trace.to_netcdf(FINAL_MODEL, engine="h5netcdf")
"""
PARTS = """
import xarray
tree = trace if isinstance(trace, xarray.DataTree) else trace.to_datatree()  # PyMC 6 returns a tree itself
parts = {one: tree[one].to_dataset() for one in ("posterior", "sample_stats")}
"""
REPEATS = f"""{PARTS}
few = {{one: xarray.concat([part.isel(draw=slice(0, 25))] * 20, "draw") for one, part in parts.items()}}
few = {{one: part.assign_coords(draw=np.arange(500)).assign_attrs(parts[one].attrs) for one, part in few.items()}}
trace = xarray.DataTree.from_dict(few)
"""
COPIES_A_CHAIN = f"""{PARTS}
four = {{one: xarray.concat([part.isel(chain=[0])] * 4, "chain") for one, part in parts.items()}}
four = {{one: part.assign_coords(chain=range(4)).assign_attrs(parts[one].attrs) for one, part in four.items()}}
trace = xarray.DataTree.from_dict(four)
"""
PRETENDS_HOURS_OF_YESTERDAY = """
trace.posterior.attrs["sampling_time"] = 7200.0
trace.posterior.attrs["created_at"] = "2020-01-01T00:00:00+00:00"
"""
WAS_QUICK = 'trace.posterior.attrs["sampling_time"] = 0.2\n'
"""What a sampler on a quick machine would say: how long it takes here depends on what else the machine does."""


@pytest.fixture(autouse=True)
def with_pymc(place: Place) -> None:
    sampler_policy(place)


@pytest.mark.parametrize(
    ("meddling", "code", "words"),
    [
        pytest.param(REPEATS + COPIES_A_CHAIN, "draws_changed", "agree in every value", id="few draws of one chain"),
        pytest.param(
            PRETENDS_HOURS_OF_YESTERDAY,
            "sampling_time_forged",
            "not while the run went on",
            id="more time than was, on another day",
        ),
    ],
)
async def test_a_trace_that_was_meddled_with_is_named(place: Place, meddling: str, code: str, words: str) -> None:
    """Where what the sampler returned contradicts the trace, that decides; what the trace itself shows is said too."""
    async with place.trainer() as trainer:
        verdict = await judged(place, trainer, SAMPLES + meddling + LEAVES, ROWS, quick=False)
    assert in_short(verdict) == ("REJECT_LIKELY_FABRICATION", code, False), verdict["checks"]
    assert outcomes(verdict)["trace"] == "failed"
    assert words in evidence(verdict, "trace")


async def test_draws_that_were_cut_are_short_whatever_the_trace_is_called_and_the_rest_of_the_time_is_to_be_explained(
    place: Place,
) -> None:
    """A second and more is asked for: importing the sampler takes that, and the sampler does not."""
    rows = ROWS + "| Training time | 0.0003 | 0.0003 | |\n"
    body = SAMPLES.replace("draws=500", "draws=120") + WAS_QUICK + LEAVES
    async with place.trainer() as trainer:
        verdict = await judged(place, trainer, body, rows, quick=False)
    assert in_short(verdict)[0] == "REJECT_INCOMPLETE_TRAINING", verdict["checks"]
    assert outcomes(verdict)["iterations"] == "failed"
    assert "120 draws (trace), output/model/model_design_1.md:6 asks for 500" in evidence(verdict, "iterations")
    assert outcomes(verdict)["time"] == "failed"
    assert "its trace says that sampling took 0.2 s" in evidence(verdict, "time")
