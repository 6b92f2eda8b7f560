"""What changed between two programs: nothing that alters a number, a model or the data slips by."""

# A program reads best on one line, however long.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from watchkeeper.server.analysis.scripts import Change, broken_names, changes

from .programs import program, said

SCRIPT = """
import numpy as np
import pandas as pd
import pymc as pm

DRAWS = 20000
FEATURES = ["age", "dose", "sex"]
df = pd.read_csv("data/in.csv")
X = df[FEATURES].to_numpy()
y = df["y"].to_numpy()

def build(X, y):
    with pm.Model() as model:
        beta = pm.Normal("beta", 0, sigma=5, shape=X.shape[1])
        tau = pm.HalfCauchy("tau", 2.5)
        mu = pm.math.dot(X, beta)
        pm.Normal("obs", mu, tau, observed=y)
    return model

def main():
    with build(X, y):
        trace = pm.sample(draws=DRAWS, tune=2000, chains=4, target_accept=0.95)
    trace.to_netcdf("out/trace.nc")

main()
"""


def edited(*pairs: tuple[str, str]) -> str:
    text = SCRIPT
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


def between(
    old: str,
    new: str,
    files: Mapping[str, str] | None = None,
    args: Sequence[str] = (),
    broken: Sequence[str] = (),
) -> tuple[Change, ...]:
    return changes(program(old), program(new, files, args=args), broken)


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("DRAWS = 20000", "DRAWS = 1000")], ("parameter", "draws", "20000", "1000", True)),
        ([("draws=DRAWS", "draws=1000")], ("parameter", "draws", "20000", "1000", True)),
        ([("draws=DRAWS", "draws=DRAWS // 20")], ("parameter", "draws", "20000", "1000", True)),
        ([("draws=DRAWS", "draws=int(1e3)")], ("parameter", "draws", "20000", "1000", True)),
        ([("DRAWS = 20000", "DRAWS = 20 * 50")], ("parameter", "draws", "20000", "1000", True)),
        ([("draws=DRAWS, ", "")], ("parameter", "draws", "20000", "1000", True)),
        ([("DRAWS", "N"), ("N = 20000", "N = 1000")], ("parameter", "draws", "20000", "1000", True)),
        ([("\nmain()", "\nDRAWS = 1000\nmain()")], ("parameter", "draws", "20000", "1000", True)),
        ([("target_accept=0.95", "target_accept=0.8")], ("parameter", "target_accept", "0.95", "0.8", True)),
        ([("target_accept=0.95", "target_accept=0.99")], ("parameter", "target_accept", "0.95", "0.99", False)),
        ([(", tune=2000", "")], ("parameter", "tune", "2000", "1000", True)),
        ([("chains=4", "chains=2")], ("parameter", "chains", "4", "2", True)),
        ([("2.5", "1.0")], ("parameter", "HalfCauchy", "2.5", "1", True)),
        ([("sigma=5", "sigma=0.1")], ("parameter", "sigma", "5", "0.1", True)),
        ([("sigma=5, ", "")], ("parameter", "sigma", "5", "", False)),
        ([("HalfCauchy", "HalfNormal")], ("structure", "tau", "HalfCauchy(…)", "HalfNormal(…)", False)),
        ([('"age", "dose", "sex"', '"age", "sex"')], ("feature", "FEATURES", "dose", "", True)),
        ([('df["y"]', 'df["z"]')], ("structure", "df", "y", "z", False)),
        ([("data/in.csv", "data/small.csv")], ("feature", "read_csv", "in.csv", "small.csv", False)),
        ([('in.csv")', 'in.csv", nrows=100)')], ("feature", "nrows", "", "100", False)),
        (
            [('in.csv")', 'in.csv").sample(frac=0.1)')],
            ("feature", "sample", "", "sample(…)", False),
        ),
        ([("X = df", "df = df.iloc[:100]\nX = df")], ("feature", "iloc", "", "100", False)),
        (
            [('        tau = pm.HalfCauchy("tau", 2.5)\n', ""), ("mu, tau", "mu, 1")],
            ("structure", "tau", "HalfCauchy(…)", "", False),
        ),
        (
            [("pm.math.dot(X, beta)", "pm.math.dot(X, beta) ** 2")],
            ("structure", "mu", "", "**", False),
        ),
        ([("mu, tau, observed", "mu, 2 * tau, observed")], ("structure", "Normal", "", "*", False)),
        ([("observed=y", "observed=X")], ("structure", "Normal observed", "y", "X", False)),
        ([("\nmain()", "\npm.sample = print\nmain()")], ("structure", "sample", "", "pm.sample =", False)),
        ([("import pymc as pm", "import fakepymc as pm")], ("structure", "import pm", "pymc", "fakepymc", False)),
        (
            [
                ("import pymc as pm", "import pymc as pm\nfrom pymc import Flat as HalfCauchy"),
                ("pm.HalfCauchy", "HalfCauchy"),
            ],
            ("structure", "tau", "HalfCauchy(…)", "Flat(…)", False),
        ),
        (
            [("    with build(X, y):", "    X = globals()['X'][:50]\n    with build(X, y):")],
            ("structure", "X", "", "[:]", False),
        ),
        (
            [("    trace.to", '    del trace.posterior["tau"]\n    trace.to')],
            ("structure", "main", "", "delete", False),
        ),
        (
            [("\nmain()", "\nexec(open('x').read())\nmain()")],
            ("structure", "call", "", "exec(…)", False),
        ),
        (
            [
                ("        trace = pm", "        try:\n            trace = pm"),
                ("    trace.to", "        except Exception:\n            trace = None\n    trace.to"),
            ],
            ("structure", "main", "", "except Exception: assign", False),
        ),
    ],
)
def test_what_alters_a_number_the_model_or_the_data_needs_approval(
    pairs: list[tuple[str, str]], expected: tuple[str, str, str, str, bool]
) -> None:
    assert expected in said(between(SCRIPT, edited(*pairs)))


