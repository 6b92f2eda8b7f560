"""Fits, searches, predictions and splits are told as they were made, once each, with what they saw and returned."""

from __future__ import annotations

import math
from pathlib import Path

from watchkeeper.server.analysis.witness import fingerprint, fit, prediction, value_key
from watchkeeper.server.analysis.witness.values import part, parts

from ...libraries import needs
from .helpers import HEAD, only, seen

pytestmark = needs("sklearn")


def test_a_fit_is_told_with_its_parameters_its_data_and_what_came_of_it(tmp_path: Path) -> None:
    script = "from sklearn.ensemble import RandomForestRegressor\n" + HEAD
    found = seen(tmp_path, script + "m = RandomForestRegressor(7, max_depth=2).fit(X, y)\np = m.predict(X[:9])\n")
    told, predicted = fit(only(found.of("fit"))), prediction(only(found.of("predict")))
    assert (told.library, told.name, told.params["n_estimators"], told.params["max_depth"]) == (
        "sklearn", "RandomForestRegressor", 7, 2,
    )  # fmt: skip
    assert (told.x.shape, told.x.distinct_rows, told.y.shape, told.done["estimators"]) == ((120, 3), 120, (120,), 7)
    assert (predicted.of, predicted.owner, predicted.values.shape) == (told.id, told.owner, (9,))
    assert len(predicted.values.at) == 9


def test_a_class_of_the_persons_own_tells_whose_fit_and_prediction_it_is(tmp_path: Path) -> None:
    script = HEAD + (
        "from sklearn.linear_model import Ridge\n"
        "class RandomForestRegressor(Ridge):\n    pass\n"
        "class Boosted(Ridge):\n    def fit(self, X, y):\n        return super().fit(X[:, :2], y)\n"
        "RandomForestRegressor().fit(X, y).predict(X)\nBoosted().fit(X, y)\n"
    )
    found = seen(tmp_path, script)
    fits = [fit(line) for line in found.of("fit")]
    assert [(one.name, one.called, one.own) for one in fits] == [
        ("Ridge", "RandomForestRegressor", True), ("Ridge", "Boosted", True), ("Boosted", "Boosted", True),
    ]  # fmt: skip
    assert prediction(only(found.of("predict"))).name == "Ridge"


def test_a_fit_that_divides_its_rows_itself_tells_in_how_many_folds(tmp_path: Path) -> None:
    script = HEAD + (
        "from sklearn.calibration import CalibratedClassifierCV\n"
        "from sklearn.linear_model import LassoCV, LogisticRegression, RidgeCV\n"
        "from sklearn.model_selection import StratifiedKFold\n"
        "CalibratedClassifierCV(LogisticRegression(), cv=StratifiedKFold(3)).fit(X, y > 0)\n"
        "LassoCV().fit(X, y)\nRidgeCV().fit(X, y)\n"
    )
    told = {one.name: one.folds for one in map(fit, seen(tmp_path, script).of("fit"))}
    assert told == {"CalibratedClassifierCV": 3, "LassoCV": 5, "RidgeCV": None}


def test_rows_that_an_own_splitter_tests_and_trains_on_are_counted_and_it_stays_as_it_was(
    tmp_path: Path,
) -> None:
    script = HEAD + (
        "import pickle\nfrom sklearn.linear_model import Ridge\n"
        "from sklearn.model_selection import GridSearchCV, KFold, cross_val_score\n"
        "class Everyone:\n"
        "    def get_n_splits(self, *args, **kwargs):\n        return 3\n"
        "    def split(self, X, y=None, groups=None):\n"
        "        for _ in range(3):\n            yield np.arange(len(X)), np.arange(40)\n"
        "class Fair(KFold):\n    pass\n"
        "cv = Everyone()\n"
        "pickle.dumps(GridSearchCV(Ridge(), {'alpha': [1.0, 2.0]}, cv=cv).fit(X, y))\n"
        "cross_val_score(Ridge(), X, y, cv=Fair(4))\n"
        "cross_val_score(Ridge(), X, y, cv=[(np.arange(100), np.arange(90, 120))])\n"
        "try:\n    GridSearchCV(Ridge(), {'alpha': ['x']}, cv=cv, error_score='raise').fit(X, y)\n"
        "except Exception:\n    pass\n"
        "assert 'split' not in vars(cv)\n"
    )
    told = [line.facts.get("folds_seen") for line in seen(tmp_path, script).of("search")]
    everyone = {"folds": 3, "shared": 120, "tested": 120}
    assert told == [everyone, None, {"folds": 1, "shared": 10, "tested": 30}]


