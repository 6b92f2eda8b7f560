"""What a design document requires, in both layouts, however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.analysis.design.design import Requirement, lowered, read_design
from watchkeeper.server.analysis.design.parameters import name_of

STATEMENTS = """# Model 1

## Computational Requirements

- **Minimum Training Time**: 2-6 hours per model
- **Method**: Bayesian MCMC
- Draws: 2000+

## Discussion

- Chains: 99
"""
TABLE = """| Parameter | Design Specification | Minimum Acceptable | Maximum Acceptable | Unit | Must Not Simplify |
|---|---|---|---|---|---|
| Training time | 12-18 | 12 | 18 | hours | NO |
| **Draws** | 20,000 | 16k | | | YES |
| Tune | 1000 | | | | |
| R-hat | < 1.05 | | | | |
"""


def test_a_section_of_statements_is_read_with_its_lines() -> None:
    found = read_design(STATEMENTS, "model_design.md")
    assert found.requirements == {
        "training_time": Requirement(
            value=2.0, minimum=2.0, maximum=6.0, unit="hours", line=5, text="2-6 hours per model"
        ),
        "method": Requirement(value=None, line=6, text="Bayesian MCMC"),
        "draws": Requirement(value=2000.0, minimum=2000.0, line=7, text="2000+"),
    }
    assert (found.method, found.source("draws")) == ("Bayesian MCMC", "model_design.md:7")


def test_a_table_is_read_with_its_bounds_and_what_must_not_be_simplified() -> None:
    assert read_design(TABLE, "d.md").requirements == {
        "training_time": Requirement(value=12.0, minimum=12.0, maximum=18.0, unit="hours", line=3, text="12-18"),
        "draws": Requirement(value=20000.0, minimum=16000.0, must_not_simplify=True, line=4, text="20,000"),
        "tune": Requirement(value=1000.0, line=5, text="1000"),
        "rhat": Requirement(value=1.05, maximum=1.05, line=6, text="< 1.05"),
    }


def test_the_short_form_of_the_table_is_read_too() -> None:
    text = "Parameter | Value | Min | Max\n--|--|--|--\nTotal features | 12 | 10 | 12\nEpochs | 5e3 | |\n"
    found = read_design(text, "d.md").requirements
    assert (found["features"].minimum, found["features"].maximum) == (10.0, 12.0)
    assert found["epochs"].floor == 5000.0


@pytest.mark.parametrize(
    ("written", "hours"),
    [
        ("120 minutes", (2.0, None)),
        ("12–18 hours", (12.0, 18.0)),
        ("2 to 6 h", (2.0, 6.0)),
        ("at least 90 min", (1.5, None)),
        ("7200 s", (2.0, None)),
        ("2.5 hours", (2.5, None)),
        ("1-2 days", (24.0, 48.0)),
        ("30min", (0.5, None)),
    ],
)
def test_units_and_ranges_of_time_become_hours(written: str, hours: tuple[float, float | None]) -> None:
    text = f"## Computational Requirements\nTraining time: {written}\n"
    found = read_design(text, "d.md").requirements["training_time"]
    assert (found.floor, found.maximum) == pytest.approx(hours)


def test_a_second_weaker_mention_lowers_nothing() -> None:
    found = read_design(TABLE + "\n" + STATEMENTS, "d.md").requirements["training_time"]
    assert (found.floor, found.maximum, found.line) == (12.0, 18.0, 3)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Draw samples", "draws"),
        ("Posterior draws per chain", "draws"),
        ("num_samples", "draws"),
        ("Total draws", "total_draws"),
        ("Draws (all chains)", "total_draws"),
        ("Tune samples", "tune"),
        ("Warm-up iterations", "tune"),
        ("Burn-in period", "tune"),
        ("Number of chains", "chains"),
        ("Required epochs", "epochs"),
        ("Training epochs", "epochs"),
        ("Total iterations", "total_iterations"),
        ("Optimiser steps", "updates"),
        ("Pre-training epochs", "epochs"),
        ("Fine-tuning epochs", "epochs"),
        ("KL warm-up epochs", "kl_warm_up_epochs"),
        ("K-fold", "cv"),
        ("Bootstrap resamples", "bootstraps"),
        ("Required features", "features"),
        ("Feature count", "features"),
        ("Number of predictors", "features"),
        ("MCMC sampler", "sampler"),
        ("Sampling algorithm", "sampler"),
        ("Target acceptance rate", "target_accept"),
        ("Gelman-Rubin", "rhat"),
        ("n_eff", "ess"),
        ("Required training time", "training_time"),
        ("Wall-clock time", "training_time"),
        ("Learning rate", "learning_rate"),
        ("n_estimators", "n_estimators"),
    ],
)
def test_a_parameter_has_one_name_however_people_write_it(written: str, name: str) -> None:
    assert name_of(written) == name


@pytest.mark.parametrize(
    ("line", "limits"),
    [
        ("**Expected Training Time**: 3-5 hours", None),
        ("Estimated run time: 40 min", None),
        ("Training time (expected): 3-5 hours", None),
        ("Training time: typically 3 hours", None),
        ("**Expected Training Time**: 3-5 hours (minimum 2 hours)", (2.0, None)),
        ("**Minimum Training Time**: 2-6 hours per model", (2.0, 6.0)),
        ("Maximum Training Time: 4-6 hours", (None, 6.0)),
        ("Minimum Required Training Time: 2 hours", (2.0, None)),
    ],
)
def test_what_is_expected_is_no_limit_and_a_minimum_that_is_a_range_warns_above_its_end(
    line: str, limits: tuple[float | None, float | None] | None
) -> None:
    found = read_design(f"## Computational Requirements\n- {line}\n", "d.md").requirements.get("training_time")
    assert (None if found is None else (found.floor, found.maximum)) == limits


def test_in_a_table_too_what_is_expected_binds_only_by_what_is_acceptable() -> None:
    head = "Parameter | Design Specification | Minimum Acceptable | Maximum Acceptable | Unit\n--|--|--|--|--\n"
    expected = read_design(head + "Expected training time | 3-5 | | | hours\n", "d.md")
    assert expected.requirements == {}
    bounded = read_design(head + "Expected training time | 3-5 | 2 | 6 | hours\n", "d.md").requirements
    assert (bounded["training_time"].floor, bounded["training_time"].maximum) == (2.0, 6.0)
    named = read_design(head + "Minimum training time | 2-6 | | | hours\n", "d.md").requirements["training_time"]
    assert (named.floor, named.maximum) == (2.0, 6.0)


@pytest.mark.parametrize(
    ("heading", "cell"),
    [("Must Not Simplify", "YES"), ("must_not_simplify", "✓"), ("May simplify", "NO"), ("Note", "must not be reduced")],
)
def test_what_must_not_be_simplified_is_recognised_however_it_is_marked(heading: str, cell: str) -> None:
    found = read_design(f"Parameter | Value | Min | {heading}\n--|--|--|--\nDraws | 9 | 8 | {cell}\n", "d.md")
    assert found.requirements["draws"].must_not_simplify


@pytest.mark.parametrize("hidden", ["```\n{}\n```\n", "<!--\n{}\n-->\n", "~~~~ md\n{}\n```\n~~~~\n"])
def test_what_stands_in_a_fence_or_a_comment_requires_nothing(hidden: str) -> None:
    assert read_design(hidden.format(TABLE), "d.md").requirements == {}


def test_the_list_of_lowered_limits_is_what_a_person_would_write() -> None:
    weaker = TABLE.replace("20,000 | 16k", "1000 | 1000").replace("12-18 | 12", "1-18 | 1").replace("1.05", "1.2")
    weaker = weaker.replace("| YES |", "| NO |").replace("| Tune | 1000 | | | | |\n", "")
    changes = lowered(read_design(TABLE, "d.md"), read_design(weaker, "d.md"))
    assert [str(one) for one in changes] == [
        "training time 12 hours -> 1 hours",
        "draws 16000 -> 1000",
        "draws must not simplify yes -> no",
        "tune 1000 -> none",
        "rhat maximum 1.05 -> 1.2",
    ]


def test_a_harder_design_and_another_declared_method_are_told_apart() -> None:
    harder = STATEMENTS.replace("2-6", "4-9").replace("2000+", "5000")
    assert lowered(read_design(STATEMENTS, "d.md"), read_design(harder, "d.md")) == []
    other = read_design(STATEMENTS.replace("Bayesian MCMC", "Ridge"), "d.md")
    assert [str(one) for one in lowered(read_design(STATEMENTS, "d.md"), other)] == ["method Bayesian MCMC -> Ridge"]


PIECES = st.sampled_from(
    (
        "|",
        "---|",
        "\n",
        "```",
        "<!--",
        "-->",
        "# Computational Requirements\n",
        "- **Draws**: ",
        "1-",
        "9" * 40,
        "Parameter | Value | Min | Max",
        "\n--|--|--|--\n",
        "Chains",
        " 4 ",
        "1e999",
        "-",
        ":",
        "**",
        "\\|",
        "NaN",
        "\0",
    )
)


@given(st.one_of(st.text(max_size=400), st.lists(PIECES, max_size=60).map("".join)))
def test_whatever_stands_in_it_reading_ends_and_lines_are_in_the_document(text: str) -> None:
    found = read_design(text, "d.md")
    assert all(1 <= one.line <= text.count("\n") + 1 for one in found.requirements.values())
    for one in found.requirements.values():
        assert all(number is None or abs(number) < float("inf") for number in (one.value, one.minimum, one.maximum))
    assert lowered(found, found) == []


@given(st.integers(1, 10**7), st.integers(1, 10**7))
def test_a_floor_that_falls_is_a_change_and_one_that_rises_is_none(before: int, after: int) -> None:
    def design(draws: int) -> str:
        return f"Parameter | Value | Min | Max\n--|--|--|--\nDraws | {draws} | {draws} |\n"

    changes = lowered(read_design(design(before), "d.md"), read_design(design(after), "d.md"))
    assert [str(one) for one in changes] == ([f"draws {before} -> {after}"] if after < before else [])
