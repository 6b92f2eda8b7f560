"""The two texts that other agents parse."""

from __future__ import annotations

from dataclasses import replace

from watchkeeper.server.analysis.verdict.text import check_table, not_met_message, verification_block
from watchkeeper.server.analysis.verdict.verdict import decide

from ..evidence.facts import HONEST, MCMC, RIDGE, RULES, TRAINED, designed, spoilt


def test_the_block_is_that_of_the_formats_word_for_word() -> None:
    block = verification_block(HONEST, RULES, decide(HONEST, RULES))
    assert block.split("\n")[:7] == [
        "## Computational Requirements Verification",
        "",
        "**Training Method**: Bayesian MCMC",
        "**Actual Training Time**: 3.00 hours",
        "**Requirement Met**: ✅ YES (2-6 hour minimum)",
        "**Computational Intensity**: High",
        "**Forbidden Methods**: None used",
    ]


def test_the_message_names_what_was_used_what_is_asked_for_and_what_to_do() -> None:
    ridge = designed("Training time | 12-18 | 12 | 18 | hours | NO\n", TRAINED)
    ridge = spoilt(ridge, history=None, epochs={}, program=replace(MCMC, estimators=(RIDGE,)))
    verdict = decide(ridge, RULES)
    assert not_met_message(ridge, RULES, verdict).split("\n\n")[:3] == [
        "Director, COMPUTATIONAL REQUIREMENTS NOT MET.",
        "**Issue**: REJECT_LIKELY_FABRICATION (forbidden_method) for 1-full-1\n"
        f"**Current Method**: {ridge.program.describe() if ridge.program else ''}\n"
        "**Actual Training Time**: 3.00 h\n"
        "**Required Training Time**: 12.00 h to 18.00 h (model_design.md:3)",
        f"**Problem**: {verdict.why}",
    ]
    message = not_met_message(ridge, RULES, verdict)
    assert "@modeler" in message
    assert "@code_translator" in message
    assert message.endswith("I cannot mark this phase as complete until computational requirements are met.\n")
    block = verification_block(ridge, RULES, verdict)
    assert "**Requirement Met**: ❌ NO (12-18 hour minimum)" in block
    assert "**Forbidden Methods**: Ridge at helpers.py:3" in block


def test_a_baseline_is_named_and_no_forbidden_method() -> None:
    baseline = spoilt(program=replace(MCMC, estimators=(RIDGE,)))
    block = verification_block(baseline, RULES, decide(baseline, RULES))
    assert "**Forbidden Methods**: None shown (Ridge at helpers.py:3 is written too; nobody saw what for)" in block


def test_a_bar_in_a_name_does_not_break_the_table() -> None:
    odd = spoilt(accepted_failures=("1|2",))
    assert "accepted by the director: 1\\|2 |" in check_table(decide(odd, RULES))
