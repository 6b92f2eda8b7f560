"""Columns, folds and metrics are told by what they are made of, and a look at them changes and loses nothing."""

from __future__ import annotations

from pathlib import Path

from watchkeeper.server.analysis.witness import fingerprint, fit, prediction
from watchkeeper.server.analysis.witness.values import number, part, parts, text

from ...libraries import needs
from .helpers import HEAD, only, seen

pytestmark = needs("sklearn")


def test_folds_that_are_given_as_a_list_and_a_target_among_the_features_are_told(tmp_path: Path) -> None:
    script = HEAD + (
        "from sklearn.model_selection import cross_val_score\nfrom sklearn.tree import DecisionTreeRegressor\n"
        "X = np.column_stack([X, 3 * y + 1])\nfolds = [(np.arange(80), np.arange(80, 120))] * 5\n"
        "cross_val_score(DecisionTreeRegressor(), X, y, cv=folds)\nDecisionTreeRegressor().fit(X, y)\n"
    )
    found = seen(tmp_path, script)
    assert only(found.of("search")).facts["distinct_folds"] == 1
    assert only(found.of("fit")).facts["nearest"] == {"column": 3, "correlation": 1.0}


def test_a_column_of_the_next_rows_target_is_told_and_one_of_the_last_rows_is_not(tmp_path: Path) -> None:
    script = HEAD + (
        "from sklearn.tree import DecisionTreeRegressor\n"
        "lead, lag = np.column_stack([X[:-1, 0], y[1:]]), np.column_stack([X[1:, 0], y[:-1]])\n"
        "DecisionTreeRegressor(max_depth=2).fit(lead, y[:-1])\nDecisionTreeRegressor(max_depth=2).fit(lag, y[1:])\n"
        "mixed = rng.permutation(119)\nDecisionTreeRegressor(max_depth=2).fit(lead[mixed], y[:-1][mixed])\n"
        "import pandas as pd\nold = pd.DataFrame(lead, columns=['x', 'lag_1'], index=range(119, 0, -1))\n"
        "DecisionTreeRegressor(max_depth=2).fit(old, y[:-1])\n"
    )
    told = [line.facts.get("ahead") for line in seen(tmp_path, script).of("fit")]
    ahead = {"column": 1, "rows": 1}
    assert told == [ahead, None, None, {**ahead, "name": "lag_1", "newest_first": True}]