@pytest.mark.parametrize(
    "pairs",
    [
        [("import numpy as np\n", "import numpy as np\nimport time\nimport os\n")],
        [("import numpy as np\n", "")],
        [("        trace = pm", "        print('sampling', len(y), flush=True)\n        trace = pm")],
        [
            ("import numpy as np", "import logging\nimport numpy as np"),
            ("        trace = pm", "        logging.info('start %s', X.shape)\n        trace = pm"),
        ],
        [("DRAWS = 20000", "DRAWS = 20_000")],
        [("DRAWS = 20000", "DRAWS = 2 * 10**4")],
        [("draws=DRAWS", "draws=int(20e3)")],
        [("DRAWS", "N_DRAWS")],
        [("trace", "idata")],
        [("target_accept=0.95", "target_accept=0.95, progressbar=False")],
        [("out/trace.nc", "output/models/model_1.nc")],
        [('"data/in.csv"', '"../data/in.csv"')],
        [('df["y"].to_numpy()', 'df["y"].astype(float).to_numpy()')],
        [('df["y"].to_numpy()', 'df["y"].values')],
        [("X = df[FEATURES].to_numpy()", "X = np.asarray(df[FEATURES], dtype=np.float64)")],
        [
            ("trace.to_netcdf", "try:\n        trace.to_netcdf"),
            ('trace.nc")', 'trace.nc")\n    except OSError as error:\n        print(error)'),
        ],
        [
            ("        trace = pm", "        try:\n            trace = pm"),
            (
                "    trace.to",
                "        except Exception as error:\n            print(error)\n            raise\n    trace.to",
            ),
        ],
        [("DRAWS = 20000", "# more\nDRAWS = 20000  # draws")],
        [("def main():\n", 'def main():\n    """Train."""\n')],
        [("def main():", "def helper(a):\n    return a + 1\n\ndef main():")],
        [("build", "make_model")],
        [("import pymc as pm", "import pymc as mc"), ("pm.", "mc.")],
        [("DRAWS = 20000", "DRAWS = 20000\nTUNE = 2000"), ("tune=2000", "tune=TUNE")],
        [("0.95)", "0.95)\n        print(trace.posterior.mean())")],
    ],
)
def test_repairs_and_what_only_tells_pass_without_approval(pairs: list[tuple[str, str]]) -> None:
    assert said(between(SCRIPT, edited(*pairs))) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("import numpy as np\nx = np.float(a)", "import numpy as np\nx = np.float64(a)", ""),
        ("import numpy as np\nx = np.product(a)", "import numpy as np\nx = np.prod(a)", ""),
        ("import pymc as pm\npm.Normal('a', 0, sd=1)", "import pymc as pm\npm.Normal('a', 0, sigma=1)", ""),
        ("import pymc as pm\nt = pm.smaple(5)", "import pymc as pm\nt = pm.sample(5)", ""),
        (
            "import pymc as pm\npm.HalfCauchey('a', 1)",
            "import pymc as pm\npm.HalfCauchy('a', 1)",
            "AttributeError: module 'pymc' has no attribute 'HalfCauchey'",
        ),
        ("model = f()\nmodle.fit(X)", "model = f()\nmodel.fit(X)", ""),
        ("x = np.mean(a)", "import numpy as np\nx = np.mean(a)", ""),
        ("from sklearn.externals import joblib\njoblib.dump(m, 'm')", "import joblib\njoblib.dump(m, 'm')", ""),
        ("import pymc3 as pm\npm.Normal('a', 0, 1)", "import pymc as pm\npm.Normal('a', 0, 1)", ""),
    ],
)
def test_a_name_that_is_shown_to_be_broken_may_be_repaired(old: str, new: str, message: str) -> None:
    assert said(between(old, new, broken=tuple(broken_names(message)))) == []


