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
