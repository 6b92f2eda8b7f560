"""What a quick run with fewer rows and steps cannot show is told, although both quick runs did the same."""

from __future__ import annotations

import pytest
from watchkeeper.server.analysis.scripts import changes, read_program

SCRIPT = """
import os, time
import pandas as pd
from sklearn.linear_model import Ridge
FULL = os.environ["WATCHKEEPER_PHASE"] == "full"
ROUNDS = 900 if FULL else 30
df = pd.read_csv("data/cities.csv")
df = df[:800]
t0 = time.time()
scores = []
for i in range(ROUNDS):
    part = df.sample(frac=1.0, random_state=i)
    model = Ridge(alpha=2.0)
    model.fit(part[["a", "b"]], part["y"])
    scores.append(model.score(df[["a", "b"]], df["y"]))
    # HERE
"""
HERE = "    # HERE"


def unshown(old: str, new: str) -> list[str]:
    assert old in SCRIPT
    before, after = (
        read_program("m.py", {"m.py": text.encode()}.get, env={}) for text in (SCRIPT, SCRIPT.replace(old, new))
    )
    return [str(one) for one in changes(before, after) if one.needs_approval and one.full_only]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("df = df[:800]", "df = df[:500]"),
        ("t0 =", "df = df[-500:]\nt0 ="),
        ("t0 =", "df = df.iloc[:500]\nt0 ="),
        ("t0 =", "df = df.head(500)\nt0 ="),
        ("t0 =", "if len(df) > 500:\n    df = df.sample(500)\nt0 ="),
        ("t0 =", "if len(df) > 500:\n    df = clean(df)\nt0 ="),
        ("t0 =", "many = len(df) > 500\nif many:\n    df = clean(df)\nt0 ="),
        ('cities.csv")', 'cities.csv", nrows=500)'),
        (HERE, "    if time.time() - t0 > 60: break"),
        (HERE, "    if i == 60:\n        break"),
        (HERE, "    if model.done:\n        break"),
        ("range(ROUNDS)", "range(min(ROUNDS, 50))"),
        ("random_state=i)", "random_state=i % 40)"),
        ("for i in range(ROUNDS)", "for i, _ in zip(range(ROUNDS), range(50))"),
    ],
)
def test_a_cap_above_what_the_quick_run_has_is_told(old: str, new: str) -> None:
    assert unshown(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("alpha=2.0", "alpha=3.0"),
        (HERE, "    scores = scores[1:]"),
        ("t0 =", "rows = df\nfor n in range(0, 40, 8):\n    clean(rows[n : n + 8])\nt0 ="),
        ("t0 =", "df = df[df['kind'] == 'town']\nt0 ="),
        ("t0 =", "if df is None:\n    df = clean(df)\nt0 ="),
        ('df["y"]', "df.loc[:, 'y']"),
        ("    model = Ridge(alpha=2.0)\n    model.fit(", "    model = Ridge(alpha=4.0 / 2)\n    model.fit("),
    ],
)
def test_what_shows_itself_in_a_quick_run_is_left_to_its_facts(old: str, new: str) -> None:
    assert unshown(old, new) == []
