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


@needs("lightgbm")
def test_rounds_of_lightgbm_that_add_nothing_or_do_not_split_are_told(tmp_path: Path) -> None:
    script = HEAD + (
        "import lightgbm as lgb\nsmall = {'verbose': -1, 'min_data_in_leaf': 3, 'num_threads': 1}\n"
        "stop = lgb.reset_parameter(learning_rate=lambda n: 0.1 if n < 20 else 1e-12)\n"
        "lgb.train(small, lgb.Dataset(X, y), 57, callbacks=[stop])\n"
        "lgb.LGBMRegressor(n_estimators=57, min_child_samples=3, n_jobs=1, verbose=-1).fit(X, y)\n"
    )
    found = seen(tmp_path, script)
    looked = [0, 8, 16, 24, 32, 40, 48, 56]
    told = [one.facts.get("idle_rounds") for one in found.of("fit")]
    assert told == [{"rounds": 57, "looked": looked, "idle": looked[3:]}, {"rounds": 57, "looked": looked, "idle": []}]
    assert not found.of("trouble")


@needs("catboost")
def test_rounds_of_catboost_are_told_with_those_that_a_prediction_takes(tmp_path: Path) -> None:
    script = HEAD + (
        "from catboost import CatBoostRegressor\n"
        "m = CatBoostRegressor(iterations=57, thread_count=1, verbose=0, allow_writing_files=False).fit(X, y)\n"
        "m.predict(X)\nm.predict(X, ntree_end=9)\nm.shrink(ntree_end=20)\nm.predict(X)\n"
    )
    found = seen(tmp_path, script)
    (told,) = [one.facts["idle_rounds"] for one in found.of("fit")]
    assert told == {"rounds": 57, "looked": [0, 8, 16, 24, 32, 40, 48, 56], "idle": []}
    rounds = [one.facts.get("rounds") for one in found.of("predict")]
    assert rounds == [{"has": 57}, {"has": 57, "used": 9}, {"has": 20}]
    assert not found.of("trouble")


def test_members_that_a_prediction_takes_are_told(tmp_path: Path) -> None:
    script = HEAD + (
        "from sklearn.ensemble import RandomForestRegressor\nfrom sklearn.linear_model import Ridge\n"
        "m = RandomForestRegressor(12, random_state=0).fit(X, y)\nm.predict(X)\n"
        "m.estimators_ = m.estimators_[:2]\nm.predict(X)\nRidge().fit(X, y).predict(X)\n"
    )
    told = [
        one.facts.get("rounds")
        for one in seen(tmp_path, script).of("predict")
        if one.facts["class"] != "DecisionTreeRegressor"
    ]
    assert told == [{"has": 12}, {"has": 2}, None]


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
