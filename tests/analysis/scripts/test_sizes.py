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
        ("t0 =", "import signal\nsignal.alarm(600)\nt0 ="),
        ("t0 =", "import threading\nthreading.Timer(600, lambda: os._exit(0)).start()\nt0 ="),
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


BEST = "best = 1e9\n" + SCRIPT
KEPT = "    best = min(best, model.score(df, df))\n    print('best', best)"
"""The same value is kept in each of these ways."""
WAYS = (
    KEPT,
    "    now = model.score(df, df)\n    if now < best:\n        best = now\n    print('best', best)",
    "    now = model.score(df, df)\n    if best > now:\n        best = now\n    print('best', best)",
    "    now = model.score(df, df)\n    best = now if now < best else best\n    print('best', best)",
)


def asked(before: str, after: str) -> list[tuple[str, bool]]:
    old, new = (read_program("m.py", {"m.py": text.encode()}.get, env={}) for text in (before, after))
    return [(str(one), one.full_only) for one in changes(old, new) if one.needs_approval]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("other", WAYS)
def test_the_smaller_of_two_is_the_same_however_it_is_kept(way: str, other: str) -> None:
    assert asked(BEST.replace(HERE, way), BEST.replace(HERE, other)) == []


@pytest.mark.parametrize("way", WAYS)
def test_a_best_value_that_is_only_told_needs_no_director_where_the_facts_are_equal(way: str) -> None:
    assert not any(full_only for _, full_only in asked(SCRIPT, BEST.replace(HERE, way)))


@pytest.mark.parametrize("way", WAYS)
def test_a_best_value_that_is_used_is_told_as_a_quick_run_may_not_have_reached_it(way: str) -> None:
    used = BEST.replace(HERE, way) + "model.alpha = best\n"
    assert any(full_only for _, full_only in asked(SCRIPT + "model.alpha = 0.5\n", used))


def test_the_larger_in_the_place_of_the_smaller_is_told() -> None:
    used = BEST + "model.alpha = best\n"
    assert asked(used.replace(HERE, WAYS[1]), used.replace(HERE, WAYS[1].replace("<", ">")))


@pytest.mark.parametrize(
    ("old", "new"),
    [("if len(df) > most:", "if most < len(df):"), ("if len(df) <= most:", "if most >= len(df):")],
)
def test_a_condition_that_is_only_turned_round_is_the_same(old: str, new: str) -> None:
    script = "most = read()\n" + SCRIPT.replace("t0 =", f"{old}\n    df = clean(df)\nt0 =")
    assert asked(script, script.replace(old, new)) == []


@pytest.mark.parametrize(
    "new", ["if len(df) < most:", "if most > len(df):", "if most <= len(df):", "if least < len(df):"]
)
def test_a_condition_of_another_sense_is_told(new: str) -> None:
    old = "if len(df) > most:"
    script = "most, least = read(), count()\n" + SCRIPT.replace("t0 =", f"{old}\n    df = clean(df)\nt0 =")
    assert asked(script, script.replace(old, new))
