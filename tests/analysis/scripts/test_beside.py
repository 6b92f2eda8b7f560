"""What an edit adds that only reads, and tells or writes beside, asks nobody; what reaches the run by it does."""

from __future__ import annotations

import pytest
from watchkeeper.server.analysis.scripts import changes

from .programs import program

SCRIPT = """
import json, os, pathlib, time
import numpy as np
import pandas as pd
import matplotlib.pyplot as plt
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import GridSearchCV
from sklearn.utils import resample

results = os.environ["WATCHKEEPER_RESULTS"]
FULL = os.environ["WATCHKEEPER_PHASE"] == "full"


def load(path, nrows=None, clean=False):
    frame = pd.read_csv(path, nrows=nrows)
    if clean:
        frame = frame.dropna()
    return frame


# ABOVE
frame = load("data/cities.csv")
X, y = frame[["area", "income"]], frame["cases"]
search = GridSearchCV(RandomForestRegressor(random_state=0), {"max_depth": [5, 10]}, cv=5)
search.fit(X, y)
scores = []
for i in range(1000 if FULL else 20):
    Xb, yb = resample(X, y, random_state=i)
    model = RandomForestRegressor(random_state=i, **search.best_params_).fit(Xb, yb)
    scores.append(model.score(X, y))
    # INSIDE
# BELOW
pd.DataFrame({"score": scores}).to_csv(results)
"""
BESIDE = {
    "a plot": "figure, axes = plt.subplots(1, 2)\naxes[0].hist(scores, bins=30)\naxes[1].set_title('scores')\n"
    "figure.savefig('output/scores.png', dpi=150)",
    "a table of the search": "os.makedirs('output', exist_ok=True)\n"
    "pd.DataFrame(search.cv_results_).to_csv('output/search_1.csv', index=False)",
    "importances": "shares = pd.Series(search.best_estimator_.feature_importances_, index=X.columns)\n"
    "shares.sort_values(ascending=False).to_csv('output/shares.csv')",
    "a report in lines": "lines = ['| row | score |']\nfor number, score in enumerate(scores):\n"
    "    lines.append(f'| {number} | {score:.3f} |')\npathlib.Path('output/report.md').write_text('\\n'.join(lines))",
    "quantiles": "low, high = np.percentile(scores, [2.5, 97.5])\nprint(f'{low:.3f} to {high:.3f}')",
    "predictions kept": "kept = pd.DataFrame({'truth': y, 'told': search.predict(X)})\nkept.to_csv('output/seen.csv')",
    "a time": "spent = time.process_time()\nwith open('output/spent.json', 'w') as file:\n"
    "    json.dump({'s': spent}, file)",
    "beside the results": "np.save(pathlib.Path(results).parent / 'shares_of_all.npy', np.array(scores))",
}
REACHES = {
    "the results by a table": "kept = pd.DataFrame({'score': [0.9]})\nkept.to_csv(results)",
    "the results by another name": "place = results\npd.DataFrame({'score': [0.9]}).to_csv(place)",
    "the results by their file's name": "kept = f'output/data/{os.path.basename(results)}'\n"
    "pd.DataFrame({'score': [0.9]}).to_csv(kept)",
    "the results in place": "shown = scores\nshown[:] = sorted(shown)[100:]",
    "the scores by a plot's helper": "def plot(values):\n    values.sort()\n    plt.hist(values)\n\n\nplot(scores)",
    "the data by an array": "shown = np.nan_to_num(y.values, copy=False)\nprint(shown)",
    "a fit that is drawn": "plt.hist(model.fit(X, y).predict(X))",
    "a method that is handed on": "told = list(map(scores.remove, scores[:50]))\nprint(told)",
    "a file that is read again": "json.dump([1], open('output/seen.json', 'w'))\n"
    "scores = json.load(open('output/seen.json'))",
}


def asked(before: str, after: str) -> list[str]:
    return [str(one) for one in changes(program(before), program(after)) if one.needs_approval]


@pytest.mark.parametrize("lines", BESIDE.values(), ids=BESIDE)
def test_what_only_reads_and_writes_beside_asks_nobody_whether_it_comes_or_goes(lines: str) -> None:
    after = SCRIPT.replace("# BELOW", lines)
    assert asked(SCRIPT, after) == asked(after, SCRIPT) == []


@pytest.mark.parametrize("lines", BESIDE.values(), ids=BESIDE)
def test_what_is_slipped_in_with_it_asks(lines: str) -> None:
    assert asked(SCRIPT, SCRIPT.replace("# BELOW", lines).replace("cv=5", "cv=2"))


@pytest.mark.parametrize("lines", REACHES.values(), ids=REACHES)
def test_what_reaches_the_run_by_a_name_that_seems_to_tell_asks(lines: str) -> None:
    assert asked(SCRIPT, SCRIPT.replace("# BELOW", lines))


