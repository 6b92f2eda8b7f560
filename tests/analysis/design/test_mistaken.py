"""Numbers and words of a design that are easily taken for others."""

from __future__ import annotations

import pytest
from watchkeeper.server.analysis.design.design import Requirement, lowered, read_design
from watchkeeper.server.analysis.design.length import says_when_to_stop
from watchkeeper.server.analysis.design.quantities import Quantity, count, duration, quantity

SECTION = "## Computational Requirements\n\n"


def rows(*lines: str) -> dict[str, Requirement]:
    return dict(read_design(SECTION + "".join(f"- {one}\n" for one in lines), "d.md").requirements)


def changes(before: str, after: str, **policy: float) -> list[str]:
    old, new = (read_design(SECTION + one, "d.md") for one in (before, after))
    return [str(one) for one in lowered(old, new, policy)]


@pytest.mark.parametrize(
    ("written", "floor"),
    [
        ("10^4", 10_000), ("10⁴", 10_000), ("10**4", 10_000), ("2 x 10^3", 2000), ("2^14", 16_384), ("1e4", 10_000),
        ("4 x 1000", 1000), ("4 * 1000", 1000), ("3 × 100", 100), ("10 x 5-fold", 5), ("2.000", 2000),
        ("1.000.000", 1_000_000), ("2 000", 2000), ("2\u202f000", 2000), ("2'000", 2000),
        ("5000, rates 0.001-0.1", 5000), ("2000 (see sections 3-4)", 2000), ("5000, min lr 1e-5, max lr 0.1", 5000),
        ("100, batch size at most 32", 100), ("2000 (2026-11-30)", 2000), ("4 chains, 1000-2000 draws", 1000),
        ("100 max, 3 folds", None), ("100 at most", None), ("2000 (range 1000-4000)", 1000),
    ],
)  # fmt: skip
def test_a_count_is_the_number_that_is_meant(written: str, floor: float | None) -> None:
    assert rows(f"**Draws**: {written}")["draws"].floor == floor


def test_only_counts_are_multiplied_and_parted_by_dots() -> None:
    assert (quantity("2 x 64").value, quantity("1.000").value, quantity("1e-3")) == (2.0, 1.0, Quantity(1e-3))
    assert count("640x480x3").value == 640


@pytest.mark.parametrize(
    ("written", "hours"),
    [
        ("00:30:00", 0.5), ("1:30 h", 1.5), ("500 ms", 500 / 3.6e6), ("2 weeks", 336.0), ("5 min", 1 / 12),
        ("4 x 30 minutes", 0.5), ("4x30min", 0.5), ("for each of 12 models 2-6 hours", 2.0), ("8 cores, 2 hours", 2.0),
        ("12 models, 2-6 hours", 2.0), ("minimum 2 maximum 6 hours", 2.0), ("30 to 60 minutes", 0.5),
        ("4 GPU-hours", 4.0), ("2 h 30 min", 2.5), ("2h30min", 2.5), ("1 minute and 30 seconds", 1 / 40),
        ("5 min 8 min", 1 / 12), ("2 hours, 30 minutes", 2.5),
    ],
)  # fmt: skip
def test_a_time_is_the_one_that_is_meant(written: str, hours: float) -> None:
    assert duration(written).value == pytest.approx(hours)


def test_bounds_behind_their_numbers_and_a_minimum_that_is_no_minute() -> None:
    for said in ("2 hours minimum, 6 hours maximum", "6 hours maximum, 2 hours minimum", "min 2 h max 6 h"):
        assert duration(said) == Quantity(2.0, 2.0, 6.0), said
    assert rows("Training time: min. 2")["training_time"].floor == 2.0
    assert rows("Draws: 4 chains x 1000 draws")["draws"].floor == 1000.0


def test_minutes_of_an_expectation_are_no_minimum() -> None:
    assert "training_time" not in rows("Training time: approx. 5 min (300 iterations)")
    assert rows("Training time: approx. 5 min, min 3 min")["training_time"].floor == pytest.approx(0.05)


def test_a_bare_time_is_the_trainings_where_the_section_says_it_with_a_unit() -> None:
    assert "training_time" not in rows("Time: 2015-2020")
    assert rows("Minimum time: 2 hours")["training_time"].floor == 2.0
    assert rows("Minutes: 30")["training_time"].floor == 0.5
    table = "## Columns\n\n| Column | Min | Max |\n|-|-|-|\n| duration | 5 | 60 |\n| time | 0 | 24 |\n"
    assert "training_time" not in read_design(table, "d.md").requirements


