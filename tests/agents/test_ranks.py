"""The examples on several nodes: each rank's chains come together, with the ArviZ that is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from ..libraries import needs
from ..limits import HANG_S

SCHOOLS = Path(__file__).parents[2] / "examples/eight_schools"
EXAMPLES = [str(SCHOOLS / f"model_{name}.py") for name in ("centred", "noncentred")]
PLAY = """
import json, os, runpy, sys
import arviz as az, numpy as np
make = getattr(az, "convert_to_datatree", None) or az.convert_to_inference_data
own = {name: value for name, value in os.environ.items() if not name.startswith("SLURM_")}
for job in json.loads(sys.argv[1]):
    for path in sys.argv[2:]:
        for rank in (1, 0) if "SLURM_STEP_NUM_TASKS" in job else (0,):
            os.environ.clear()
            os.environ.update(own | job | {"SLURM_PROCID": str(rank)})
            example = runpy.run_path(path, run_name="example")
            found = example["gathered"](make({"mu": np.full((example["OWN_CHAINS"], 3), rank)}))
        print(json.dumps([found.posterior.chain.values.tolist(), found.posterior["mu"].values.tolist()]))
"""
OF_TWO = {"SLURM_JOB_ID": "7", "SLURM_STEP_NUM_TASKS": "2"}
ALONE = {"SLURM_JOB_ID": "7", "SLURM_NNODES": "2"}
"""A job of two nodes in which this is the only process: nobody would hand anything over."""


@needs("pymc")
def test_the_chains_of_all_ranks_come_together_and_nothing_else_is_left(tmp_path: Path) -> None:
    """Each example gathers what its ranks drew, without drawing; one process, as it imports PyMC for all of them."""
    environment = {**os.environ, "WATCHKEEPER_RESULTS": str(tmp_path / "results.csv")}
    command = [sys.executable, "-P", "-c", PLAY, json.dumps([OF_TWO, ALONE]), *EXAMPLES]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=HANG_S, check=False, cwd=tmp_path
    )
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    of_two, alone = [[0, 1], [[0, 0, 0], [1, 1, 1]]], [[0, 1], [[0, 0, 0], [0, 0, 0]]]
    assert told == [of_two, of_two, alone, alone], done.stdout + done.stderr
    assert list(tmp_path.glob("results*")) == []