@pytest.mark.parametrize(
    ("old", "new", "broken"),
    [
        ("x = np.mean(a)", "x = np.median(a)", ()),
        ("x = np.argmax(a)", "x = np.argmin(a)", ()),
        ("x = pm.HalfCauchey('a', 1)", "x = pm.Flat('a', 1)", ("HalfCauchey",)),
        ("x = pm.HalfCauchey('a', 1)", "x = pm.HalfCauchy('a', 2)", ("HalfCauchey",)),
        ("train(EPOCHS)", "EPOCHS = 10\ntrain(EPOCHS)", ("EPOCHS",)),
        ("x = f(a)", "def f(a):\n    return 0\nx = f(a)", ()),
        ("x = f(a)", "from helper import f\nx = f(a)", ()),
        ("x = range(5)", "from helper import range\nx = range(5)", ()),
        ("x = Bayes()", "from sklearn.linear_model import Ridge as Bayes\nx = Bayes()", ()),
        ("print(x)", "def print(*a):\n    pass\nprint(x)", ()),
        ("a = 1", "a = 1\nprint(a := 5)", ()),
        ("for e in range(10):\n    f(e)", "for e in range(10):\n    f(e)\n    if e > 3:\n        break", ()),
        ("for e in range(10):\n    f(e)", "for e in range(0, 10, 2):\n    f(e)", ()),
        ("l = [Dense(64), Dense(32), Dense(1)]", "l = [Dense(64), Dense(1)]", ()),
        ("l = [Dense(64), Dense(1)]", "l = [Dense(8), Dense(1)]", ()),
        ("x = a + b", "x = a - b", ()),
        ("x += a", "x -= a", ()),
        ("x = a < b", "x = a <= b", ()),
        ("fit('y ~ x + z')", "fit('y ~ x')", ()),
        ("x = a.astype(float)", "x = a.astype(int)", ()),
        ("x = f(True)", "x = f(False)", ()),
        ("x = f(None)", "x = f(0)", ()),
        ("@jit\ndef f(a):\n    return a\nf(1)", "def f(a):\n    return a\nf(1)", ()),
        ("def f(a=10):\n    return a\nf()", "def f(a=1):\n    return a\nf()", ()),
        ("class M(Base):\n    pass\nM()", "class M(Other):\n    pass\nM()", ()),
        ("random.seed(1)", "random.seed(2)", ()),
        ("x = {'lr': 0.1}", "x = {'lr': 0.5}", ()),
        ("x = {'lr': 0.1}", "x = {}", ()),
        ("x = lambda a: a", "x = lambda a: a / 2", ()),
        ("x = f(*a)", "x = f(a)", ()),
        ("if a:\n    f()", "if not a:\n    f()", ()),
        ("x: int = 5\nf(x)", "x: int = 4\nf(x)", ()),
        ("def f():\n    yield 1\nf()", "def f():\n    yield 2\nf()", ()),
        ("x = [i for i in a]", "x = [i for i in a if i]", ()),
    ],
)
def test_what_looks_like_a_repair_and_is_none_needs_approval(old: str, new: str, broken: tuple[str, ...]) -> None:
    assert said(between(old, new, {"code/helper.py": "def f(a):\n    return 0"}, broken=broken))


def test_a_constant_that_moves_into_a_module_and_shrinks_on_the_way_is_seen() -> None:
    new = edited(("DRAWS = 20000\n", "from settings import DRAWS\n"))
    moved = said(between(SCRIPT, new, {"code/settings.py": "DRAWS = 1000"}))
    assert ("parameter", "draws", "20000", "1000", True) in moved


def test_a_prior_that_moves_into_a_module_and_shrinks_on_the_way_is_seen() -> None:
    new = edited(("import pymc as pm", "import pymc as pm\nfrom settings import WIDTH"), ("sigma=5", "sigma=WIDTH"))
    assert ("parameter", "sigma", "5", "0.1", True) in said(between(SCRIPT, new, {"code/settings.py": "WIDTH = 0.1"}))