def test_what_stands_at_the_end_of_a_pipeline_tells_its_iterations(tmp_path: Path) -> None:
    script = HEAD + (
        "from sklearn.neural_network import MLPRegressor\nfrom sklearn.pipeline import make_pipeline\n"
        "from sklearn.compose import TransformedTargetRegressor\nfrom sklearn.preprocessing import StandardScaler\n"
        "net = MLPRegressor(hidden_layer_sizes=(4,), max_iter=7, tol=0.0, n_iter_no_change=99)\n"
        "TransformedTargetRegressor(make_pipeline(StandardScaler(), net)).fit(X, y)\n"
    )
    done = fit(only(seen(tmp_path, script).of("fit"))).done
    assert (done["of"], done["n_iter_"], done["n_features_in_"]) == ("MLPRegressor", 7, 3)


def test_a_search_is_one_line_with_its_candidates_and_counts_the_fits_inside(tmp_path: Path) -> None:
    script = HEAD + (
        "from sklearn.linear_model import Ridge\nfrom sklearn.model_selection import GridSearchCV\n"
        "s = GridSearchCV(Ridge(), {'alpha': [0.1, 1.0, 10.0]}, cv=4).fit(X, y)\ns.predict(X)\n"
    )
    found = seen(tmp_path, script)
    told = fit(only(found.of("search")))
    assert found.of("fit") == ()
    assert (told.name, told.estimator, told.candidates, told.folds, told.inside) == (
        "GridSearchCV", "Ridge", 3, 4, {"Ridge": 13},
    )  # fmt: skip
    assert prediction(only(found.of("predict"))).of == told.id


def test_a_search_with_a_metric_of_its_own_can_be_pickled_and_the_metric_is_told(tmp_path: Path) -> None:
    script = HEAD + (
        "import pickle\nfrom sklearn.linear_model import Ridge\nfrom sklearn.model_selection import GridSearchCV\n"
        "from sklearn.metrics import make_scorer, mean_squared_error\n"
        "for scoring in (make_scorer(mean_squared_error), 'neg_mean_squared_error'):\n"
        "    s = GridSearchCV(Ridge(), {'alpha': [1.0]}, scoring=scoring, cv=2).fit(X, y)\n"
        "    pickle.loads(pickle.dumps(s)).predict(X)\n"
        "mean_squared_error(y, s.predict(X))\n"
    )
    assert [line.facts["call"] for line in seen(tmp_path, script).of("metric")] == ["mean_squared_error"]


def test_rows_drawn_with_replacement_can_be_told_from_the_same_rows_again(tmp_path: Path) -> None:
    script = HEAD + (
        "from sklearn.linear_model import Ridge\n"
        "for b in range(3):\n    i = rng.integers(0, 120, 120)\n    Ridge().fit(X[i], y[i])\n"
        "for b in range(3):\n    Ridge(random_state=b).fit(X, y)\n"
    )
    fits = [fit(line) for line in seen(tmp_path, script).of("fit")]
    assert len({one.x.sha for one in fits[:3]}) == 3
    assert all(one.x.distinct_rows < 100 for one in fits[:3] if one.x.distinct_rows is not None)
    assert len({one.x.sha for one in fits[3:]}) == 1


def test_what_comes_after_two_hundred_is_counted_and_its_data_are_told_apart(tmp_path: Path) -> None:
    script = HEAD + (
        "from sklearn.linear_model import Ridge\n"
        "for b in range(1000):\n    i = rng.integers(0, 120, 120)\n    Ridge().fit(X[i], y[i])\n"
    )
    found = seen(tmp_path, script)
    more = only(found.of("more")).facts
    assert (len(found.of("fit")), more["count"], more["class"]) == (200, 800, "Ridge")
    assert more["distinct_x"] == 800


def test_a_split_names_its_parts_and_shared_rows_can_be_seen(tmp_path: Path) -> None:
    script = HEAD + (
        "from sklearn.model_selection import train_test_split\n"
        "a, b = train_test_split(X, test_size=0.25, random_state=3)\n"
    )
    facts = only(seen(tmp_path, script).of("split")).facts
    first, second = (fingerprint(one) for one in parts(facts, "parts"))
    assert (facts["call"], part(facts, "arguments")) == ("train_test_split", {"test_size": 0.25, "random_state": 3})
    assert (first.shape, second.shape) == ((90, 3), (30, 3))
    assert not set(first.row_keys) & set(second.row_keys)


