"""Bayesian MCMC: a hierarchical model of eight schools, non-centred, sampled by PyMC's NUTS."""

import csv
import os
from pathlib import Path

import numpy as np
import pymc as pm

QUICK = os.environ.get("WATCHKEEPER_PHASE", "quick") == "quick"
RESULTS = Path(os.environ.get("WATCHKEEPER_RESULTS", "results.csv"))
TRACE = Path(os.environ.get("WATCHKEEPER_FINAL_MODEL", "model.nc")).with_suffix(".nc")

DRAWS = 500 if QUICK else 2000
TUNE = 500 if QUICK else 1000
CHAINS = 2 if QUICK else 4

EFFECT = np.array([28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0])
ERROR = np.array([15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0])


def build() -> pm.Model:
    """Return the model: each school's effect is the common mean and a scaled standard normal."""
    with pm.Model() as model:
        mu = pm.Normal("mu", 0, 5)
        tau = pm.HalfNormal("tau", 5)
        eta = pm.Normal("eta", 0, 1, shape=8)
        theta = pm.Deterministic("theta", mu + tau * eta)
        pm.Normal("obs", theta, ERROR, observed=EFFECT)
    return model


def main():
    with build():
        trace = pm.sample(
            draws=DRAWS, tune=TUNE, chains=CHAINS, cores=2, target_accept=0.95, random_seed=1, progressbar=False
        )
    summary = pm.stats.summary(trace, var_names=["mu", "tau", "theta"], round_to="none")
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    with open(RESULTS, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["parameter", "mean", "sd", "r_hat"])
        for name, row in summary.iterrows():
            writer.writerow([name, float(row["mean"]), float(row["sd"]), float(row["r_hat"])])
    print(f"R-hat: {float(summary['r_hat'].max()):.3f}", flush=True)
    if not QUICK:
        TRACE.parent.mkdir(parents=True, exist_ok=True)
        trace.to_netcdf(TRACE)


if __name__ == "__main__":
    main()
