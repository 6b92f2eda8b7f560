"""What the witness tells of work that may have had no effect, with the real libraries."""

from __future__ import annotations

from pathlib import Path

from ...libraries import needs
from .helpers import HEAD, seen


@needs("xgboost")
def test_rounds_of_xgboost_that_add_nothing_are_told(tmp_path: Path) -> None:
    script = HEAD + (
        "import xgboost as xgb\n"
        "stop = xgb.callback.LearningRateScheduler(lambda n: 0.1 if n < 20 else 0.0)\n"
        "xgb.train({'nthread': 1}, xgb.DMatrix(X, y), 57, callbacks=[stop])\n"
        "xgb.XGBRegressor(n_estimators=57, learning_rate=0.1).fit(X, y)\n"
        "xgb.train({'booster': 'gblinear'}, xgb.DMatrix(X, y), 57)\n"
    )
    found = seen(tmp_path, script)
    told = [one.facts.get("idle_rounds") for one in found.of("fit")]
    looked = [0, 8, 16, 24, 32, 40, 48, 56]
    assert told[0] == {"rounds": 57, "looked": looked, "idle": looked[3:]}
    assert told[1:] == [{"rounds": 57, "looked": looked, "idle": []}, None]
    assert not found.of("trouble")


@needs("emcee")
def test_where_walkers_begin_is_told(tmp_path: Path) -> None:
    script = HEAD + (
        "import emcee\nstart = X[:8, :2]\n"
        "sampler = emcee.EnsembleSampler(8, 2, lambda theta: -0.5 * (theta**2).sum())\n"
        "state = sampler.run_mcmc(start, 20)\nsampler.reset()\n"
        "for _ in sampler.sample(start, iterations=30): pass\n"
        "sampler.run_mcmc(state, 30)\nsampler.run_mcmc(None, 10)\n"
    )
    began = [one.facts.get("began_at") for one in seen(tmp_path, script).of("sampling")]
    assert began[0] == began[1] != began[2]
    assert began[3] is None
