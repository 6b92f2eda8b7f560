"""Real traces, sampled once, and the proof that no reading process outlives its test."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ...libraries import COMPILED
from ...limits import HANG_S

SAMPLE = """
import sys, warnings
warnings.simplefilter("ignore")
import pymc as pm
folder = sys.argv[1]
with pm.Model(coords={"place": ["north", "mid", "south"]}):
    mu = pm.Normal("mu")
    theta = pm.Normal("theta", mu, 1, dims="place")
    pm.Normal("y", theta.sum(), 1, observed=1.0)
    pymc = pm.sample(50, tune=60, chains=2, cores=1, nuts_sampler="pymc", progressbar=False, random_seed=1)
pymc.to_netcdf(folder + "/pymc.nc")
tree = pymc.to_datatree() if hasattr(pymc, "to_datatree") else pymc  # PyMC 6 returns a tree itself
tree.to_netcdf(folder + "/datatree.nc", engine="h5netcdf")
try:
    import zarr
except ModuleNotFoundError:
    sys.exit()
for version in (2, 3):
    tree.to_zarr(folder + f"/v{version}.zarr", zarr_format=version)
"""


@pytest.fixture(scope="session")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the same PyMC trace in four containers."""
    folder = tmp_path_factory.mktemp("sampled")
    # Without a C compiler, and one thread: compiling PyTensor's own helpers costs more than the sampling does.
    env = {**os.environ, "PYTENSOR_FLAGS": COMPILED, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", SAMPLE, str(folder)]
    subprocess.run(command, check=True, capture_output=True, timeout=HANG_S, env=env)
    return folder


@pytest.fixture(autouse=True)
def no_process_left() -> Iterator[None]:
    before = {one.pid for one in psutil.Process().children(recursive=True)}
    yield
    assert [one for one in psutil.Process().children(recursive=True) if one.pid not in before] == []
