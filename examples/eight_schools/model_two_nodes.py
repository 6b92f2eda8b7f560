"""Eight schools, non-centred, on as many nodes as the job has: each rank samples its share of the chains.

The ranks meet in the folder for checkpoints: each leaves its chains there, and the first one puts them together. Reads
its phase from the environment that watchkeeper sets and its rank from Slurm's, and writes its results and its trace
where watchkeeper expects them.
"""

import csv
import os
import time

import arviz as az
import numpy as np
import pymc as pm

QUICK = os.environ.get("WATCHKEEPER_PHASE", "quick") == "quick"
RESULTS = os.environ.get("WATCHKEEPER_RESULTS", "results.csv")
TRACE = os.environ.get("WATCHKEEPER_FINAL_MODEL", "trace.nc")

# Eight rows cannot be cut to a fifth, so the quick phase takes a share of the draws instead.
DRAWS, TUNE, CHAINS = (2_000, 1_000, 2) if QUICK else (30_000, 2_000, 4)

RANK, RANKS = int(os.environ.get("SLURM_PROCID", "0")), int(os.environ.get("SLURM_NNODES", "1"))
JOB = os.environ.get("SLURM_JOB_ID", "0")
PARTS = os.environ.get("WATCHKEEPER_CHECKPOINT_DIR", ".")

EFFECT = np.array([28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0])
ERROR = np.array([15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0])


def build() -> pm.Model:
    """Return the model: each school's effect is mu + tau * eta, so that eta keeps its width when tau is near 0."""
    with pm.Model() as model:
        mu = pm.Normal("mu", 0, 5)
        tau = pm.HalfCauchy("tau", 5)
        eta = pm.Normal("eta", 0, 1, shape=8)
        theta = pm.Deterministic("theta", mu + tau * eta)
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
        print(f"draws={self.draws} divergences={self.divergences} of {CHAINS // RANKS * DRAWS}", flush=True)


def part(rank):
    """Return where a rank leaves its chains; the job is named, so that no part of an earlier attempt is taken."""
    return os.path.join(PARTS, f"chains-{JOB}-{rank}.nc")


def sample():
    """Return this rank's chains; each rank draws by seeds of its own."""
    mine = CHAINS // RANKS
    progress = Progress()
    print(f"rank {RANK} of {RANKS}: sampling {mine} chains of {TUNE} tuning steps and {DRAWS} draws", flush=True)
    with build():
        trace = pm.sample(
            draws=DRAWS,
            tune=TUNE,
            chains=mine,
            cores=mine,
            target_accept=0.9,
            random_seed=[20260125 + RANK * mine + chain for chain in range(mine)],
            progressbar=False,
            callback=progress,
        )
    progress.print()
    return trace


def gathered(mine):
    """Return the chains of all ranks; waits for those that are not there yet (their end would end this rank too)."""
    traces = [mine]
    for rank in range(1, RANKS):
        while not os.path.exists(part(rank)):
            time.sleep(0.2)
        other = az.from_netcdf(part(rank))
        traces.append(other.map(lambda group, begin=rank * (CHAINS // RANKS): _renumbered(group, begin)))
    return az.concat(*traces, dim="chain") if RANKS > 1 else mine


def _renumbered(group, begin):
    return group.assign_coords(chain=group.chain + begin) if "chain" in group.coords else group


def main():
    trace = sample()
    if RANK:
        os.makedirs(PARTS, exist_ok=True)
        trace.to_netcdf(part(RANK) + ".tmp")
        os.replace(part(RANK) + ".tmp", part(RANK))
        return
    trace = gathered(trace)
    summary = pm.stats.summary(trace, var_names=["mu", "tau", "theta"])
    os.makedirs(os.path.dirname(os.path.abspath(RESULTS)), exist_ok=True)
    with open(RESULTS, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["parameter", "mean", "sd", "r_hat", "ess_bulk", "ess_tail"])
        for name, row in summary.iterrows():
            writer.writerow([name, row["mean"], row["sd"], row["r_hat"], row["ess_bulk"], row["ess_tail"]])
    print(f"{trace.posterior.sizes['chain']} chains of {RANKS} rank(s)", flush=True)
    print(f"max R-hat {summary['r_hat'].max():.3f}, min bulk ESS {summary['ess_bulk'].min():.0f}", flush=True)
    if not QUICK:
        os.makedirs(os.path.dirname(os.path.abspath(TRACE)), exist_ok=True)
        trace.to_netcdf(TRACE)
        print(f"wrote the trace, {os.path.getsize(TRACE)} bytes", flush=True)


if __name__ == "__main__":
    main()