def test_an_estimator_that_takes_the_place_of_another_is_named() -> None:
    old = "from sklearn.ensemble import RandomForestRegressor\nm = RandomForestRegressor(500).fit(X, y)"
    new = "from sklearn.linear_model import Ridge\nm = Ridge().fit(X, y)"
    assert ("estimator", "estimator", "RandomForestRegressor", "Ridge", False) in said(between(old, new))


def test_draws_that_no_longer_reach_the_results_are_seen() -> None:
    old = "import pymc as pm\nt = pm.sample(5, chains=4)\nb = f()\nt.to_netcdf('t.nc')"
    assert ("structure", "draws", "written", "not written", False) in said(between(old, old.replace("t.to", "b.to")))


def test_arguments_of_the_command_line_are_changes_too() -> None:
    script = "import argparse\nimport pymc as pm\np = argparse.ArgumentParser()\np.add_argument('--draws', type=int, default=2000)\npm.sample(p.parse_args().draws, chains=4)"
    found = between(script, script, args=("--draws", "10"))
    assert said(found) == [
        ("argument", "--draws", "", "10", False),
        ("parameter", "draws", "2000", "10", True),
    ]


def test_equal_programs_have_no_changes() -> None:
    assert between(SCRIPT, SCRIPT) == ()
    assert between(SCRIPT, "# a comment\n" + SCRIPT.replace("\n\n", "\n\n\n")) == ()


def test_more_cores_are_shown_and_need_no_approval() -> None:
    (one,) = between(
        "import pymc as pm\npm.sample(5, chains=4, cores=1)", "import pymc as pm\npm.sample(5, chains=4, cores=4)"
    )
    assert (one.name, one.before, one.after, one.needs_approval) == ("cores", "1", "4", False)


def test_a_change_reads_as_a_sentence_with_its_place() -> None:
    found = between(SCRIPT, edited(("DRAWS = 20000", "DRAWS = 1000")))
    assert str(found[0]) == "draws 20000 -> 1000 (code/model.py:22)"


@pytest.mark.parametrize(
    ("message", "names"),
    [
        ("module 'pymc' has no attribute 'HalfCauchey'", {"HalfCauchey"}),
        ("name 'np' is not defined", {"np"}),
        ("Normal.dist() got an unexpected keyword argument 'sd'", {"sd"}),
        ("cannot import name 'joblib' from 'sklearn.externals'", {"joblib"}),
        ("something else", set[str]()),
    ],
)
def test_the_names_that_a_message_says_are_broken_are_read(message: str, names: set[str]) -> None:
    assert broken_names(message) == names


@pytest.mark.parametrize(
    "broken",
    [
        ("def main():", "def main()"),
        ("chains=4, target_accept=0.95)", "chains=4, target_accept=0.95"),
        ('"beta", 0', '"beta, 0'),
        ("    with build(X, y):", " with build(X, y):"),
    ],
)
def test_a_fix_of_syntax_passes(broken: tuple[str, str]) -> None:
    assert said(between(edited(broken), SCRIPT)) == []


@pytest.mark.parametrize(
    "pair",
    [
        ("DRAWS = 20000", "DRAWS = 1000"),
        ("sigma=5", "sigma=1"),
        ("HalfCauchy", "HalfNormal"),
    ],
)
def test_a_fix_of_syntax_that_changes_more_needs_approval(pair: tuple[str, str]) -> None:
    assert said(between(edited(("def main():", "def main()")), edited(pair)))


def test_a_fix_of_syntax_beside_a_module_passes_and_a_changed_module_does_not() -> None:
    broken, whole = "import helpers\nx = helpers.f(", "import helpers\nx = helpers.f()"
    one, other = {"code/helpers.py": "def f():\n    return 1"}, {"code/helpers.py": "def f():\n    return 2"}
    assert said(changes(program(broken, one), program(whole, one))) == []
    assert said(changes(program(broken, one), program(whole, other)))


def test_a_constant_that_moves_and_stays_the_same_passes() -> None:
    new = edited(("DRAWS = 20000\n", "from settings import DRAWS\n"))
    assert said(between(SCRIPT, new, {"code/settings.py": "DRAWS = 20_000"})) == []
    assert said(between(SCRIPT, edited(("DRAWS = 20000", "DRAWS: int = 20000")))) == []


def test_the_guard_of_the_script_is_no_change() -> None:
    assert said(between(SCRIPT, edited(("\nmain()", "\nif __name__ == '__main__':\n    main()")))) == []
    assert said(between(SCRIPT, edited(("\nmain()", "\nif __name__ == '__main__' and 0:\n    main()"))))
