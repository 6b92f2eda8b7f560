"""Figures that only the full phase takes are asked about wherever they are given, though two quick runs are equal."""

from __future__ import annotations

import pytest
from watchkeeper.server.analysis.scripts import changes

from .programs import program

SCRIPT = """
import argparse, os, sys
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier as Boosting

FULL = os.environ["WATCHKEEPER_PHASE"] == "full"
OPTIONS = {"iterations": 800, "depth": 4}
# ABOVE


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--iterations", type=int, default=800)
    # PARSER
    return parser.parse_args()


def main():
    args = parse()
    # PARSED
    frame = pd.read_csv("data/rows.csv")
    model = Boosting(max_iter=GIVEN if FULL else 20).fit(frame, frame.y)
    print(model)


main()
"""
ARGS = SCRIPT.replace("GIVEN", "args.iterations")
TABLE = SCRIPT.replace("GIVEN", 'OPTIONS["iterations"]')
ENVIRONMENT = SCRIPT.replace("GIVEN", 'int(os.environ.get("ITERATIONS", 800))')
FIELDS = SCRIPT.replace("GIVEN", "Big.iterations").replace("# ABOVE", "class Big:\n    iterations = 800")
BY_NAME = SCRIPT.replace("GIVEN", 'globals()["rounds_" + os.environ["WATCHKEEPER_PHASE"]]').replace(
    "# ABOVE", "rounds_full = 800"
)
CALLED = SCRIPT.replace("GIVEN", "40").replace(
    "    print(model)", "    if FULL:\n        last(frame)\n    print(model)"
).replace("# ABOVE", "def last(frame):\n    return Boosting(max_iter=800).fit(frame, frame.y)")  # fmt: skip
BEHIND = SCRIPT.replace("GIVEN", "40").replace(
    "    print(model)", "    if not FULL:\n        return\n    Boosting(max_iter=800).fit(frame, frame.y)"
)
EDITS = [
    (ARGS, "default=800", "default=80"),
    (ARGS, "parse_args()", 'parse_args(["--iterations", "80"])'),
    (ARGS, "# PARSER", "parser.set_defaults(iterations=80)"),
    (ARGS, "    args = parse()", '    sys.argv += ["--iterations", "80"]\n    args = parse()'),
    (ARGS, "    args = parse()", '    sys.argv[1:] = "--iterations 80".split()\n    args = parse()'),
    (ARGS, "# PARSED", "args.iterations = 80"),
    (ARGS, "# PARSED", 'setattr(args, "iterations", 80)'),
    (ARGS, "# PARSED", "vars(args).update(iterations=80)"),
    (ARGS, "# PARSED", 'exec("args.iterations = 80")'),
    (ARGS, "type=int", "type=lambda text: int(text) // 10"),
    (TABLE, '"iterations": 800', '"iterations": 80'),
    (TABLE, "# PARSED", 'OPTIONS["iterations"] = 80'),
    (TABLE, "# PARSED", "OPTIONS.update(iterations=80)"),
    (ENVIRONMENT, "# ABOVE", 'os.environ["ITERATIONS"] = "80"'),
    (ENVIRONMENT, "# ABOVE", 'os.environ.setdefault("ITERATIONS", "80")'),
    (ENVIRONMENT, "# ABOVE", 'os.environ |= {"ITERATIONS": "80"}'),
    (FIELDS, "iterations = 800", "iterations = 80"),
    (BY_NAME, "rounds_full = 800", "rounds_full = 80"),
    (CALLED, "max_iter=800", "max_iter=8"),
    (BEHIND, "max_iter=800", "max_iter=8"),
]


@pytest.mark.parametrize(("before", "old", "new"), EDITS, ids=[one[2].strip()[:50] for one in EDITS])
def test_a_figure_of_the_full_phase_asks_wherever_it_is_given(before: str, old: str, new: str) -> None:
    assert old in before
    found = changes(program(before, env={}), program(before.replace(old, new), env={}))
    assert any(one.needs_approval and one.full_only for one in found), found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('frame = pd.read_csv("data/rows.csv")', 'frame = pd.read_csv("data/rows.csv").dropna()'),
        ("print(model)", "print(model.get_params())"),
    ],
)
def test_what_a_quick_run_shows_is_left_to_its_facts(old: str, new: str) -> None:
    found = changes(program(ARGS, env={}), program(ARGS.replace(old, new), env={}))
    assert not any(one.needs_approval and one.full_only for one in found), found
