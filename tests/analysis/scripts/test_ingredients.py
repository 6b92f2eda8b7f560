"""Code that only moved, or is only written in another way, is no change; what is slipped in beside it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from watchkeeper.server.analysis.scripts import changes, read_program

HEAD = "import os, pathlib\nimport torch\nfrom sklearn.utils import resample\nfrom lib import load, build, Model\n"
TRAIN = """
X, y = load("data/cities.csv")
scores = []
for i in range(1000):
    Xb, yb = resample(X, y, random_state=i)
    model = Model(depth=5)
    model.fit(Xb, yb)
    scores.append(float(model.score(X, y)))
net = build(X)
results = os.environ["WATCHKEEPER_RESULTS"]
os.makedirs(os.path.dirname(results), exist_ok=True)
with open(results, "w") as file:
    for i, score in enumerate(scores):
        file.write("{},{:.3f}\\n".format(i, score))
"""
SAME: dict[str, Callable[[str], str]] = {
    "moved into main": lambda text: (
        "def main():\n"
        + "".join(f"    {line}\n" if line else "\n" for line in text.strip().split("\n"))
        + "if __name__ == '__main__':\n    main()\n"
    ),
    "the body of a loop became a function": lambda text: (
        text.replace("scores = []\n", "")
        .replace("for i in range(1000):", "def one(number):")
        .replace("random_state=i", "random_state=number")
        .replace(
            "    scores.append(float(model.score(X, y)))\n",
            "    return float(model.score(X, y))\nscores = []\nfor i in range(1000):\n    scores.append(one(i))\n",
        )
    ),
    "f-strings": lambda text: text.replace('"{},{:.3f}\\n".format(i, score)', 'f"{i},{score:.3f}\\n"'),
    "percent signs": lambda text: text.replace('"{},{:.3f}\\n".format(i, score)', '"%d,%.3f\\n" % (i, score)'),
    "pathlib": lambda text: text.replace(
        "os.makedirs(os.path.dirname(results), exist_ok=True)\nwith open(results,",
        "pathlib.Path(results).parent.mkdir(parents=True, exist_ok=True)\nwith pathlib.Path(results).open(",
    ).replace('open( "w")', 'open("w")'),
    "lines written at once": lambda text: text.replace(
        '    for i, score in enumerate(scores):\n        file.write("{},{:.3f}\\n".format(i, score))',
        '    file.writelines("{},{:.3f}\\n".format(i, score) for i, score in enumerate(scores))',
    ),
    "moved to a device": lambda text: text.replace(
        "net = build(X)\n", "device = torch.device('cuda')\nnet = build(X).to(device)\n"
    ),
    "told through the probe": lambda text: text.replace(
        "    model.fit(Xb, yb)\n", "    model.fit(Xb, yb)\n    watchkeeper_probe.log(step=i)\n"
    ),
}


def asked(before: str, after: str, files: dict[str, str] | None = None) -> list[str]:
    old, new = ({"m.py": (HEAD + text).encode()} for text in (before, after))
    new |= {name: text.encode() for name, text in (files or {}).items()}
    before_it, after_it = (read_program("m.py", one.get, env={}) for one in (old, new))
    return [str(one) for one in changes(before_it, after_it) if one.needs_approval]


@pytest.mark.parametrize("how", SAME)
def test_code_that_only_moved_or_is_written_otherwise_passes(how: str) -> None:
    after = SAME[how](TRAIN)
    assert after != TRAIN
    assert asked(TRAIN, after) == []


@pytest.mark.parametrize("how", SAME)
def test_what_is_slipped_in_beside_code_that_moved_asks(how: str) -> None:
    after = SAME[how](TRAIN).replace("depth=5", "depth=2")
    assert any("5 -> 2" in one for one in asked(TRAIN, after))
    dropped = SAME[how](TRAIN).replace('load("data/cities.csv")', 'load("data/cities.csv").dropna()')
    assert asked(TRAIN, dropped)


def test_a_helper_in_a_module_of_its_own_passes_and_its_own_smuggled_line_asks() -> None:
    end = TRAIN.index("os.makedirs")
    after = TRAIN[:end] + "save(results, scores)\n"
    helper = "import os\ndef save(path, values):\n" + "".join(
        f"    {line}\n"
        for line in TRAIN[end:].replace("results", "path").replace("scores", "values").strip().split("\n")
    )
    moved = after.replace("\nX, y", "\nfrom saving import save\nX, y", 1)
    assert asked(TRAIN, moved, {"saving.py": helper}) == []
    smuggled = helper.replace("enumerate(values)", "enumerate(values[:50])")
    assert asked(TRAIN, moved, {"saving.py": smuggled})


def test_a_function_that_is_called_twice_or_returns_in_between_stays_where_it_is() -> None:
    text = "def f(a):\n    if a:\n        return 1\n    return a + 2\nx = f(load)\nmodel = Model(x)\n"
    assert asked(text, text.replace("a + 2", "a + 3"))
    twice = "def f(a):\n    return a + 2\nx = f(1)\ny = f(2)\nmodel = Model(x, y)\n"
    assert asked(twice, twice.replace("a + 2", "a + 3"))


def test_a_loop_that_only_tells_is_no_ingredient_unless_its_counter_is_used() -> None:
    tells = "for step in range(1, 8):\n    print(f'loading {step}')\n"
    assert asked(tells + TRAIN, TRAIN) == []
    assert asked(tells + TRAIN, tells.replace("8", "3") + TRAIN) == []
    used = tells + TRAIN.replace("depth=5", "depth=step")
    assert asked(used, used.replace("range(1, 8)", "range(1, 3)"))


SAMPLES = """import os
import arviz as az
import pymc as pm
FULL = os.environ["WATCHKEEPER_PHASE"] == "full"
DRAWS = 3000 if FULL else 300
with pm.Model():
    mu = pm.Normal("mu", 0, 5)
    trace = pm.sample(DRAWS, tune=1500, chains=4)
