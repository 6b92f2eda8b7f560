"""Estimators, searches, bootstraps, loops of training: what is fitted, how often, and where it flows."""

# A program reads best on one line, however long.
# ruff: noqa: E501

from __future__ import annotations

import pytest

from .programs import program

RIDGE = "from sklearn.linear_model import Ridge\n"


@pytest.mark.parametrize(
    ("script", "name", "fitted", "used"),
    [
        (RIDGE + "Ridge()", "Ridge", False, False),
        (RIDGE + "Ridge().fit(X, y)", "Ridge", True, False),
        (RIDGE + "m = Ridge()\nm.fit(X, y)\nprint(m.score(X, y))", "Ridge", True, False),
        (RIDGE + "m = Ridge().fit(X, y)\npd.DataFrame({'y': m.predict(X)}).to_csv('r.csv')", "Ridge", True, True),
        (RIDGE + "m = Ridge()\nm.fit(X, y)\ndf['pred'] = m.predict(X)\ndf.to_csv('r.csv')", "Ridge", True, True),
        (
            RIDGE
            + "import json\nm = Ridge()\nm.fit(X, y)\nout = {}\nout['c'] = list(m.coef_)\njson.dump(out, open('r.json', 'w'))",
            "Ridge",
            True,
            True,
        ),
        (RIDGE + "import pickle\nm = Ridge()\nm.fit(X, y)\npickle.dump(m, f)", "Ridge", True, True),
        (
            RIDGE
            + "import numpy as np\nm = Ridge()\nm.fit(X, y)\nrows = []\nfor x in X:\n    rows.append(m.predict(x))\nnp.savetxt('r', np.array(rows))",
            "Ridge",
            True,
            True,
        ),
        (
            RIDGE + "import csv\nm = Ridge().fit(X, y)\nw = csv.writer(f)\nw.writerow([m.intercept_])",
            "Ridge",
            True,
            True,
        ),
        (RIDGE + "m = Ridge().fit(X, y)\nopen('r', 'w').write(f'{m.coef_}')", "Ridge", True, True),
        (
            "from sklearn.linear_model import Ridge as HierarchicalModel\nHierarchicalModel().fit(X, y).predict(X)",
            "Ridge",
            True,
            False,
        ),
        (RIDGE + "class Bayes(Ridge):\n    pass\nBayes().fit(X, y)", "Ridge", True, False),
        (
            RIDGE
            + "class Model:\n    def __init__(self): self.inner = Ridge()\n    def fit(self, X, y): self.inner.fit(X, y)\nModel().fit(X, y)",
            "Ridge",
            True,
            False,
        ),
        (
            RIDGE + "def make():\n    return Ridge()\nm = make()\nm.fit(X, y)\nm.predict(X).tofile('r')",
            "Ridge",
            True,
            True,
        ),
        (
            RIDGE + "from sklearn.pipeline import make_pipeline\np = make_pipeline(scaler, Ridge())\np.fit(X, y)",
            "Ridge",
            True,
            False,
        ),
        (
            RIDGE
            + "from sklearn.pipeline import Pipeline\np = Pipeline([('s', s), ('m', Ridge())])\np.fit(X, y)\njoblib.dump(p, 'm.joblib')",
            "Ridge",
            True,
            True,
        ),
        (
            RIDGE + "from sklearn.model_selection import cross_val_score\ncross_val_score(Ridge(), X, y)",
            "Ridge",
            True,
            False,
        ),
        ("import sklearn.linear_model as lm\ngetattr(lm, 'Rid' + 'ge')().fit(X, y)", "Ridge", True, False),
        ("import sklearn.linear_model as lm\nvars(lm)['Ridge']().fit(X, y)", "Ridge", True, False),
        (
            "from scipy import stats\nslope, *rest = stats.linregress(x, y)\nopen('r', 'w').write(str(slope))",
            "linregress",
            True,
            True,
        ),
        ("from scipy.stats import linregress as hierarchical\nhierarchical(x, y)", "linregress", True, False),
        ("import numpy as np\nc = np.polyfit(x, y, 1)\nnp.savetxt('r', c)", "polyfit", True, True),
        ("from numpy import linalg\nlinalg.lstsq(A, b)", "lstsq", True, False),
        ("from scipy.optimize import curve_fit\np, cov = curve_fit(f, x, y)\nnp.save('r', p)", "curve_fit", True, True),
        ("import statsmodels.api as sm\nr = sm.OLS(y, X).fit()\nr.params.to_csv('r.csv')", "OLS", True, True),
        ("import statsmodels.formula.api as smf\nsmf.ols('y ~ x', d).fit().summary()", "ols", True, False),
        ("import numpy as np\nb = np.linalg.inv(X.T @ X) @ X.T @ y\nnp.save('r', b)", "normal equations", True, True),
        (
            "import numpy as np\nb = np.linalg.solve(X.T @ X + lam * np.eye(3), X.T @ y)",
            "normal equations",
            True,
            False,
        ),
        (
            "try:\n    import pymc\nexcept ImportError:\n    from sklearn.linear_model import Ridge\n    Ridge().fit(X, y)",
            "Ridge",
            True,
            False,
        ),
    ],
)
def test_a_forbidden_fit_is_found_whatever_it_is_called_and_followed_to_what_is_written(
    script: str, name: str, fitted: bool, used: bool
) -> None:
    (one,) = program(script).estimators
    assert (one.name, one.forbidden, one.fitted, one.used_for_results) == (name, True, fitted, used)