def test_an_estimator_of_the_persons_own_is_told_and_so_is_what_it_calls(tmp_path: Path) -> None:
    script = HEAD + (
        "from sklearn.base import BaseEstimator\nfrom sklearn.linear_model import Ridge\n"
        "class Mine(BaseEstimator):\n    def fit(self, X, y):\n        self.m_ = Ridge().fit(X, y)\n"
        "        return self\n"
        "Mine().fit(X, y)\n"
    )
    assert sorted(fit(line).name for line in seen(tmp_path, script).of("fit")) == ["Mine", "Ridge"]


def test_a_fit_that_raises_is_told_and_raises_the_same(tmp_path: Path) -> None:
    script = HEAD + (
        "from sklearn.linear_model import Ridge\n"
        "try:\n    Ridge().fit(X, y[:5])\nexcept ValueError as error:\n    print(error)\n"
    )
    assert fit(only(seen(tmp_path, script).of("fit"))).raised == "ValueError"


def test_workers_of_joblib_tell_their_own_fits(tmp_path: Path) -> None:
    script = HEAD + (
        "from joblib import Parallel, delayed\nfrom sklearn.linear_model import Ridge\n"
        "def one(seed):\n    i = np.random.default_rng(seed).integers(0, 120, 120)\n"
        "    return float(Ridge().fit(X[i], y[i]).coef_[0])\n"
        "print(Parallel(n_jobs=2)(delayed(one)(s) for s in range(6)))\n"
    )
    found = seen(tmp_path, script)
    fits = found.of("fit")
    roles = {process.file: process.role for process in found.processes}
    assert len(fits) == 6
    assert {roles[line.file] for line in fits} == {"joblib"}


def test_the_columns_of_a_written_table_are_told(tmp_path: Path) -> None:
    script = (
        HEAD
        + "import pandas as pd\npd.DataFrame({'a': y, 'b': ['x'] * 120, 'c': y * 2}).to_csv('t.csv', index=False)\n"
    )
    line = only(seen(tmp_path, script).of("save"))
    columns = part(line.facts, "columns") or {}
    assert (line.facts["path"], list(columns)) == ("t.csv", ["a", "c"])
    assert math.isclose((fingerprint(part(columns, "c")).mean or 0) / 2, fingerprint(part(columns, "a")).mean or 1)


def test_a_linear_fit_by_hand_is_counted_and_one_inside_a_library_is_not(tmp_path: Path) -> None:
    script = HEAD + (
        "from scipy.optimize import minimize\nfrom sklearn.linear_model import Ridge\n"
        "for _ in range(5):\n    w = np.linalg.solve(X.T @ X, X.T @ y)\n"
        "np.linalg.lstsq(X, y, rcond=None)\nRidge().fit(X, y)\nminimize(lambda t: (t**2).sum(), np.ones(3))\n"
    )
    found = {line.facts["call"]: line.facts for line in seen(tmp_path, script).of("solve")}
    assert set(found) == {"numpy.linalg.solve", "numpy.linalg.lstsq", "scipy.optimize.minimize"}
    assert (found["numpy.linalg.solve"]["count"], found["numpy.linalg.solve"]["shapes"]) == (5, [[3, 3]])


def test_the_functions_of_numpy_stay_the_keys_that_they_are(tmp_path: Path) -> None:
    script = (
        "import numpy as np\nclass Odd:\n    def __array_function__(self, function, types, args, kwargs):\n"
        "        return {np.linalg.solve: 'known'}[function]\nprint(np.linalg.solve(Odd(), np.ones(2)))\n"
    )
    seen(tmp_path, script)


BOOSTED = (
    HEAD
    + """
import xgboost, lightgbm
data = xgboost.DMatrix(X, y)
booster = xgboost.train({"max_depth": 2}, data, 12)
booster.predict(data)
xgboost.XGBRegressor(n_estimators=4).fit(X, y).predict(X)
lightgbm.train({"verbose": -1, "num_boost_round": 6}, lightgbm.Dataset(X, y), 3).predict(X)
"""
)


@needs("xgboost", "lightgbm")
def test_boosters_tell_their_rounds_and_what_they_predict(tmp_path: Path) -> None:
    found = seen(tmp_path, BOOSTED)
    fits = {fit(line).name: fit(line) for line in found.of("fit")}
    assert set(fits) == {"xgboost.train", "XGBRegressor", "lightgbm.train"}
    assert (fits["xgboost.train"].done["rounds"], fits["lightgbm.train"].done["rounds"]) == (12, 6)
    assert [fits[name].params["num_boost_round"] for name in ("xgboost.train", "lightgbm.train")] == [12, 6]
    assert fits["xgboost.train"].x.shape == (120, 3)
    assert [prediction(line).of for line in found.of("predict")] == [
        fits[name].id for name in ("xgboost.train", "XGBRegressor", "lightgbm.train")
    ]


