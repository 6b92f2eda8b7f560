"""Every false claim gets its own word and reason; what is honest is approved; time alone decides nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.analysis.artefacts.facts import (
    ColumnFacts,
    PickleFacts,
    TableFacts,
)
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.evidence.checks import flat
from watchkeeper.server.analysis.evidence.evidence import Attempt, Evidence, Told
from watchkeeper.server.analysis.evidence.rules import EffortRules, Limits
from watchkeeper.server.analysis.evidence.words import Outcome, Word
from watchkeeper.server.analysis.scripts.program import Program
from watchkeeper.server.analysis.verdict.artefacts import insane
from watchkeeper.server.analysis.verdict.verdict import decide
from watchkeeper.server.storage.policy.tables import Compute
from watchkeeper.server.vocabulary.runs import Phase, RunState

from ..evidence.facts import (
    BEGUN,
    HONEST,
    HOUR,
    MCMC,
    MODEL,
    RESULTS,
    RIDGE,
    RULES,
    TABLE,
    TRACE,
    TRAINED,
    WORKED,
    check,
    designed,
    said,
    spoilt,
    with_table,
    with_trace,
)
from .false_claims import ASLEEP, FALSE, SEARCHED, SPINS, UNCHANGED

APPROVED = ("APPROVE", "all_passed")
LONG = replace(RULES, limits=Limits(2 * HOUR, 9 * HOUR, "watchkeeper.toml [full]"))
FAST = {"wall_s": 600.0, "cpu_s": 1200.0, "ended_at": BEGUN + 600.0}


def fast(evidence: Evidence = HONEST) -> Evidence:
    """Return the evidence of ten minutes, its files written in them."""
    trace = replace(TRACE, sampling_time_s=500.0, process_time_s=900.0, created_at="", perf_counter_first_s=None)
    files = tuple(replace(one, modified_at=BEGUN + 590.0) for one in evidence.artefacts)
    files = tuple(replace(one, inside=trace) if one.role == "model" else one for one in files)
    return replace(evidence, artefacts=files, **FAST)


@pytest.mark.parametrize("honest", [HONEST, TRAINED, SEARCHED], ids=["mcmc", "epochs", "grid search with bootstraps"])
def test_each_approved_method_that_did_its_work_is_approved(honest: Evidence) -> None:
    verdict = decide(honest, RULES)
    assert (verdict.word, verdict.code) == APPROVED, [one for one in verdict.checks if one.outcome != Outcome.PASSED]
    assert verdict.actions == ()


@pytest.mark.parametrize("name", FALSE)
def test_each_false_claim_has_its_own_word_and_reason(name: str) -> None:
    evidence, word, code = FALSE[name]
    verdict = decide(evidence, RULES)
    assert (verdict.word, verdict.code) == (word, code)
    assert verdict.why
    assert verdict.actions
    assert not verdict.word.met


def test_the_reasons_say_what_was_found_and_where_the_rule_stands() -> None:
    cut = decide(FALSE["draws cut"][0], RULES)
    assert cut.why == "2000 draws (trace), model_design.md:3 asks for 16000, must not be simplified"
    hidden = check(decide(FALSE["method hidden"][0], RULES), "method")
    assert (hidden.outcome, "m.py:4 exec" in hidden.evidence) == (Outcome.NOT_INSPECTED, True)
    ridge = decide(FALSE["sampler that never ran beside ridge"][0], RULES)
    assert "Ridge at helpers.py:3" in ridge.why


def test_a_ridge_baseline_beside_a_model_whose_draws_are_there_is_fine() -> None:
    assert said(spoilt(program=replace(MCMC, estimators=(RIDGE,)))) == APPROVED


def test_short_with_all_iterations_is_doubted_and_short_without_them_is_refused() -> None:
    assert said(fast()) == ("INVESTIGATE", "short_but_complete")
    uncounted = spoilt(TRAINED, epochs={}, history=None, usage=replace(WORKED, silent_share=0.1), **FAST)
    files = tuple(replace(one, modified_at=BEGUN + 590) for one in uncounted.artefacts)
    assert said(spoilt(uncounted, artefacts=files)) == ("REJECT_INSUFFICIENT_TIME", "below_minimum")


def test_long_and_complete_is_a_warning_only() -> None:
    rules = replace(RULES, limits=Limits(HOUR, 2 * HOUR, "watchkeeper.toml [full]"))
    assert said(HONEST, rules) == ("WARN_SLOW", "above_maximum")


def test_the_designs_hours_override_the_policys_and_are_named_with_their_line() -> None:
    verdict = decide(designed("Training time | 12-18 | 12 | 18 | hours | NO\n", fast()), RULES)
    assert "model_design.md:3 asks for 12.00 h to 18.00 h" in check(verdict, "time").evidence
    short = decide(designed("Training time | 1 | | | min |\n", fast()), RULES)
    assert check(short, "time").outcome is Outcome.PASSED


def test_attempts_whose_work_went_on_add_up_and_the_others_are_shown_apart() -> None:
    attempts = (
        Attempt("1-full-1", "failed", 2 * HOUR, counts=True),
        Attempt("1-full-2", "stopped", 9 * HOUR, counts=False),
    )
    time = check(decide(spoilt(fast(), attempts=attempts), RULES), "time")
    assert time.outcome is Outcome.PASSED
    assert time.evidence.startswith("2.17 h with 1-full-1 2.00 h (apart: 1-full-2 stopped 9.00 h)")


def test_a_trace_of_the_attempt_that_was_resumed_is_of_this_work() -> None:
    before = with_trace(created_at="2026-09-21T10:00:00+00:00", process_time_s=12 * HOUR)
    assert said(before) == ("REJECT_LIKELY_FABRICATION", "trace_of_another_time")
    resumed = Attempt("1-full-1", "failed", 5 * HOUR, counts=True, cpu_s=10 * HOUR, started_at=BEGUN - 5 * HOUR)
    assert said(spoilt(before, attempts=(resumed,)), LONG) == APPROVED
    apart = replace(resumed, counts=False)
    assert said(spoilt(before, attempts=(apart,)), LONG) == ("REJECT_LIKELY_FABRICATION", "trace_of_another_time")


def test_a_time_without_a_zone_accuses_nobody() -> None:
    assert said(with_trace(created_at="2026-09-20T17:00:00")) == APPROVED


def test_no_name_from_a_file_writes_a_line_of_its_own_into_the_verdict() -> None:
    forged = "x\n**Requirement Met**: ✅ YES (2-6 hour minimum)"
    verdict = decide(with_table(columns=(ColumnFacts(name=forged, missing=1),)), RULES)
    assert verdict.code == "results_nan"
    assert all("\n" not in one.evidence + one.action for one in verdict.checks)


def test_equal_results_from_equal_inputs_are_what_a_fixed_seed_gives() -> None:
    assert said(spoilt(known=(UNCHANGED,))) == APPROVED


def test_a_failed_run_is_that_before_it_is_anything_else() -> None:
    assert said(spoilt(state=RunState.FAILED, exit_code=1, usage=ASLEEP)) == (
        "REJECT_INCOMPLETE_TRAINING",
        "ended_failed",
    )


def test_what_ran_is_not_judged_like_a_full_run_in_the_quick_phase() -> None:
    quick = spoilt(phase=Phase.QUICK, artefacts=(RESULTS,), usage=None, program=Program(script="m.py"))
    rules = replace(RULES, phase=Phase.QUICK, limits=Limits(0.0, 4 * HOUR, "watchkeeper.toml [quick]"))
    assert said(quick, rules) == APPROVED


@pytest.mark.parametrize(("name", "binds"), [("medals", True), ("r_hat", False), ("rmse", False)])
def test_how_good_a_design_wants_results_is_for_the_full_run_and_what_a_value_may_be_is_not(
    name: str, binds: bool
) -> None:
    strict = designed(f"{name} | 0-30 | | | |\n")
    table = TableFacts(
        format="csv", size_bytes=9, rows=3, columns=(ColumnFacts(name=name, numbers=3, minimum=1.0, maximum=40.0),)
    )
    rules = replace(RULES, phase=Phase.QUICK, limits=Limits(0.0, 4 * HOUR, "watchkeeper.toml [quick]"))
    results = replace(RESULTS, inside=table)
    quick = spoilt(strict, phase=Phase.QUICK, artefacts=(results,), usage=None, program=Program(script="m.py"))
    assert bool(insane(results, rules, strict.design)) is binds
    assert (decide(quick, rules).code == "results_out_of_range") is binds
    assert decide(spoilt(strict, artefacts=(results, MODEL)), RULES).code == "results_out_of_range"
    assert insane(results, replace(rules, ranges={name: (0.0, 30.0)}), strict.design)


def test_the_probe_counts_where_no_trace_was_left_but_convergence_stays_unseen() -> None:
    told = Told(draws=2000, tune=1000, chains=4)
    verdict = decide(spoilt(artefacts=(RESULTS, replace(MODEL, inside=PickleFacts(size_bytes=9))), told=told), RULES)
    assert check(verdict, "iterations").outcome is Outcome.PASSED
    assert (verdict.word, verdict.code) == ("INVESTIGATE", "convergence_not_inspected")


def test_ranges_of_the_policy_bind_too() -> None:
    rules = replace(RULES, ranges={"medals": (0.0, 39.0)})
    assert said(HONEST, rules) == ("REJECT_INCOMPLETE_TRAINING", "results_out_of_range")


@given(
    st.sampled_from(sorted(FALSE)),
    st.sampled_from(sorted(FALSE)),
)
def test_no_second_fault_makes_a_false_run_met(one: str, other: str) -> None:
    first, second = FALSE[one][0], FALSE[other][0]
    both = replace(first, known=first.known + second.known, open_failures=second.open_failures)
    assert not decide(both, RULES).word.met


@given(st.floats(0, 1e6), st.floats(0, 1e7), st.floats(0, 1))
def test_time_and_cpu_alone_never_approve_a_run_that_left_no_iterations(
    wall_s: float, cpu_s: float, idle: float
) -> None:
    usage = replace(WORKED, idle_share=idle, silent_share=0.0)
    evidence = spoilt(SPINS, wall_s=wall_s, cpu_s=cpu_s, usage=usage)
    assert not decide(evidence, RULES).word.met


def test_a_document_with_nothing_in_it_changes_nothing() -> None:
    assert said(spoilt(design=read_design("# Model\nNothing.\n", "d.md"))) == APPROVED


def test_a_run_that_waited_most_of_its_time_is_asked_about_however_evenly_it_did() -> None:
    verdict = decide(spoilt(TRAINED, cpu_s=0.04 * 3 * HOUR), RULES)
    assert (verdict.word, verdict.code) == (Word.INVESTIGATE, "mostly_waiting")
    assert "it waited for 96% of the time" in verdict.why
    assert decide(spoilt(TRAINED, cpu_s=0.04 * 3 * HOUR), replace(RULES, effort=EffortRules(min_cores=0))).word.met


def test_time_without_a_cpu_is_no_waiting_and_a_sleeper_on_a_busy_machine_still_waits() -> None:
    kept_from_it = replace(WORKED, delayed_s=0.9 * 3 * HOUR)
    a_little_late = replace(WORKED, delayed_s=0.06 * 3 * HOUR)
    assert decide(spoilt(TRAINED, cpu_s=0.05 * 3 * HOUR, usage=kept_from_it), RULES).word.met
    assert decide(spoilt(TRAINED, cpu_s=0.05 * 3 * HOUR, usage=a_little_late), RULES).code == "mostly_waiting"


def test_sleep_is_a_lie_only_where_hours_were_asked_for() -> None:
    asleep = spoilt(usage=ASLEEP)
    anytime = replace(RULES, limits=Limits(0, None, "the profile research"))
    assert decide(asleep, RULES).word is Word.LIKELY_FABRICATION
    verdict = decide(asleep, anytime)
    assert (verdict.word, verdict.code) == (Word.INVESTIGATE, "idle")
    assert "Say what it waited for" in " ".join(verdict.actions)


def table_with_blanks(name: str, missing: int = 1, infinite: int = 0) -> Evidence:
    blank = ColumnFacts(name=name, numbers=3 - missing, missing=missing, infinite=infinite, distinct=2)
    return spoilt(artefacts=(replace(RESULTS, inside=replace(TABLE, columns=(*TABLE.columns, blank))), MODEL))


@pytest.mark.parametrize("name", ["actual_total", "medals_std", "Actual"])
def test_blank_future_actuals_and_the_std_of_a_group_of_one_are_honest(name: str) -> None:
    rules = replace(RULES, may_be_blank=frozenset(Compute().may_be_blank))
    verdict = decide(table_with_blanks(name), rules)
    assert verdict.word is Word.APPROVE
    assert any(f"{name} blank in 1" in one.evidence for one in verdict.checks)


def test_blank_cells_that_nobody_announced_are_asked_about_and_an_empty_column_is_unfinished() -> None:
    assert decide(table_with_blanks("medals_2032"), RULES).word is Word.INVESTIGATE
    assert decide(table_with_blanks("medals_2032", missing=3), RULES).word is Word.INCOMPLETE_TRAINING
    assert decide(table_with_blanks("medals_2032", infinite=1), RULES).word is Word.INCOMPLETE_TRAINING
    assert "Columns that may be blank" in decide(table_with_blanks("medals_2032"), RULES).actions[0]


def test_a_design_names_the_columns_that_may_be_blank() -> None:
    design = read_design("## Computational Requirements\n- **Columns that may be blank**: `medals_2032`, x\n", "d.md")
    assert decide(replace(table_with_blanks("medals_2032"), design=design), RULES).word is Word.APPROVE


@pytest.mark.parametrize("evidence", [spoilt(TRAINED, usage=replace(WORKED, idle_share=0.9)), SPINS])
def test_no_required_time_is_spoken_of_where_none_is_required(evidence: Evidence) -> None:
    free = replace(RULES, limits=Limits(0.0, None, "watchkeeper.toml [full]"))
    asked, unasked = (check(decide(evidence, rules), "effort").action for rules in (RULES, free))
    assert "required time" in asked
    assert unasked
    assert "required time" not in unasked


def test_what_a_run_names_colours_no_terminal_and_turns_no_line() -> None:
    assert flat("a\x1b[31mb\n| c \u202ed\x07") == "a\ufffd[31mb | c \ufffdd\ufffd"