def test_a_forbidden_fit_in_an_imported_module_is_found_where_it_stands() -> None:
    found = program(
        "from helpers.core import train\nresult = train(X, y)\nresult.to_csv('r.csv')",
        {
            "code/helpers/__init__.py": "",
            "code/helpers/core.py": "from . import inner\ndef train(X, y):\n    return inner.go(X, y)",
            "code/helpers/inner.py": "def go(X, y):\n    from sklearn.linear_model import Lasso\n    return Lasso().fit(X, y).predict(X)",
        },
    )
    (one,) = found.estimators
    assert (one.name, one.file, one.line, one.used_for_results) == ("Lasso", "code/helpers/inner.py", 3, True)
    assert [path for path, _ in found.files] == [
        *("code/helpers/__init__.py", "code/helpers/core.py", "code/helpers/inner.py", "code/model.py")
    ]
    assert found.kind == "Linear model"


def test_a_ridge_baseline_beside_a_bayesian_model_leaves_it_bayesian() -> None:
    found = program(
        RIDGE + "import pymc as pm\nbase = Ridge().fit(X, y)\nprint(base.score(X, y))\n"
        "with pm.Model():\n    trace = pm.sample(2000, chains=4)\ntrace.to_netcdf('t.nc')"
    )
    assert found.kind == "Bayesian MCMC"
    assert [(one.forbidden, one.used_for_results) for one in found.estimators] == [(True, False)]


def test_a_sampler_for_show_beside_a_linear_fit_that_is_written_is_a_linear_model() -> None:
    found = program(
        RIDGE + "import pymc as pm\nwith pm.Model():\n    trace = pm.sample(20000, chains=4)\n"
        "m = Ridge().fit(X, y)\npd.Series(m.predict(X)).to_csv('r.csv')"
    )
    assert found.kind == "Linear model"


