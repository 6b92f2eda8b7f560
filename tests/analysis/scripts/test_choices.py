"""What the phase decides is not put in each other's place without a word, and may be written in another way."""

from __future__ import annotations

import pytest

from .test_ingredients import asked

SCRIPT = """
FULL = os.environ["WATCHKEEPER_PHASE"] == "full"
rows, reps = 200, 10
if FULL:
    rows, reps = 5000, 100
    folds = 7
    parts = 3
steps = 900 if FULL else 30
kind = "slow" if FULL else "fast"
x, y = load("data/cities.csv", rows, reps)
for _ in range(steps):
    build(x, folds, parts, kind)
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("5000, 100", "100, 5000", ["rows full 5000 -> 100", "reps full 100 -> 5000"]),
        ("folds = 7\n    parts = 3", "folds = 3\n    parts = 7", ["folds full 7 -> 3", "parts full 3 -> 7"]),
        ("900 if FULL else 30", "30 if FULL else 900", ["steps full 900 -> 30", "steps quick 30 -> 900"]),
        ('"slow" if FULL else "fast"', '"fast" if FULL else "slow"', ["kind full slow -> fast"]),
    ],
)
def test_figures_of_the_full_phase_in_each_others_place_ask(old: str, new: str, told: list[str]) -> None:
    assert old in SCRIPT
    found = asked(SCRIPT, SCRIPT.replace(old, new))
    assert [one for one in told if not any(one in each for each in found)] == [], found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    folds = 7\n    parts = 3", "    parts = 3\n    folds = 7"),
        ("rows, reps = 5000, 100", "rows = 5000\n    reps = 100"),
        ("steps = 900 if FULL else 30", "if FULL:\n    steps = 900\nelse:\n    steps = 30"),
        ("steps = 900 if FULL else 30", "LONG = 900\nSHORT = 30\nsteps = LONG if FULL else SHORT"),
        ("rows, reps", "lines, again"),
    ],
)
def test_the_same_choice_written_otherwise_passes(old: str, new: str) -> None:
    assert old in SCRIPT
    assert asked(SCRIPT, SCRIPT.replace(old, new)) == []
