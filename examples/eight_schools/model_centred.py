"""Eight schools, centred parameterisation: the textbook example of a funnel that MCMC cannot follow.

Reads its phase from the environment that watchkeeper sets, prints draws and divergences every second, and writes its
results and its trace where watchkeeper expects them. On several nodes each draws its share of the chains.
"""

import csv
import os
import time

import arviz as az
import numpy as np
import pymc as pm
import xarray as xr

QUICK = os.environ.get("WATCHKEEPER_PHASE", "quick") == "quick"
RESULTS = os.environ.get("WATCHKEEPER_RESULTS", "results.csv")
TRACE = os.environ.get("WATCHKEEPER_FINAL_MODEL", "trace.nc")

# Eight rows cannot be cut to a fifth, so the quick phase takes a share of the draws instead.
DRAWS, TUNE, CHAINS = (5_000, 1_000, 2) if QUICK else (50_000, 2_000, 4)

# srun tells each of several processes which it is of how many; elsewhere there is one.
RANK = int(os.environ.get("SLURM_PROCID", "0"))
RANKS = int(os.environ.get("SLURM_STEP_NUM_TASKS", "1"))
OWN_CHAINS = len(range(RANK, CHAINS, RANKS))
if not OWN_CHAINS:
    raise SystemExit(f"{CHAINS} chains are too few for {RANKS} nodes.")

EFFECT = np.array([28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0])
ERROR = np.array([15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0])


def build() -> pm.Model:
    """Return the model: each school's effect is drawn directly from a normal whose width is itself unknown."""
    with pm.Model() as model:
        mu = pm.Normal("mu", 0, 5)
        tau = pm.HalfCauchy("tau", 5)
        theta = pm.Normal("theta", mu, tau, shape=8)
        pm.Normal("obs", theta, ERROR, observed=EFFECT)
    return model


class Progress:
    """Counts draws and divergences and prints them once a second."""

    def __init__(self):
        self.draws = self.divergences = 0
        self.printed_at = time.monotonic()

    def __call__(self, trace, draw):
        if not draw.tuning:
            self.draws += 1
            self.divergences += bool(draw.stats[0]["diverging"])
        if time.monotonic() - self.printed_at >= 1:
            self.print()

    def print(self):
        self.printed_at = time.monotonic()
        print(f"draws={self.draws} divergences={self.divergences} of {OWN_CHAINS * DRAWS}", flush=True)


def together(one, other):
    """Return two traces as one, the chains of the other behind those of the one."""
    if hasattr(az, "concat"):  # before ArviZ 1.0
        return az.concat(one, other, dim="chain", reset_dim=True)
    return xr.map_over_datasets(side_by_side, one, other)


def side_by_side(one, other):
    if "chain" not in one.dims:
        return one
    both = xr.concat([one, other], dim="chain")
    return both.assign_coords(chain=range(both.sizes["chain"]))


def gathered(trace):
    """Return the chains of all ranks: the others hand theirs to the first one in files, and have done their work."""
    parts = {rank: f"{RESULTS}.{os.environ['SLURM_JOB_ID']}-{rank}.nc" for rank in range(1, RANKS)}
    if RANK:
        trace.to_netcdf(f"{parts[RANK]}.part")
        os.replace(f"{parts[RANK]}.part", parts[RANK])
        return None
    for rank, part in parts.items():
        while not os.path.exists(part):  # a rank that fails ends them all
            time.sleep(0.2)
        trace = together(trace, az.from_netcdf(part))
        os.remove(part)
        print(f"rank {rank} handed over its chains, now {trace.posterior.sizes['chain']}", flush=True)
    return trace


def main():
    progress = Progress()
    print(f"sampling {OWN_CHAINS} chains of {TUNE} tuning steps and {DRAWS} draws", flush=True)
    with build():
        trace = pm.sample(
            draws=DRAWS,
            tune=TUNE,
            chains=OWN_CHAINS,
            cores=2,
            target_accept=0.9,
            random_seed=20260125 + RANK,
            progressbar=False,
            callback=progress,
        )
    progress.print()
    os.makedirs(os.path.dirname(os.path.abspath(RESULTS)), exist_ok=True)
    trace = gathered(trace)
    if trace is None:
        return
    summary = pm.stats.summary(trace, var_names=["mu", "tau", "theta"])
    with open(RESULTS, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["parameter", "mean", "sd", "r_hat", "ess_bulk", "ess_tail"])
        for name, row in summary.iterrows():
            writer.writerow([name, row["mean"], row["sd"], row["r_hat"], row["ess_bulk"], row["ess_tail"]])
    print(f"max R-hat {summary['r_hat'].max():.3f}, min bulk ESS {summary['ess_bulk'].min():.0f}", flush=True)
    if not QUICK:
        os.makedirs(os.path.dirname(os.path.abspath(TRACE)), exist_ok=True)
        trace.to_netcdf(TRACE)
        print(f"wrote the trace, {os.path.getsize(TRACE)} bytes", flush=True)


if __name__ == "__main__":
    main()