@pytest.mark.parametrize(
    ("script", "count", "library"),
    [
        ("for epoch in range(5000):\n    loss = f(model(x), y)\n    loss.backward()\n    opt.step()", 5000, "torch"),
        (
            "n_epochs = 5000\nfor epoch in range(1, n_epochs + 1):\n    for batch in loader:\n        f(batch).backward()",
            5000,
            "torch",
        ),
        (
            "def step(b):\n    f(b).backward()\nfor e in range(5000):\n    for b in loader:\n        step(b)",
            5000,
            "torch",
        ),
        ("for fold in range(5):\n    for epoch in range(5000):\n        loss.backward()", 5000, "torch"),
        ("from tqdm import tqdm, trange\nfor epoch in tqdm(range(5000)):\n    loss.backward()", 5000, "torch"),
        ("from tqdm.auto import trange\nfor epoch in trange(5000):\n    loss.backward()", 5000, "torch"),
        ("epoch = 0\nwhile epoch < 5000:\n    loss.backward()\n    epoch += 1", 5000, "torch"),
        (
            "epoch = 0\nwhile True:\n    loss.backward()\n    epoch += 1\n    if epoch >= 5000:\n        break",
            5000,
            "torch",
        ),
        ("for epoch in range(5000):\n    loss.backward()\n    if epoch >= 9:\n        break", 9, "torch"),
        ("for epoch in range(5000):\n    if epoch > 9:\n        continue\n    loss.backward()", 10, "torch"),
        ("for epoch in range(5000):\n    loss.backward()\n    break", 1, "torch"),
        ("for epoch in range(50):\n    w -= lr * grad", 50, "descent by hand"),
        ("for epoch in range(50):\n    w = w - learning_rate * dw", 50, "descent by hand"),
        ("import keras\nm = keras.Sequential([l])\nm.compile('adam')\nm.fit(x, y, epochs=5000)", 5000, "keras"),
        ("import tensorflow as tf\nm = tf.keras.Sequential([l])\nm.fit(x, y, 32, 5000)", 5000, "keras"),
        ("import keras\nm = keras.Model(i, o)\nm.fit(x, y)", 1, "keras"),
        ("build().fit(x, y, epochs=7)", 7, "keras"),
        ("import lightning as L\nt = L.Trainer(max_epochs=5000)\nt.fit(model, data)", 5000, "lightning"),
        ("import pytorch_lightning as pl\npl.Trainer().fit(model)", 1000, "lightning"),
        ("from sklearn.neural_network import MLPRegressor\nMLPRegressor(max_iter=5000).fit(X, y)", 5000, "sklearn"),
        ("from sklearn.neural_network import MLPRegressor\nMLPRegressor().fit(X, y)", 200, "sklearn"),
        ("import xgboost as xgb\nxgb.train(p, d, 500)", 500, "xgboost"),
        ("import xgboost as xgb\nxgb.XGBRegressor().fit(X, y)", 100, "xgboost"),
        ("import lightgbm as lgb\nlgb.LGBMRegressor(n_estimators=700).fit(X, y)", 700, "lightgbm"),
        ("from catboost import CatBoostRegressor\nCatBoostRegressor(300).fit(X, y)", 300, "catboost"),
        (
            "from transformers import TrainingArguments\na = TrainingArguments('out', num_train_epochs=9)",
            9,
            "transformers",
        ),
    ],
)
def test_a_loop_of_training_is_found_with_its_number_of_rounds(script: str, count: int, library: str) -> None:
    (one,) = program(script).loops
    assert (one.count, one.library) == (count, library)


def test_a_loop_that_does_not_train_is_none() -> None:
    assert program("for epoch in range(5000):\n    print(epoch)").loops == ()


@pytest.mark.parametrize(
    ("script", "kind", "cv", "candidates", "fitted"),
    [
        ("GridSearchCV(m, {'a': [1, 2, 3], 'b': [1, 2]}, cv=5).fit(X, y)", "GridSearchCV", 5, 6, True),
        ("grid = {'a': [1, 2, 3]}\ns = GridSearchCV(m, grid)\ns.fit(X, y)", "GridSearchCV", 5, 3, True),
        ("GridSearchCV(m, {'a': np.logspace(-3, 3, 20)}, cv=KFold(10, shuffle=True))", "GridSearchCV", 10, 20, False),
        (
            "GridSearchCV(m, [{'a': [1, 2]}, {'b': range(10)}], cv=RepeatedKFold(n_splits=5, n_repeats=2))",
            "GridSearchCV",
            10,
            12,
            False,
        ),
        ("GridSearchCV(m, load(), cv=3)", "GridSearchCV", 3, None, False),
        ("RandomizedSearchCV(m, d).fit(X, y)", "RandomizedSearchCV", 5, 10, True),
        ("RandomizedSearchCV(m, d, n_iter=200, cv=3).fit(X, y)", "RandomizedSearchCV", 3, 200, True),
        ("cross_val_score(m, X, y, cv=10)", "cross_val_score", 10, None, True),
        ("import optuna\nstudy = optuna.create_study()\nstudy.optimize(f, n_trials=100)", "optuna", None, 100, True),
    ],
)
def test_a_search_is_found_with_its_folds_and_candidates(
    script: str, kind: str, cv: int | None, candidates: int | None, fitted: bool
) -> None:
    (one,) = program("from sklearn.model_selection import *\nimport numpy as np\n" + script).searches
    assert (one.kind, one.cv, one.candidates, one.fitted) == (kind, cv, candidates, fitted)


