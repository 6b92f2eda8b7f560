"""The rules of a diary entry: what each asks for, and that no text upsets them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.documents.diary_rules import (
    REASONS,
    DiaryRule,
    Entry,
    OnRecord,
    breaches,
    domain_words,
    numbers,
)

from ..growth import assert_grows_with_its_input

# From the requirement document, word for word.
GOOD = Entry(
    struggle="Training diverged at epoch 50. Loss suddenly jumped from 0.5 → NaN.",
    investigation=(
        "Reduced learning rate 0.1 → 0.01. Result: Still diverged at epoch 45 ❌",
        "Added gradient clipping (max_norm=1.0). Result: Training converged ✅",
    ),
    fix="optimizer = torch.optim.SGD(model.parameters(), lr=0.01)\nclip_grad_norm_(model.parameters(), max_norm=1.0)",
    why="Network heterogeneity. Hub cities (Beijing, Shanghai) have 10× more connections than periphery → transmission "
    "parameters β_ij for hubs have 100× more gradient flow → standard SGD unstable.",
)
TIERS = (
    "Sparse edges (low traffic) have few infection events → insufficient data to estimate edge-specific transmission "
    "→ overfitting risk."
)


def broken(entry: Entry, record: OnRecord | None = None) -> list[DiaryRule]:
    return [one.rule for one in breaches(entry, record or OnRecord())]


@pytest.mark.parametrize(
    "why",
    [
        GOOD.why,
        TIERS,
        "tau is near zero because eight schools share little data, and the posterior becomes a funnel",
        "由于城市之间的连接差异很大，枢纽的感染事件更多",
    ],
)
def test_a_good_entry_keeps_every_rule(why: str) -> None:
    assert broken(replace(GOOD, why=why)) == []


@pytest.mark.parametrize("section", ["struggle", "fix", "why"])
@pytest.mark.parametrize("text", ["", " \n", "TODO", "tbd.", "**N/A**", "---"])
def test_an_empty_section_breaks_the_first_rule_and_only_that(section: str, text: str) -> None:
    (breach,) = breaches(replace(GOOD, **{section: text}), OnRecord())
    assert (breach.rule, breach.what) == (DiaryRule.EMPTY_SECTIONS, f"The diary entry has nothing under {section}.")


@pytest.mark.parametrize(
    "why",
    [
        "Fixed by adjusting hyperparameters.",
        "Because the loss was too high, training diverged and gradients exploded.",
        "The ValueError was raised because the input contains NaN values.",
    ],
)
def test_a_why_that_repeats_the_symptom_is_told_so(why: str) -> None:
    entry = replace(GOOD, why=why, fix="dropped three rows")
    assert DiaryRule.WHY_ABOUT_DOMAIN in broken(entry, OnRecord(error_text="ValueError: Input X contains NaN"))


def test_a_why_that_repeats_the_fix_is_told_so() -> None:
    fix = "separate sensors calibrate against reference stations every morning"
    assert domain_words(fix, fix, "") == 0


def test_a_why_without_a_cause_is_told_so() -> None:
    why = "Sparse edges have few infection events. Hub cities behave differently. Traffic is uneven."
    assert broken(replace(GOOD, why=why)) == [DiaryRule.CAUSE_NAMED]


@pytest.mark.parametrize(
    ("fix", "magic"),
    [
        ("lr = 0.00237", "0.00237"),
        ("draws 1,000 -> 20,000", "1,000, 20,000"),
        ("lr = 1e-5, clip 7.5", "1e-5, 7.5"),
        ("lr = 0.010, max_norm=1", ""),  # 0.01 and 1.0 stand in the investigation
        ("x[0] = beta2 ** 2 + L2, v1.2.3", ""),
        ("lr = 0.01\nResult: RMSE 4.2, converged at epoch 80", ""),
        ("lr = 0.01. Validation RMSE fell to 4.2; log-likelihood: -1240.3", ""),
        ("**Result**:\n- Convergence at epoch 80\n- Final loss: 0.42\n- MLE converged in 25 iterations", ""),
        ("max_norm=1.0 gives a val_loss of 0.42 and R-hat 1.003", ""),
        ("Result: fine\n\nthen lr = 0.00237", "0.00237"),
        ("final learning rate = 0.00237", "0.00237"),
        ("```python\n# loss 0.5\nlr = 0.00237\n```", "0.5, 0.00237"),
    ],
)
def test_a_number_in_the_fix_that_nobody_explains_is_magic(fix: str, magic: str) -> None:
    found = [one.what for one in breaches(replace(GOOD, fix=fix), OnRecord())]
    assert found == (
        [f"{magic} in The Fix stands neither in The Why nor in The Investigation: say why this value."] if magic else []
    )


def test_failed_attempts_that_nobody_tells_of_are_named() -> None:
    (breach,) = breaches(GOOD, OnRecord(untold=("1-quick-2 (ValueError)",)))
    assert breach.what == "1-quick-2 (ValueError) failed and no entry mentions it: tell it under investigation."
    assert "We tried A (failed), B (partial), C (success)" in breach.advice


def test_every_rule_has_its_reason_and_an_example() -> None:
    assert set(REASONS) == set(DiaryRule)
    assert all(one.why and one.example for one in REASONS.values())


def test_the_examples_keep_the_rule_that_they_explain() -> None:
    for rule in (DiaryRule.WHY_ABOUT_DOMAIN, DiaryRule.CAUSE_NAMED):
        assert rule not in broken(replace(GOOD, why=REASONS[rule].example, fix="torch.optim.Adam"))


texts = st.text(st.characters(codec="utf-8"), max_size=80)


@given(texts, st.lists(texts, max_size=3), texts, texts, texts)
def test_no_text_upsets_the_rules(struggle: str, tests: list[str], fix: str, why: str, error: str) -> None:
    found = breaches(Entry(struggle, tuple(tests), fix, why), OnRecord(error_text=error))
    assert len({one.rule for one in found}) == len(found)
    assert all(one.advice for one in found)


@pytest.mark.parametrize("sign", ["!", " ", "1", ".", "1,", "word ", "\n", "_"])
def test_judging_a_long_section_costs_no_more_than_its_length(sign: str) -> None:
    def entry(signs: int) -> Entry:
        text = sign * signs + "a"
        return Entry(text, (text,), text, text)

    assert_grows_with_its_input(lambda one: breaches(one, OnRecord(error_text=one.fix)), entry, 2_000)


@given(st.lists(st.floats(0, 1e9, allow_subnormal=False) | st.integers(3, 10**9), max_size=5))
def test_a_number_is_found_however_it_is_written(values: list[float]) -> None:
    found = numbers(" and ".join(map(repr, values)))
    assert {float(one) for one in values if repr(one) not in ("0", "1", "2")} == set(found)


@given(
    st.lists(
        st.sampled_from(["0.5", "1_000", "1,000", ".5", "1e3", "x", " ", ",", "_", ".", "e", "9" * 40]), max_size=40
    )
)
def test_numbers_are_read_from_any_jumble(parts: list[str]) -> None:
    assert all(isinstance(one, float) for one in numbers("".join(parts)))