def test_time_that_is_left_is_told_in_a_loop_and_a_loop_that_ends_by_it_asks() -> None:
    told = SCRIPT.replace("# ABOVE", "began = time.time()").replace(
        "# INSIDE", "if i % 50 == 0:\n        print(i, (time.time() - began) / (i + 1))"
    )
    assert asked(SCRIPT, told) == []
    assert asked(SCRIPT, told.replace("/ (i + 1))", "/ (i + 1))\n        break"))


def test_parameters_that_nobody_gives_may_go_with_what_hung_on_them_and_ask_where_they_count() -> None:
    plain = "def load(path):\n    frame = pd.read_csv(path)\n    return frame\n"
    start, end = SCRIPT.index("def load"), SCRIPT.index("\n\n# ABOVE")
    assert asked(SCRIPT, SCRIPT[:start] + plain + SCRIPT[end:]) == []
    assert asked(SCRIPT, SCRIPT.replace("clean=False", "clean=True"))
    assert asked(SCRIPT, SCRIPT.replace("nrows=None", "nrows=50"))
    assert asked(SCRIPT, SCRIPT.replace('load("data/cities.csv")', 'load("data/cities.csv", 50)'))
    assert asked(SCRIPT, SCRIPT.replace("# ABOVE", "load.__defaults__ = (50, True)"))


def test_a_library_that_takes_the_name_of_one_that_draws_asks() -> None:
    drawn = SCRIPT.replace("# BELOW", "plt.plot(scores)")
    assert asked(drawn, drawn.replace("import matplotlib.pyplot as plt", "import helper as plt"))


BY_HAND = """
import os
import numpy as np
FULL = os.environ["WATCHKEEPER_PHASE"] == "full"
x, y = np.load("data/x.npy"), np.load("data/y.npy")
w = np.zeros(x.shape[1])
for epoch in range(4000):
    error = x @ w - y
    w = w - 0.01 * x.T @ error / len(y)
    print(epoch, np.mean(error ** 2))
np.save("output/weights.npy", w)
open(os.environ["WATCHKEEPER_RESULTS"], "w").write("done\\n")
"""
IN_A_FUNCTION = BY_HAND.replace("for epoch", "def descend(w):\n  for epoch").replace(
    "np.save", "  return w\nw = descend(w)\nnp.save"
)  # fmt: skip


@pytest.mark.parametrize("script", [BY_HAND, IN_A_FUNCTION, BY_HAND.replace("w = w - 0.01 *", "w -= 0.01 *")])
@pytest.mark.parametrize(("old", "new"), [("4000", "400"), ("0.01", "0.5"), ("- y", "- y.mean()")])
def test_a_training_by_hand_is_none_that_only_tells_though_its_weights_are_kept_beside(
    script: str, old: str, new: str
) -> None:
    assert asked(script, script.replace(old, new))


def test_where_the_environment_names_no_results_any_table_may_be_them() -> None:
    plain = SCRIPT.replace('os.environ["WATCHKEEPER_RESULTS"]', '"output/scores.csv"')
    kept = "low = np.percentile(scores, 2.5)\npd.DataFrame({'low': [low]}).to_csv('output/quantiles.csv')"
    assert asked(plain, plain.replace("# BELOW", kept))


def test_what_a_person_sets_counts_though_it_is_only_told() -> None:
    told = "USED = ['area', 'income']\nprint(len([one for one in USED]))"
    script = SCRIPT.replace("# BELOW", told)
    assert asked(script, script.replace("['area', 'income']", "['area']"))


@pytest.mark.parametrize(
    "lines",
    [
        "import subprocess\ncommit = subprocess.run(['git', 'rev-parse', 'HEAD'], capture_output=True)\n"
        "print(commit.stdout)",
        "for number, score in enumerate(scores):\n    print(number, score)\nfor score in scores:\n    print(score)",
        "best = max(range(len(scores)), key=scores.__getitem__)\nprint('best of', best)",
    ],
    ids=["the commit", "two loops of one name", "the place of the best"],
)
def test_what_is_asked_of_the_machine_or_counted_to_be_told_asks_nobody(lines: str) -> None:
    assert asked(SCRIPT, SCRIPT.replace("# BELOW", lines)) == []


@pytest.mark.parametrize(
    "lines",
    [
        "import subprocess\ntold = subprocess.run(['python', 'mend.py'])\nprint(told)",
        "import subprocess\ntold = subprocess.run(['git', 'checkout', 'old'])\nprint(told)",
        "for score in scores:\n    print(score)\nscores.append(score)",
    ],
    ids=["a program", "other files", "what a loop leaves"],
)
def test_what_does_more_than_to_ask_the_machine_asks(lines: str) -> None:
    assert asked(SCRIPT, SCRIPT.replace("# BELOW", lines))