def test_a_window_of_the_target_with_the_rows_own_is_told_and_none_of_earlier_rows(tmp_path: Path) -> None:
    script = HEAD + (
        "from sklearn.tree import DecisionTreeRegressor\nfit = DecisionTreeRegressor(max_depth=2).fit\n"
        "for width in (2, 5, 30):\n    m = np.convolve(y, np.ones(width) / width, 'valid')\n    end = width - 1\n"
        "    fit(np.column_stack([X[end:, 0], m]), y[end:])\n"
        "    fit(np.column_stack([X[end:, 0], m * width]), y[end:])\n"
        "    fit(np.column_stack([X[: len(m), 0], m]), y[width // 2 :][: len(m)])\n"
        "    fit(np.column_stack([X[end + 1 :, 0], m[:-1]]), y[end + 1 :])\n"
        "    mixed = rng.permutation(len(m))\n    fit(m[mixed, None], y[end:][mixed])\n"
        "line = 2.0 * np.arange(120)\nfit(np.column_stack([X[3:, 0], line[2:-1], line[1:-2]]), line[3:])\n"
        "week = np.tile(y[:7], 17)\nfit(np.convolve(week, np.ones(7) / 7, 'valid')[:-1, None], week[7:])\n"
    )
    told = [line.facts.get("window") for line in seen(tmp_path, script).of("fit")]
    assert told == [
        *(
            one
            for width in (2, 5, 30)
            for one in (
                {"column": 1, "of": "mean", "rows": width, "later": 0},
                {"column": 1, "of": "sum", "rows": width, "later": 0},
                {"column": 1, "of": "mean", "rows": width, "later": (width - 1) // 2},
                None,  # the rows before it only
                None,  # in another order
            )
        ),
        None,  # of a straight line the mean of three is the value before
        None,  # every week is the same
    ]


def test_a_window_of_the_target_in_each_group_of_a_panel_is_told(tmp_path: Path) -> None:
    script = HEAD + (
        "from sklearn.tree import DecisionTreeRegressor\nfit = DecisionTreeRegressor(max_depth=2).fit\n"
        "y = rng.normal(size=(150, 3)).cumsum(0)\nsite = np.tile([4.0, 1.0, 9.0], 150)\n"
        "wide = np.lib.stride_tricks.sliding_window_view(y, 7, axis=0).mean(-1)\n"
        "centred = np.full(y.shape, np.nan)\ncentred[3:-3] = wide\n"
        "earlier = np.full(y.shape, np.nan)\nearlier[7:] = wide[:-1]\n"
        "for column in (centred, earlier):\n    fit(np.column_stack([site, column.ravel()]), y.ravel())\n"
    )
    told = [line.facts.get("window") for line in seen(tmp_path, script).of("fit")]
    assert told == [{"column": 1, "of": "mean", "rows": 7, "later": 3, "by": 0}, None]


def test_a_metric_is_told_with_what_it_was_computed_of(tmp_path: Path) -> None:
    script = HEAD + (
        "from sklearn.metrics import mean_squared_error\nfrom sklearn.tree import DecisionTreeRegressor\n"
        "m = DecisionTreeRegressor(max_depth=2).fit(X, y)\np = m.predict(X)\ne = mean_squared_error(y, p)\n"
        "m.score(X, y)\n"
    )
    found = seen(tmp_path, script)
    (told, scored), (predicted, *_) = (one.facts for one in found.of("metric")), found.of("predict")
    assert fingerprint(part(told, "true")).sha == fit(only(found.of("fit"))).y.sha
    assert fingerprint(part(told, "predicted")).sha == prediction(predicted).values.sha
    assert (told["call"], scored["call"]) == ("mean_squared_error", "r2_score")


@needs("pandas")
def test_a_column_of_means_of_another_one_is_told_where_rows_are_split(tmp_path: Path) -> None:
    script = (
        "import numpy as np, pandas as pd\nfrom sklearn.model_selection import KFold, train_test_split\n"
        "r = np.random.default_rng(0)\n"
        "d = pd.DataFrame({'shop': [f'S{k}' for k in r.integers(0, 99, 400)], 'price': r.normal(size=400)})\n"
        "d['sales'] = d.price + r.normal(size=400)\n"
        "one, other = train_test_split(d, test_size=0.25, random_state=0)\n"
        "means = one.groupby('shop').sales.mean()\n"
        "train_test_split(d.assign(mean=d.shop.map(means).fillna(means.mean())), random_state=0)\n"
        "d['mean'] = d.groupby('shop').sales.transform('mean').round(3)\n"
        "train_test_split(d, random_state=0)\ntrain_test_split(d[['price', 'mean']], d.sales, random_state=0)\n"
        "list(KFold(3).split(d[['price', 'mean']].to_numpy(), d.sales.to_numpy()))\n"
    )
    told = [part(line.facts, "encoded") for line in seen(tmp_path, script).of("split")]
    of = [None if one is None else (one["name"], one["of"]) for one in told]
    assert of[:5] == [None, None, ("mean", "sales"), ("mean", "sales"), ("1", "")]


@needs("pandas")
def test_a_column_of_means_that_are_drawn_to_the_mean_of_all_is_told(tmp_path: Path) -> None:
    script = (
        "import numpy as np, pandas as pd\nfrom sklearn.model_selection import train_test_split\n"
        "r = np.random.default_rng(0)\n"
        "d = pd.DataFrame({'shop': r.integers(0, 300, 1200), 'price': r.normal(size=1200)})\n"
        "d['left'] = (d.price + r.normal(size=1200) > 0.3).astype(int)\n"
        "def code(of, w):\n"
        "    g = of.groupby('shop').left.agg(['sum', 'count'])\n"
        "    return d.shop.map((g['sum'] + w * of.left.mean()) / (g['count'] + w)).fillna(of.left.mean())\n"
        "rank = pd.qcut(d.price, 10, labels=False) * 0.02 + d.left.mean() - 0.09\n"
        "for each in (code(d, 4.0), code(d.sample(900, random_state=0), 4.0), rank):\n"
        "    train_test_split(d.drop(columns='shop').assign(code=each), random_state=0)\n"
    )
    told = [part(line.facts, "encoded") for line in seen(tmp_path, script).of("split")]
    assert told[0] is not None
    assert (told[0]["name"], told[0]["of"]) == ("code", "left")
    assert abs((number(told[0], "shrunk") or 0.0) - 4.0) < 1e-6
    assert told[1:] == [None, None]  # of the rows to train on, and a rank that goes with the outcome


def test_a_loop_that_used_up_the_time_for_digests_leaves_what_is_predicted_and_the_first_calls_of_other_places(
    tmp_path: Path,
) -> None:
    script = HEAD + (
        "from sklearn.linear_model import Ridge\nm = Ridge().fit(X, y)\nmany = np.zeros((6000, 3))\n"
        "from watchkeeper_witness import state as at\n"
        "at.state.own_s, at.FREE_S, at.RESERVE_S = 1e6, 1e6 - 0.02, 1.0\n"
        "for _ in range(4):\n    m.predict(many)\nm.predict(X[:9])\nfor _ in range(4):\n    m.predict(X)\n"
    )
    told = seen(tmp_path, script).of("predict")
    skipped = [[text(part(one.facts, key) or {}, "skipped") for one in told] for key in ("x", "values")]
    at_large, alone, small = ["", "", "budget", "budget"], [""], [""] * 4
    assert skipped == [[*at_large, *alone, *at_large], [*at_large, *alone, *small]]


def test_what_a_fit_was_shown_beside_its_data_is_told_with_what_may_have_stopped_it(tmp_path: Path) -> None:
    script = HEAD + (
        "from sklearn.base import BaseEstimator, RegressorMixin\n"
        "class Booster(RegressorMixin, BaseEstimator):\n"
        "    def __init__(self, early_stopping_rounds=None):\n"
        "        self.early_stopping_rounds = early_stopping_rounds\n"
        "    def fit(self, X, y, eval_set=None):\n        return self\n"
        "    def predict(self, X):\n        return X[:, 0]\n"
        "Booster(5).fit(X, y, eval_set=[(X[:40], y[:40])]).predict(X[:40])\n"
        "Booster().fit(X, y, eval_set=(X[:40], y[:40]))\nBooster(5).fit(X, y)\n"
    )
    found = seen(tmp_path, script)
    shown, printed, alone = found.of("fit")
    predicted = prediction(only(found.of("predict"))).x.sha
    assert [[fingerprint(each).sha for each in parts(one.facts, "watched")] for one in (shown, printed, alone)] == [
        [predicted], [predicted], [],
    ]  # fmt: skip
    assert [text(one.facts, "stops") for one in (shown, printed)] == ["early_stopping_rounds", ""]


AT_HAND = (
    HEAD
    + """
import resource
from sklearn.base import BaseEstimator
from sklearn.model_selection import train_test_split
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
class Away:
    shape, dtype = (120, 3), X.dtype
    def __len__(self): return 120
    def __getitem__(self, rows): return X[rows]
    def __array__(self, *a, **k): raise SystemExit("all of it was read")
class Picture:
    __array__ = Away.__array__
train_test_split(Away(), [Picture() for _ in range(120)], ["a text"] * 119 + ["a" * (1 << 20)], y)
assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < before + (200 << 10)
sorts, sort = [], np.argsort
np.argsort = lambda *a, **k: sorts.append(1) or sort(*a, **k)
train_test_split((X - X.mean(0)) @ np.diag([3.0, 2.0, 1.0]) @ rng.normal(size=(3, 30)))
assert len(sorts) <= 30, len(sorts)
class Broken(BaseEstimator):
    def predict_proba(self, X): return np.full((len(X), 2), [np.nan, np.inf])
Broken().predict_proba(X)
"""
)


def test_a_look_at_what_is_split_or_predicted_reads_nothing_that_is_not_at_hand_and_loses_no_line(
    tmp_path: Path,
) -> None:
    found = seen(tmp_path, AT_HAND)
    assert len(found.of("split")) == 2
    assert [one.mean for one in prediction(only(found.of("predict"))).each] == [None, None]