@needs("statsmodels")
def test_statsmodels_tells_the_model_and_its_columns(tmp_path: Path) -> None:
    script = HEAD + "import statsmodels.api as sm\nr = sm.OLS(y, sm.add_constant(X)).fit()\nr.predict()\n"
    script += "sm.OLS(np.tile(y, 4), np.tile(X, (4, 1))).fit()\n"
    found = seen(tmp_path, script)
    told, tiled = map(fit, found.of("fit"))
    assert (told.y.repeats, tiled.y.repeats) == (1, 4), "each value stands there four times"
    assert (told.library, told.name, told.params["columns"]) == ("statsmodels", "OLS", ["const", "x1", "x2", "x3"])
    assert prediction(only(found.of("predict"))).of == told.id


@needs("optuna")
def test_a_study_of_optuna_counts_its_trials_and_tells_the_fits_in_them(tmp_path: Path) -> None:
    script = HEAD + (
        "import optuna\nfrom sklearn.linear_model import Ridge\noptuna.logging.set_verbosity(40)\n"
        "study = optuna.create_study()\n"
        "study.optimize(lambda t: Ridge(t.suggest_float('alpha', 0.1, 9)).fit(X, y).score(X, y), n_trials=5)\n"
    )
    found = seen(tmp_path, script)
    assert only(found.of("search")).facts["candidates"] == 5
    assert len(found.of("fit")) == 5


CATBOOST = (
    HEAD
    + """
from catboost import CatBoostRegressor, Pool, cv
quiet = {"thread_count": 1, "verbose": False, "allow_writing_files": False}
model = CatBoostRegressor(iterations=9, **quiet)
model.grid_search({"depth": [2, 3], "learning_rate": [0.1, 0.2]}, X=X, y=y, cv=4, verbose=False, plot=False)
model.predict(X)
CatBoostRegressor(iterations=7, **quiet).fit(Pool(X[:90], y[:90])).predict(X)
cv(Pool(X, y), {"loss_function": "RMSE", "iterations": 5, **quiet}, fold_count=5)
"""
)


@needs("catboost")
def test_catboost_tells_its_own_search_and_what_its_pools_hold(tmp_path: Path) -> None:
    found = seen(tmp_path, CATBOOST)
    searches = {fit(line).name: fit(line) for line in found.of("search")}
    assert {name: (one.candidates, one.folds) for name, one in searches.items()} == {
        "CatBoostRegressor.grid_search": (4, 4),
        "catboost.cv": (1, 5),
    }
    told = fit(only(found.of("fit")))
    assert (told.x.shape, told.x.distinct_rows, told.y.shape, told.done["trees"]) == ((90, 3), 90, (90,), 7)
    assert [prediction(line).of for line in found.of("predict")] == [
        searches["CatBoostRegressor.grid_search"].id, told.id,
    ]  # fmt: skip


def test_a_fit_that_is_put_back_afterwards_was_seen_while_it_was_another(tmp_path: Path) -> None:
    script = HEAD + (
        "from sklearn.linear_model import Ridge\nfrom sklearn.model_selection import cross_val_score\n"
        "class Mine(Ridge):\n    def fit(self, X, y):\n        return super().fit(X, y)\nMine().fit(X, y)\n"
        "true = Ridge.fit\ndef short(self, X, y, sample_weight=None):\n    return true(self, X[:9], y[:9])\n"
        "Ridge.fit = short\nRidge().fit(X, y)\nRidge.fit = true\n"
    )
    told = only(seen(tmp_path, script).of("replaced")).facts
    assert (told["what"], told["by"]) == ("Ridge.fit", "short")


def test_weights_are_told_apart_and_targets_by_their_values(tmp_path: Path) -> None:
    script = HEAD + (
        "from sklearn.linear_model import Ridge\n"
        "rng = np.random.default_rng(0)\n"
        "for draw in range(2):\n    Ridge().fit(X, y, sample_weight=rng.exponential(size=len(y)))\n"
        "Ridge().fit(X, y)\n"
    )
    first, second, bare = [fit(line) for line in seen(tmp_path, script).of("fit")]
    assert first.weights
    assert second.weights
    assert first.weights != second.weights
    assert not bare.weights
    assert bare.y.distinct_rows == 120
    assert value_key(bare.y.at[0]) in {*map(value_key, bare.y.at)}
    assert len(bare.y.row_keys) == 32


