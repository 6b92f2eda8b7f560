"""What a design marks as not to be simplified is looked at, or called not inspected; it is never dropped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from watchkeeper.server.analysis.artefacts.facts import ArrayFacts, ColumnFacts, PickleFacts, TableFacts
from watchkeeper.server.analysis.evidence.evidence import Artefact, Evidence
from watchkeeper.server.analysis.evidence.rules import Limits
from watchkeeper.server.analysis.evidence.words import Outcome
from watchkeeper.server.analysis.scripts import Program, SamplerCall
from watchkeeper.server.analysis.verdict.text import verification_block
from watchkeeper.server.analysis.verdict.verdict import decide

from ..evidence.facts import HONEST, HOUR, MODEL, RESULTS, RULES, TABLE, TRAINED, check, designed, said, with_trace
from ..evidence.witnessed import seen

APPROVED = ("APPROVE", "all_passed")


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("Draw samples | 20000 | 16000", "draws_simplified"),
        ("Posterior samples per chain | 20000 | 16000", "draws_simplified"),
        ("Total draws | 64000 | 60000", "total_draws_simplified"),
        ("Tune samples | 5000 | 4000", "tune_simplified"),
        ("Total iterations | 100000 | 80000", "total_iterations_simplified"),
    ],
)
def test_two_thousand_draws_of_sixteen_thousand_are_not_approved_whatever_the_row_is_called(
    row: str, code: str
) -> None:
    assert said(designed(f"{row} | | | YES\n")) == ("REJECT_INCOMPLETE_TRAINING", code)


@pytest.mark.parametrize(
    "row",
    [
        "Total draws | 8000 | 8000",
        "Draw samples | 2000 | 2000",
        "Total iterations | 12000 | 12000",
        "Sampler | NUTS |",
        "Sampler | PyMC |",
    ],
)
def test_a_row_that_was_kept_is_approved_whatever_it_is_called(row: str) -> None:
    assert said(designed(f"{row} | | | YES\n", with_trace(n_steps_total=90_000))) == APPROVED


@pytest.mark.parametrize(
    ("row", "marked", "code"),
    [
        ("Rows | 20000 | 20000", "YES", "design_not_inspected"),
        ("Rows | 20000 | 20000", "", ""),
        ("Hidden layers | 12 | 12", "YES", ""),
    ],
)
def test_binding_rows_of_data_ask_where_a_training_by_hand_is_all_there_is(row: str, marked: str, code: str) -> None:
    by_hand = replace(TRAINED, seen=seen())
    assert check(decide(designed(f"{row} | | | {marked}\n", by_hand), RULES), "design").code == code
    assert check(decide(designed(f"{row} | | | {marked}\n", replace(TRAINED, seen=None)), RULES), "design").code == ""


@pytest.mark.parametrize(
    "row", ["Prior on beta | Normal(0, 1) |", "Hidden layers | 12 | 12", "Draws | all of them |", "Sampler | SMC |"]
)
def test_a_row_that_nobody_could_look_at_is_told_by_name_in_the_block_and_asks_nothing(row: str) -> None:
    evidence = designed(f"{row} | | | YES\n")
    bound = decide(evidence, RULES)
    assert (bound.word.value, bound.code) == APPROVED
    told = check(bound, "design")
    assert (told.outcome, told.code) == (Outcome.NOT_INSPECTED, "")
    assert "nobody looked whether these were kept (must not be simplified)" in told.evidence
    (line,) = [one for one in verification_block(evidence, RULES, bound).splitlines() if "Not inspected" in one]
    assert "model_design.md:3" in line
    assert "must not be simplified, and nobody looked" in line
    free = decide(designed(f"{row} | | | NO\n"), RULES)
    assert check(free, "design").outcome is Outcome.NOT_INSPECTED
    assert "Not inspected" not in verification_block(evidence, RULES, free)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("Target acceptance | 0.95 | 0.95 | |", "target_accept_simplified"),
        ("Acceptance | R-hat of every parameter below 1.02, no more than 20 divergent transitions | | |", ""),
    ],
)
def test_the_acceptance_that_a_sampler_aims_at_is_no_rule_on_when_results_are_accepted(row: str, code: str) -> None:
    call = SamplerCall(library="numpyro", file="m.py", line=3, target_accept=0.85)
    evidence = replace(designed(f"{row} YES\n"), program=Program(script="m.py", samplers=(call,)))
    assert check(decide(evidence, RULES), "design").code == code


def test_what_was_seen_does_not_stand_among_what_nobody_looked_at() -> None:
    rows = "Augmentation | random shifts | | | | YES\nSampler | PyMC | | | |\n"
    told = check(decide(designed(rows), RULES), "design").evidence
    unseen, _, seen = told.partition("; seen to be kept: ")
    assert unseen == "nobody looked whether these were kept (must not be simplified): augmentation random shifts" + (
        " (model_design.md:3)"
    )
    assert seen == "sampled by pymc"


def test_a_range_of_a_column_of_the_results_is_judged_with_the_results() -> None:
    assert said(designed("Medals | | 0 | 50 | | YES\n")) == APPROVED


def test_a_bound_on_r_hat_is_a_most_also_without_a_sign() -> None:
    design = designed("R-hat | 1.01 | | | | YES\n", with_trace(rhat_max=1.04))
    assert said(design) == ("REJECT_INCOMPLETE_TRAINING", "not_converged")


FIFTEEN = "Total features | 15 | 15 | 15 | | YES\n"


def listed(count: int) -> Evidence:
    """Return the evidence of results that list so many features."""
    column = ColumnFacts(name="feature", texts=count, distinct=count)
    table = replace(TABLE, rows=count, columns=(column, TABLE.columns[1]))
    return replace(HONEST, artefacts=(replace(RESULTS, inside=table), MODEL))


def columns(count: int) -> Evidence:
    table = TableFacts(format="csv", size_bytes=9, rows=30, column_count=count)
    return replace(HONEST, features=Artefact("features", "features_1.csv", 9, inside=table))


def pickled(count: int) -> Evidence:
    model = PickleFacts(size_bytes=9, root="sklearn.neural_network.MLP", numbers=(("n_features_in_", float(count)),))
    return replace(TRAINED, artefacts=(RESULTS, replace(TRAINED.artefacts[1], inside=model)))


def arrayed(count: int) -> Evidence:
    inside = PickleFacts(
        size_bytes=9,
        root="numpy._core.multiarray._reconstruct",
        arrays=(ArrayFacts(name="", dtype="float64", shape=(1350, count)),),
    )
    return replace(HONEST, features=Artefact("features", "features_1.pkl", 9, inside=inside))


@pytest.mark.parametrize("left", [listed, columns, pickled, arrayed])
def test_the_number_of_features_is_checked_against_results_model_and_features(
    left: Callable[[int], Evidence],
) -> None:
    assert said(designed(FIFTEEN, left(15))) == APPROVED
    assert said(designed(FIFTEEN, left(9))) == ("REJECT_INCOMPLETE_TRAINING", "features_simplified")


def test_features_that_nothing_tells_of_are_not_inspected() -> None:
    assert check(decide(designed(FIFTEEN), RULES), "design").outcome is Outcome.NOT_INSPECTED


def test_a_pickled_table_of_features_is_said_not_to_be_counted_and_how_it_would_be() -> None:
    inside = PickleFacts(size_bytes=9, root="pandas.core.frame.DataFrame")
    design = designed(FIFTEEN, replace(HONEST, features=Artefact("features", "features_1.pkl", 9, inside=inside)))
    row = check(decide(design, RULES), "design")
    assert row.outcome is Outcome.NOT_INSPECTED
    assert "the columns of features_1.pkl were not counted: it is a pickle (DataFrame)" in row.evidence
    assert "as CSV or Parquet" in row.evidence


def test_a_design_with_a_maximum_alone_moves_the_warning_and_leaves_the_minimum() -> None:
    rules = replace(RULES, limits=Limits(2 * HOUR, 2.5 * HOUR, "watchkeeper.toml [full]"))
    assert said(HONEST, rules) == ("WARN_SLOW", "above_maximum")
    design = designed("Maximum training time | 4 | | | hours |\n")
    assert said(design, rules) == APPROVED
    assert rules.bound_by(design.design).limits.min_s == 2 * HOUR