def test_a_name_is_not_taken_for_another() -> None:
    assert set(rows("min_samples_leaf: 20", "max_features: 5", "min_lr: 1e-6", "max_epochs: 50")) == {
        "min_samples_leaf", "max_features", "min_lr", "epochs",
    }  # fmt: skip
    assert "draws" not in rows("Samples (training rows): 4000")
    assert "draws" not in read_design("# Data\n- **Samples**: 442 patients\n", "d.md").requirements
    found = read_design(f"{SECTION}- Inference: 20 ms a row\n- Method: Bayesian MCMC, 4 chains\n", "d.md")
    assert found.method == "Bayesian MCMC, 4 chains"
    assert read_design(f"{SECTION}- Inference: NUTS\n", "d.md").method == "NUTS"
    assert read_design(f"{SECTION}- Inference: 20 ms a row\n", "d.md").method == ""


@pytest.mark.parametrize(
    ("said", "stops"),
    [
        ("Early stopping (no improvement, patience 10)", True),
        ("Stop when the validation loss does not improve, patience 5", True),
        ("Until the validation loss plateaus, patience 6", True),
        ("100 epochs, learning rate 1e-3, patience 10", True),
        ("Training stops after 10 epochs without improvement", True),
        ("ReduceLROnPlateau (patience 5)", False),
        ("Scheduler: halves the rate, patience 5", False),
        ("Training stops after 100 epochs", False),
        ("Stop words are removed by the tokeniser", False),
        ("Convergence criteria: R-hat < 1.01", False),
        ("no early stopping, changed nowhere", False),
        ("without patience", False),
    ],
)
def test_what_ends_a_training_early_and_what_only_sounds_so(said: str, stops: bool) -> None:
    assert says_when_to_stop(said) is stops


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("- Epochs: 100\n", "- Epochs: 100\n- Early stopping: patience 10\n", ["epochs 100 -> at most 100"]),
        ("- Epochs: at most 100\n", "- Epochs: at most 5\n", ["epochs specification at most 100 -> at most 5"]),
        ("- Epochs: at most 100\n", "- Epochs: at most 200\n", []),
        ("- Training time: at most 6 h\n", "- Training time: at most 3 h\n", []),
        ("- Method: NUTS, 4 chains\n", "- Method: Ridge, 5 folds\n", ["method NUTS, 4 chains -> Ridge, 5 folds"]),
        ("- Chains: 4\n", "- Chains: 4\n- Epochs: 5\n", ["epochs 5000 (policy) -> 5"]),
        ("- Chains: 4\n", "- Chains: 4\n- Epochs: as needed\n", ["epochs 5000 (policy) -> as needed"]),
        ("- Chains: 4\n", "- Chains: 4\n- Epochs: 6000\n", []),
        ("- Chains: 4\n", "- Chains: 4\n- Training time: 1 min\n", ["training time 2 (policy) -> 0.0166667 hours"]),
        ("- Chains: 4\n", "- Chains: 4\n- Training time: at most 3 h\n", []),
    ],
)
def test_what_a_design_says_less_of_is_told_to_the_director(before: str, after: str, told: list[str]) -> None:
    assert changes(before, after, epochs=5000, training_time=2) == told


@pytest.mark.parametrize(
    ("said", "least_s"),
    [
        ("roughly 20 s (minimum 5 s)", 5), ("~1 min, never below 5 s", 5), ("about 10 seconds, at least 5 seconds", 5),
        ("~20 s", None), ("20 s", 20), ("at least 20 s, about 1 min", 20),
    ],
)  # fmt: skip
def test_a_time_that_is_only_expected_is_no_minimum(said: str, least_s: float | None) -> None:
    table = f"## Computational Requirements\n\n| Parameter | Value |\n|-|-|\n| Training time | {said} |\n"
    for text in (f"## Computational Requirements\n\n- Training time: {said}\n", table):
        found = read_design(text, "d.md").requirements.get("training_time")
        least = None if found is None else found.floor
        assert (least is None) if least_s is None else least == pytest.approx(least_s / 3600), text