def test_where_the_rows_of_a_table_lie_in_its_index_is_told(tmp_path: Path) -> None:
    script = HEAD + (
        "import pandas as pd\nfrom sklearn.linear_model import Ridge\n"
        "table = pd.DataFrame(X, columns=list('abc'))\n"
        "drawn = table.sample(frac=1, random_state=0)\n"
        "Ridge().fit(drawn[20:], y[20:]).predict(drawn[:20])\n"
        "days = table.set_index(pd.date_range('2024-01-01', periods=120))\n"
        "Ridge().fit(days[:100], y[:100]).predict(days[100:])\n"
        "Ridge().fit(X, y)\n"
    )
    found = seen(tmp_path, script)
    indices = [fit(line).x.index for line in found.of("fit")] + [prediction(one).x.index for one in found.of("predict")]
    shuffled, dated, none, some, last = indices
    assert none is None
    assert shuffled
    assert dated
    assert some
    assert last
    assert some.runs > 10
    assert some.gaps > 3
    assert last.is_time
    assert last.least > dated.most


def test_what_an_imputer_fits_for_each_column_is_its_own(tmp_path: Path) -> None:
    script = HEAD + (
        "from sklearn.experimental import enable_iterative_imputer\nfrom sklearn.impute import IterativeImputer\n"
        "X[::5, 1] = np.nan\nIterativeImputer(max_iter=2, random_state=0).fit_transform(X)\n"
    )
    told = fit(only(seen(tmp_path, script).of("fit")))
    assert told.name == "IterativeImputer"
    assert told.inside["BayesianRidge"]


def test_groups_are_counted_where_rows_are_kept_together_by_them(tmp_path: Path) -> None:
    script = HEAD + (
        "from sklearn.linear_model import Ridge\nfrom sklearn.model_selection import GroupKFold, cross_val_score\n"
        "list(GroupKFold(3).split(X, y, groups=np.arange(120) // 10))\n"
        "cross_val_score(Ridge(), X, y, groups=np.arange(120), cv=GroupKFold(3))\n"
    )
    found = seen(tmp_path, script)
    assert found.of("split")[0].facts["groups"] == {"rows": 120, "distinct": 12}
    assert only(found.of("search")).facts["groups"] == {"rows": 120, "distinct": 120}


@needs("xgboost")
def test_the_weeks_of_a_data_set_of_xgboost_are_told(tmp_path: Path) -> None:
    script = HEAD + (
        "import pandas as pd, xgboost as xgb\n"
        "table = pd.DataFrame(X, columns=list('abc')).assign(week=np.arange(120) // 2)\n"
        "m = xgb.train({'nthread': 1}, xgb.DMatrix(table[:100], y[:100]), 3)\nm.predict(xgb.DMatrix(table[100:]))\n"
    )
    found = seen(tmp_path, script)
    assert fit(only(found.of("fit"))).x.times == {"week": (0.0, 49.0)}
    assert prediction(only(found.of("predict"))).x.times == {"week": (50.0, 59.0)}


@needs("catboost")
def test_the_target_of_what_stops_catboost_is_told(tmp_path: Path) -> None:
    script = HEAD + (
        "import pandas as pd\nfrom catboost import CatBoostRegressor, Pool\n"
        "table = pd.DataFrame(X, columns=list('abc')).assign(kind=np.where(X[:, 0] > 0, 'p', 'q'))\n"
        "pool, held = (Pool(table[a:b], y[a:b], cat_features=['kind']) for a, b in ((0, 90), (90, 120)))\n"
        "CatBoostRegressor(iterations=3, od_wait=2, od_type='Iter', verbose=0, allow_writing_files=False)"
        ".fit(pool, eval_set=held)\n"
    )
    told = only(seen(tmp_path, script).of("fit")).facts
    assert told["stops"] == "od_wait"
    assert fingerprint(part(parts(told, "watched")[0], "label")).shape == (30,)


@needs("statsmodels")
def test_a_mixed_model_says_whether_it_converged(tmp_path: Path) -> None:
    script = HEAD + (
        "import warnings\nwarnings.simplefilter('ignore')\nimport statsmodels.api as sm\n"
        "sm.MixedLM(y, X, np.arange(120) // 10).fit(method='lbfgs', maxiter=1)\n"
    )
    told = fit(only(seen(tmp_path, script).of("fit")))
    assert told.name == "MixedLM"
    assert told.done["converged"] in (True, False)
