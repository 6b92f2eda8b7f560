"""Iterations are counted from what lies on disk, and numbers are read as people write them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.analysis.artefacts.facts import ArrayFacts, PickleFacts
from watchkeeper.server.analysis.counted.claimed_counts import Floor, doubted
from watchkeeper.server.analysis.counted.counts import Count, counted, epochs_reached
from watchkeeper.server.analysis.design.quantities import Quantity, quantity
from watchkeeper.server.analysis.evidence.evidence import Artefact, Told
from watchkeeper.server.analysis.scripts.program import Program

from ..evidence.facts import GRID, HONEST, RESULTS, TRAINED, designed, spoilt, with_trace
from ..evidence.witnessed import Kind, fit, fp, seen, steps


def test_the_trace_counts_before_what_the_script_told() -> None:
    told = Told(draws=9999, tune=9, chains=1)
    assert counted(spoilt(told=told)) == {
        "draws": Count(2000, "trace"),
        "chains": Count(4, "trace"),
        "tune": Count(1000, "trace"),
    }


def test_a_fitted_search_tells_its_folds_and_candidates_without_being_unpickled() -> None:
    pickle = PickleFacts(
        size_bytes=9,
        root="sklearn.model_selection._search.GridSearchCV",
        numbers=(("n_splits_", 5.0), ("best_estimator_.n_iter_", 7.0)),
        arrays=(ArrayFacts(name="cv_results_.mean_test_score", dtype="float64", shape=(36,)),),
    )
    found = counted(spoilt(artefacts=(RESULTS, Artefact("model", "m.pkl", 9, inside=pickle))))
    assert found == {"cv": Count(5.0, "m.pkl"), "candidates": Count(36, "m.pkl")}


@pytest.mark.parametrize(("fits", "folds"), [(5, Count(5, "witnessed at model_1.py:3")), (4, None)])
def test_folds_of_a_loop_by_hand_are_counted_where_as_many_fits_were_made(fits: int, folds: Count | None) -> None:
    split: Kind = {
        "kind": "split",
        "where": "model_1.py:3",
        "facts": {"call": "KFold.split", "arguments": {"n_splits": 5}},
    }
    made: list[Kind] = [
        {"kind": "fit", "where": "model_1.py:4", "facts": {"id": one, "class": "LGBMRegressor", "x": fp(f"x{one}")}}
        for one in range(fits)
    ]
    assert counted(spoilt(artefacts=(), seen=seen(split, *made))).get("cv") == folds


def test_a_search_inside_each_fold_of_one_call_counts_the_outer_folds() -> None:
    inner: Kind = {"class": "GridSearchCV", "folds": 3, "candidates": 9}
    outer: Kind = {"class": "cross_val_score", "call": "cross_val_score", "estimator": "GridSearchCV", "folds": 5}
    lines: list[Kind] = [{"kind": "search", "where": "model_1.py:28", "facts": one} for one in (inner, outer)]
    found = counted(spoilt(artefacts=(), seen=seen(*lines)))
    assert (found["cv"].value, found["candidates"].value) == (5, 9)


@pytest.mark.parametrize(
    ("row", "told", "done"),
    [
        ("Epochs | 130 in all (50 + 80)", [*range(1, 51), *range(1, 81)], 130),
        ("Epochs | 80", [*range(1, 51), *range(1, 81)], 80),
        ("Epochs | 130 in all", [*range(1, 131)], 130),
        ("Epochs | 130 in all", [*range(1, 81), *range(60, 81)], 80),  # gone back to a checkpoint, no other stage
    ],
)
def test_epochs_of_a_log_count_over_all_stages_where_the_design_counts_so(row: str, told: list[int], done: int) -> None:
    evidence = designed(f"{row} | | | |\n", spoilt(epochs={"log": [float(one) for one in told]}))
    assert counted(evidence)["epochs"].value == done


def test_a_search_in_each_outer_fold_counts_the_outer_folds() -> None:
    split: Kind = {"kind": "split", "facts": {"call": "KFold.split", "arguments": {"n_splits": 5}}}
    search: Kind = {"kind": "search", "where": "model_1.py:28", "facts": {"class": "GridSearchCV", "folds": 3}}
    assert counted(spoilt(artefacts=(), seen=seen(split, *[search] * 5)))["cv"].value == 5
    assert counted(spoilt(artefacts=(), seen=seen(split, *[search] * 4)))["cv"].value == 3


@pytest.mark.parametrize(("fits", "folds"), [(30, 10), (9, None)])
def test_the_folds_of_a_tuning_inside_are_not_those_of_the_validation(fits: int, folds: int | None) -> None:
    inside, outside = (
        {"kind": "split", "facts": {"call": "KFold.split", "arguments": {"n_splits": each}}} for each in (3, 10)
    )
    made: list[Kind] = [
        {"kind": "fit", "where": "model_1.py:4", "facts": {"id": one, "class": "Ridge", "x": fp(f"x{one}")}}
        for one in range(fits)
    ]
    search: Kind = {"kind": "search", "facts": {"id": 99, "class": "GridSearchCV", "candidates": 4, "folds": 3}}
    told = counted(spoilt(artefacts=(), seen=seen(inside, outside, *made))).get("cv")
    assert (None if told is None else told.value) == folds
    beside = counted(spoilt(artefacts=(), seen=seen(search, outside, *made)))["cv"]
    assert beside.value == (folds or 3)


def test_a_loss_that_never_changes_is_no_training() -> None:
    history = TRAINED.history
    assert history is not None
    flat = replace(history, train_loss=[0.5] * 5000)
    assert counted(spoilt(TRAINED, history=flat))["epochs"].repeated
    assert not counted(TRAINED)["epochs"].repeated
    assert counted(spoilt(HONEST, artefacts=())) == {}


def test_folds_stand_in_the_script_that_ran_and_the_steps_of_a_resampling_loop_are_its_bootstraps() -> None:
    searched = spoilt(TRAINED, artefacts=(), history=None, epochs={}, program=GRID)
    searched = spoilt(searched, steps={"probe": [float(one) for one in range(1, 1001)]})
    assert counted(searched) == {
        "cv": Count(5, "model_1.py:5", only_read=True),
        "candidates": Count(36, "model_1.py:5", only_read=True),
        "bootstraps": Count(1000, "probe", named=1000),
    }


@pytest.mark.parametrize(
    ("told", "reached"),
    [
        (range(5000), 5000),
        (range(1, 5001), 5000),
        (range(0, 5000, 100), 5000),
        (range(100, 5001, 100), 5000),
        (range(1, 5001, 100), 5000),
        ([1, *range(100, 5001, 100)], 5000),
        ([4999], 1),
        ([1, 5000], 2),
        ([], 0),
        ([float("nan"), 1], 1),
    ],
)
def test_printed_epochs_are_taken_for_all_of_them_when_there_are_many(told: list[float], reached: float) -> None:
    assert epochs_reached(list(told)) == reached


def test_the_printed_total_bounds_what_the_last_printed_epoch_stands_for() -> None:
    assert epochs_reached(list(range(1, 492, 10)), total=500) == 500
    assert epochs_reached(list(range(1, 492, 10)), total=495) == 495
    assert epochs_reached(list(range(0, 491, 10)), total=495) == 495
    assert epochs_reached(list(range(1, 302, 10)), total=500) == 310, "a run that stopped early is not completed by it"


def test_a_resumed_training_counts_the_epochs_before_it() -> None:
    assert epochs_reached(list(range(2501, 5001))) == 2500
    assert epochs_reached(list(range(2501, 5001)), resumed=True) == 5000


@given(st.lists(st.floats(0, 1e6)))
def test_more_epochs_than_the_last_one_named_and_a_step_are_never_counted(told: list[float]) -> None:
    most = max(told, default=0.0)
    assert 0 <= epochs_reached(told) <= max(2 * most, len(told))


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("0 .. 50", Quantity(0.0, 0.0, 50.0)),
        (">= 0", Quantity(0.0, 0.0, None)),
        ("at most 1", Quantity(1.0, None, 1.0)),
        ("-5 to -1", Quantity(-5.0, -5.0, -1.0)),
        ("20k", Quantity(20000.0)),
        ("2,000+ samples", Quantity(2000.0, 2000.0)),
        ("none", Quantity()),
        ("1e999", Quantity()),
        ("v2", Quantity()),
    ],
)
def test_numbers_are_read_as_people_write_them(written: str, found: Quantity) -> None:
    assert quantity(written) == found


@pytest.mark.parametrize(
    ("x", "y", "code"),
    [
        (["x"] * 30, [f"y{one}" for one in range(30)], ""),
        (["x"] * 30, ["y"] * 30, "bootstraps_differ_from_script"),
        ([f"x{one}" for one in range(30)], [f"y{one}" for one in range(30)], "bootstraps_differ_from_script"),
        (["x"] * 10, [f"y{one}" for one in range(10)], "bootstraps_differ_from_script"),
    ],
    ids=["targets drawn anew", "one target again and again", "folds", "too few"],
)
def test_fits_to_targets_drawn_anew_stand_behind_bootstraps_that_reading_did_not_recognise(
    x: list[str], y: list[str], code: str
) -> None:
    pairs = enumerate(zip(x, y, strict=True))
    facts = [{"id": one, "class": "MixedLM", "x": fp(table), "y": fp(target)} for one, (table, target) in pairs]
    found = seen(*({"kind": "fit", "where": "model_1.py:4", "facts": one} for one in facts))
    told, floor = {"bootstraps": Count(30, "bootstraps_1.csv")}, Floor("bootstraps", 30, "model_design.md:6")
    doubt = doubted(Program(script="model_1.py"), [floor], told, found.redrawn)
    assert (doubt.code if doubt else "") == code


@pytest.mark.parametrize(("last", "epochs"), [("MLPRegressor", 120.0), ("Ridge", None)])
def test_the_passes_of_a_network_at_the_end_of_a_pipeline_are_counted(last: str, epochs: float | None) -> None:
    facts: Kind = {"id": 1, "class": "Pipeline", "x": fp("x"), "done": {"of": last, "n_iter_": 120}}
    count = counted(spoilt(artefacts=(), seen=seen({"kind": "fit", "facts": facts}))).get("epochs")
    assert (count.value if count else None) == epochs


def test_steps_of_a_guide_beside_a_sampler_are_none_of_the_samplers() -> None:
    sampled = replace(with_trace(draws=1000, tuning_steps=500), seen=seen(steps(steps=2000)))
    asked = designed("SVI steps | 2000 | | |\nIterations | 1500 | | |\n", sampled)
    found = counted(asked)
    assert (found["updates"].value, found["iterations"].value) == (2000, 1500)


@pytest.mark.parametrize(("said", "counted_as"), [("40 parametric bootstrap samples", 40), ("40", None)])
def test_fits_to_targets_drawn_anew_are_parametric_bootstraps_where_the_design_says_so(
    said: str, counted_as: int | None
) -> None:
    fits = [{"where": "m.py:2", **fit(number, "MixedLM", y=fp(f"y{number}", size=100))} for number in range(40)]
    found = counted(designed(f"Bootstraps | {said} | | |\n", replace(TRAINED, seen=seen(*fits))))
    assert (found["bootstraps"].value if "bootstraps" in found else None) == counted_as
