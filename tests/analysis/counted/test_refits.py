"""Fits of one class at one place to data that differ are folds and bootstraps where a design asks for these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from watchkeeper.server.analysis.counted.counts import counted
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.evidence.evidence import Evidence
from watchkeeper.server.analysis.verdict.verdict import decide

from ..evidence.facts import RULES, check, spoilt
from ..evidence.witnessed import Kind, fit, fp, seen
from ..verdict.test_minima import asked, run

HEAD = "## Computational requirements\n"


def of(rows: str, *lines: Kind) -> Evidence:
    evidence = spoilt(artefacts=spoilt().artefacts[:1], program=None, seen=seen(*lines))
    return replace(evidence, design=read_design(HEAD + rows, "d.md"))


def each(count: int, tables: Sequence[str], name: str = "Pipeline") -> list[Kind]:
    """Return fits at one line to tables in turn, of which nobody told the rows."""
    made = [fit(n + 1, name, x={**fp("", size=90), "quick": tables[n % len(tables)]}) for n in range(count)]
    return [{"where": "m.py:42", **one} for one in made]


def predicted(count: int, tables: Sequence[str]) -> list[Kind]:
    return [
        {"kind": "predict", "where": "m.py:43", "facts": {"object": n + 1, "of": n + 1, "class": "Pipeline",
         "call": "predict", "x": fp(tables[n % len(tables)], size=10), "values": fp(f"p{n}")}}
        for n in range(count)
    ]  # fmt: skip


DRAWN = [f"x{n}" for n in range(60)]


@pytest.mark.parametrize(
    ("rows", "lines", "code"),
    [
        ("- Bootstrap refits: 60", each(60, DRAWN), ""),
        ("- Bootstrap refits: 60", each(40, DRAWN), "bootstraps_short"),
        ("- Bootstrap refits: 60", each(60, ["one"]), "iterations_not_inspected"),  # all on the same rows
        ("- CV folds (by campaign): 8", [*each(8, DRAWN), *predicted(8, [f"y{n}" for n in range(8)])], ""),
        ("- CV folds: 8", [*each(4, DRAWN), *predicted(4, [f"y{n}" for n in range(8)])], "cv_short"),
        ("- CV folds: 8", [*each(8, DRAWN), *predicted(8, ["y"])], "iterations_not_inspected"),
        ("- CV folds: 8", [*each(8, ["all"]), *predicted(8, [f"y{n}" for n in range(8)])], "iterations_not_inspected"),
    ],
    ids=["drawn", "fewer", "not drawn", "each left out", "four of eight", "one part", "fitted to all"],
)
def test_fits_to_data_that_differ_are_what_the_design_calls_them(rows: str, lines: list[Kind], code: str) -> None:
    rows += "\n- Bootstraps: 0" if "folds" in rows else "\n- CV folds: 0"
    found = check(decide(of(f"- Method: random forest\n{rows}", *lines), RULES), "iterations")
    assert found.code == code, found


def test_nothing_is_counted_so_where_the_design_asks_for_none() -> None:
    assert "bootstraps" not in counted(of("- Trees: 9", *each(60, DRAWN)))
    assert "cv" not in counted(of("- Trees: 9", *each(8, DRAWN), *predicted(8, DRAWN[9:17])))


@pytest.mark.parametrize(
    ("fits", "splits", "folds"), [(100, 20, 5), (70, 20, 5), (20, 20, None), (5, 1, 5), (1, 1, None)]
)
def test_a_splitter_that_is_left_after_its_first_part_makes_no_folds(fits: int, splits: int, folds: int | None) -> None:
    split: Kind = {"kind": "split", "where": "m.py:19", "facts": {"call": "KFold.split", "arguments": {"n_splits": 5}}}
    done = each(fits, DRAWN)
    parts = [done[n * fits // splits : (n + 1) * fits // splits] for n in range(splits)]
    lines = [line for part in parts for line in (split, split, *part)]  # a splitter asks its base class
    made = counted(of("- Trees: 9", *lines)).get("cv")
    assert (made.value if made is not None else None) == folds


def test_a_method_without_minima_that_was_seen_to_fit_is_not_asked_how_often() -> None:
    rows = "- Method: SARIMA by maximum likelihood, rolling-origin refits\n- Refits: 24, and the final fit\n"
    found = check(decide(of(rows, *each(25, DRAWN, "SARIMAX")), RULES), "iterations")
    assert (found.code, "SARIMAX" in found.evidence) == ("", True)
    assert check(decide(of(rows), RULES), "iterations").code == "iterations_not_inspected"  # nothing was seen


@pytest.mark.parametrize(
    ("method", "code"), [("Gaussian process", ""), ("Hand-written Gibbs sampler", "iterations_not_inspected")]
)
def test_posterior_samples_of_what_is_no_sampler_are_no_draws_of_chains(method: str, code: str) -> None:
    rows = f"- Method: {method}\n- Posterior samples: 300 per held-out point\n"
    assert check(decide(of(rows, *each(3, DRAWN, "GaussianProcessRegressor")), RULES), "iterations").code == code


def stopped(number: int, asked_for: int, taken: int) -> Kind:
    return fit(number, "XGBRegressor", params={"n_estimators": asked_for}, done={"best_iteration": taken}, wall_s=9e3)


@pytest.mark.parametrize(("last", "outcome"), [(212, "passed"), (30, "not inspected")])
def test_all_rows_are_fitted_with_the_rounds_that_an_early_stop_found(last: int, outcome: str) -> None:
    split: Kind = {
        "kind": "split",
        "where": "m.py:3",
        "facts": {"call": "GroupKFold.split", "arguments": {"n_splits": 2}},
    }
    lines = [split, *({"where": "m.py:9", **stopped(n, 700, 200 + n)} for n in (1, 2)),
             fit(3, "XGBRegressor", params={"n_estimators": last}, wall_s=9e3)]  # fmt: skip
    evidence = run("CV folds | 2\nBoosting rounds | up to 700 per fold, at least 60\n", *lines)
    assert asked(evidence)[0] == outcome


def tried(*settings: dict[str, object], folds: int = 3) -> list[Kind]:
    every = [one for one in settings for _ in range(folds)]
    return [{"where": "m.py:49", **fit(n + 1, "LGBMRegressor", params=one)} for n, one in enumerate(every)]


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (tried({"num_leaves": 7}, {"num_leaves": 15}, {"num_leaves": 31}, {"num_leaves": 63}), ""),
        (tried({"num_leaves": 7}, {"num_leaves": 15}), "candidates_short"),
        (tried({"seed": 1}, {"seed": 2}, {"seed": 3}, {"random_state": 4}), "iterations_not_inspected"),
        (
            tried({"num_leaves": 7}, {"num_leaves": 15})[:5],
            "iterations_not_inspected",
        ),  # one more refit
    ],
    ids=["a grid by hand", "fewer", "seeds", "not each as often"],
)
def test_settings_that_a_loop_tries_are_candidates(lines: list[Kind], code: str) -> None:
    rows = "- Method: random forest\n- Candidates: 4\n- CV folds: 0\n- Bootstraps: 0"
    found = check(decide(of(rows, *lines), RULES), "iterations")
    assert found.code == code, found


def nested(tables: int, tried: Sequence[int], untold: int = 0) -> list[Kind]:
    """Return the fits of a search by hand in outer folds at one line, the best of each fitted once more beside them."""
    inner = [(f"in{n}", depth) for n in range(tables) for depth in range(tried[n % len(tried)])]
    outer = [(f"out{n}", n % 2) for n in range(tables // 3)]
    pairs = [*((x, depth, 60) for x, depth in inner), *((x, depth, 90) for x, depth in outer)]
    told = [
        fit(n + 1, "xgboost.train", params={"max_depth": depth}, x=fp(x, size=rows))
        for n, (x, depth, rows) in enumerate(pairs)
    ]
    bare = [fit(n + 1000, "xgboost.train", params={"max_depth": n % 12}, x={}) for n in range(untold)]
    return [{"where": "m.py:42", **one} for one in [*told, *bare]]


@pytest.mark.parametrize(
    ("lines", "found"),
    [(nested(15, [12]), 12), (nested(3, [12, 12, 2], untold=60), 12), (nested(15, [12, 12, 5]), None)],
    ids=["all told", "of very many the first are told", "fewer settings in some folds"],
)
def test_settings_of_a_nested_search_by_hand_are_counted_on_each_table(lines: list[Kind], found: int | None) -> None:
    evidence = of("- **Method**: Gradient boosting (XGBoost)\n- **Candidates**: 12\n", *lines)
    counts = counted(evidence)
    assert (counts["candidates"].value if "candidates" in counts else None) == found