@pytest.mark.parametrize(
    ("script", "count"),
    [
        (
            "from sklearn.utils import resample\nfor b in range(1000):\n    X_, y_ = resample(X, y)\n    model.fit(X_, y_)",
            1000,
        ),
        (
            "for b in range(1000):\n    i = rng.choice(len(X), size=len(X), replace=True)\n    model.fit(X[i], y[i])",
            1000,
        ),
        ("for b in range(1000):\n    i = rng.integers(0, n, n)\n    model.fit(X[i])", 1000),
        ("for b in range(1000):\n    i = rng.integers(0, n, size=n)\n    model.fit(X[i])", 1000),
        ("for b in range(1000):\n    d = df.sample(frac=1, replace=True)\n    model.fit(d)", 1000),
        ("from sklearn.utils import resample\nout = [model.fit(resample(X)) for _ in range(1000)]", 1000),
        (
            "from joblib import Parallel, delayed\nfrom sklearn.utils import resample\ndef one(i):\n    return model.fit(resample(X))\n"
            "Parallel(4)(delayed(one)(i) for i in range(1000))",
            1000,
        ),
        (
            "from multiprocessing import Pool\nfrom sklearn.utils import resample\ndef one(i):\n    return model.fit(resample(X))\n"
            "with Pool() as pool:\n    pool.map(one, range(1000))",
            1000,
        ),
        ("from scipy.stats import bootstrap\nbootstrap((x,), f, n_resamples=1000)", 1000),
    ],
)
def test_a_bootstrap_is_found_with_its_repetitions(script: str, count: int) -> None:
    found = program("import numpy as np\nrng = np.random.default_rng(1)\n" + RIDGE + "model = Ridge()\n" + script)
    (one,) = found.bootstraps
    assert (one.count, one.fits) == (count, True)


def test_mini_batches_are_no_bootstrap() -> None:
    script = "for epoch in range(10):\n    i = rng.integers(0, n, 32)\n    loss(X[i]).backward()"
    assert program("import numpy as np\nrng = np.random.default_rng(1)\n" + script).bootstraps == ()


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ("import pymc as pm\nt = pm.sample(10, chains=4)\nt.to_netcdf('t')", "Bayesian MCMC"),
        ("for epoch in range(9):\n    loss.backward()", "Deep Learning"),
        ("from sklearn.ensemble import RandomForestRegressor as R\nR().fit(X, y)", "Ensemble"),
        ("import xgboost as xgb\nxgb.XGBRegressor().fit(X, y)", "Ensemble"),
        ("from scipy.optimize import minimize\nminimize(f, x0)", "Optimisation"),
        ("from sklearn.linear_model import LinearRegression\nLinearRegression().fit(X, y)", "Linear model"),
        ("print('hello')", "Unknown"),
    ],
)
def test_the_kind_of_a_program_follows_from_what_it_does(script: str, kind: str) -> None:
    assert program(script).kind == kind


def test_one_line_describes_a_program() -> None:
    found = program(
        "import pymc as pm\nt = pm.sample(2000, chains=4)\nt.to_netcdf('t')\n" + RIDGE + "Ridge().fit(X, y)"
    )
    assert found.describe() == (
        "Bayesian MCMC: pymc 4 chains of 2000 draws after 1000 tuning steps at code/model.py:2;"
        " Ridge fitted at code/model.py:5"
    )