print(az.summary(trace))
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("chains=4)", "chains=4, callback=stop_when_good)"),
        ("chains=4)", "chains=4, callback=lambda trace, draw: print(draw))"),
        ("print(az", "if len(trace.posterior.draw) > 10:\n    raise SystemExit(0)\nprint(az"),
        ("print(az.summary(trace))", "print(mu.set_params(sd=1))"),
        ("with pm", "getattr(pm, 'set_data')({})\nwith pm"),
        ("with pm", "@jit\ndef f():\n    return 1\nf()\nwith pm"),
    ],
)
def test_callbacks_ways_out_and_effects_inside_of_what_is_shown_ask(old: str, new: str) -> None:
    assert old in SAMPLES
    assert asked(SAMPLES, SAMPLES.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("chains=4)", "chains=4, callback=watchkeeper_probe.pymc_callback, cores=2)"),
        ("print(az.summary(trace))", "def told(values):\n    return az.summary(values) * 1\nprint(told(trace))"),
        ("print(az.summary(trace))", "az.plot_trace(trace)\nprint(az.summary(trace, hdi_prob=0.9))"),
        ("print(az", "history = {'mu': []}\nhistory['mu'].append(float(mu))\nprint(az"),
        ("print(az", "if not FULL:\n    print('only tried out')\nprint(az"),
        ("print(az", "if len(trace.posterior.draw) < 10:\n    raise ValueError('too few')\nprint(az"),
    ],
)
def test_what_only_shows_or_ends_a_run_as_a_failure_passes(old: str, new: str) -> None:
    assert old in SAMPLES
    assert asked(SAMPLES, SAMPLES.replace(old, new)) == []


@pytest.mark.parametrize(
    ("old", "new", "only"),
    [
        ("3000 if", "1000 if", True),
        ("print(az", "if FULL:\n    trace = trace.isel(draw=slice(100))\nprint(az", True),
        ("tune=1500", "tune=500", True),  # a figure of a known call, read for the full phase
        ('"mu", 0, 5', '"mu", 0, 2', False),
    ],
)
def test_a_change_that_no_quick_run_shows_is_told_from_one_that_it_does(old: str, new: str, only: bool) -> None:
    before, after = (
        read_program("m.py", {"m.py": text.encode()}.get, env={}) for text in (SAMPLES, SAMPLES.replace(old, new))
    )
    assert [one.full_only for one in changes(before, after) if one.needs_approval][:1] == [only]


def test_changes_from_the_same_to_the_same_are_told_one_by_one() -> None:
    more = SAMPLES.replace("DRAWS, tune", "1000, tune").replace(
        "print(az", "rows = az.extract(trace, n=1000)\nprint(az"
    )
    before = more.replace("print(az", "for _ in range(1000):\n    build(rows)\nprint(az")
    found = asked(before, before.replace("1000", "200"))
    assert [one.split(" (")[0] for one in found if "1000 -> 200" in one] == [
        "draws 1000 -> 200", "n 1000 -> 200", "number 1000 -> 200",
    ]  # fmt: skip
