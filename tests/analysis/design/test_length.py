"""What a design says of its own length in words: bounds, patience, until when. No default stands in their place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.curves.series import History
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.evidence.evidence import Evidence
from watchkeeper.server.analysis.evidence.rules import Rules
from watchkeeper.server.analysis.evidence.words import Word
from watchkeeper.server.analysis.verdict.convergence import convergence
from watchkeeper.server.analysis.verdict.verdict import decide

from ..evidence.facts import RULES, check, spoilt
from ..evidence.witnessed import Kind, seen, steps, trained
from ..verdict.test_convergence import Row, history, training

HEAD = "## Computational requirements\n\n- **Method**: Deep learning (torch)\n"
TOLD = history([*training(25)])
CHOSEN = replace(RULES, minima_set=frozenset({"epochs"}))


def of(rows: str, *lines: Kind, told: History = TOLD) -> Evidence:
    evidence = trained(*(lines or (steps(),)), history=told, epochs={"log": told.epochs})
    design = read_design(HEAD + "".join(f"- {one}\n" for one in rows.split("\n")), "d.md") if rows else None
    return evidence if design is None else replace(evidence, design=design)


def asked(evidence: Evidence, rules: Rules = RULES) -> tuple[str, str]:
    one = check(decide(evidence, rules), "iterations")
    return one.outcome.value, one.code


@pytest.mark.parametrize(
    "rows",
    [
        "**Epochs**: at most 40, early stopping on the validation loss with patience 6",
        "**Epochs**: 40 at most",
        "**Epochs (upper bound, early stopping)**: 900",
        "**Max epochs (patience 8)**: 900",
        "**Training epochs, at most**: 80",
        "**num_train_epochs**: up to 80",
        "**Epochs per member**: up to 80",
        "**Epochs**: 200\n**Early stopping**: patience 10",
        "**Epochs**: as many as the validation loss needs",
        "**Training**: until the validation loss no longer improves",
        "Trained for up to 300 epochs.",
        "**Batch size**: 64\n**Gradient steps**: 100",
    ],
)
def test_a_default_of_the_policy_says_nothing_where_the_design_speaks_of_its_length(rows: str) -> None:
    evidence = of(rows)
    assert asked(evidence)[1] == ""
    assert asked(evidence, CHOSEN) == ("failed", "epochs_short")  # somebody wrote it into watchkeeper.toml


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ("**Epochs**: 40", "epochs_short"),
        ("**Epochs**: >= 40 with early stopping", "epochs_short"),
        ("**Epochs**: 40\n**Early stopping**: none", "epochs_short"),
        ("**Epochs**: 40 (no early stopping)", "epochs_short"),
        ("**Epochs**: 30-60, early stopping", "epochs_short"),
        ("**Epochs**: 20-60", ""),
        ("**Learning rate**: 0.1", "epochs_short"),
        ("", "epochs_short"),
    ],
)
def test_fewer_than_the_design_says_and_a_design_that_says_nothing_are_as_before(rows: str, code: str) -> None:
    assert asked(of(rows)) == ("failed" if code else "passed", code)


TABLE = "| Parameter | Value | Lowest | Highest | Must Not Simplify |\n|--|--|--|--|--|\n"


@pytest.mark.parametrize(
    ("row", "outcome", "code"),
    [
        ("Max epochs | 80 | 80 | 80", "passed", ""),
        ("max_epochs | 80 | 80 | 80", "passed", ""),
        ("Epochs (upper bound) | 900 | 20 | 900", "passed", ""),
        ("Epochs (upper bound) | 900 | 100 | 900", "failed", "epochs_simplified"),  # the least there may be
        ("Epochs | 80 | 80 | 80", "failed", "epochs_stopped_early"),  # it says both: asked
    ],
)
def test_the_least_of_a_ceiling_says_how_low_the_ceiling_may_be(row: str, outcome: str, code: str) -> None:
    text = f"## Computational requirements\n\n{TABLE}| {row} | YES |\n| Early stopping patience | 10 | 10 | 10 | NO |\n"
    evidence = replace(of(""), design=read_design(text, "d.md"))
    assert asked(evidence) == (outcome, code)
    without = replace(evidence, design=read_design(text.replace("Early stopping patience", "Batch"), "d.md"))
    assert asked(without)[1] == ("" if outcome == "passed" else "epochs_simplified")  # a cap is none anyway


def test_a_default_asks_at_most_where_the_design_speaks_of_another_figure_or_cannot_be_read() -> None:
    sampled: Kind = {"kind": "sampling", "facts": {"method": "mcmc", "draws": 800, "tune": 500, "chains": 2}}
    rows = "- Method: Bayesian MCMC\n- Draws: 800\n- Tuning steps: 500\n"
    short = spoilt(seen=seen(sampled), artefacts=spoilt().artefacts[:1], program=None)
    for text, code in ((rows, "chains_below_default"), ("Nous ajustons le modèle par MCMC.", "draws_below_default")):
        evidence = replace(short, design=read_design(f"## Computational requirements\n{text}", "d.md"))
        found = check(decide(evidence, RULES), "iterations")
        assert (found.word, found.code) == (Word.INVESTIGATE, code)
    assert check(decide(short, RULES), "iterations").word is Word.INCOMPLETE_TRAINING  # no design: the policy alone


def test_passes_that_only_validate_and_loaders_of_keras_are_no_epochs() -> None:
    def loader(passes: int, where: str = "m.py:4", **facts: Any) -> Kind:
        return {"kind": "batches", "where": where, "facts": {"id": passes, "passes": passes, **facts}}

    assert seen(steps(), loader(40, trains=True), loader(41, trains=False)).epochs == 40
    assert seen(steps(), loader(80, trains=True, trained=40)).epochs == 40  # each pass twice: once to evaluate
    assert seen(steps(), loader(12)).epochs == 12
    keras = {"where": "m.py:4", **steps(library="keras", epochs=25)}
    assert seen(keras, loader(101, trains=True)).epochs == 25


WOBBLES = [1.0, 0.8, 0.62, 0.58, 0.521, 0.5225, 0.5242, 0.5262]
FALLS = [1.0 - 0.1 * at for at in range(8)]
LATE = [*(1.0 - 0.05 * at for at in range(12)), *(0.45 + 0.002 * at for at in range(6))]


@pytest.mark.parametrize(
    ("losses", "rows", "word"),
    [
        (WOBBLES, "**Epochs**: 8", None),
        (FALLS, "**Epochs**: 8", None),  # all that were asked for: a few values prove nothing
        (FALLS, "**Epochs**: 12", Word.INVESTIGATE),
        (WOBBLES[:5], "**Epochs**: 5", None),
        (LATE, "**Epochs**: 60, early stopping with patience 5", None),
        (LATE, "**Epochs**: 60, early stopping with patience 12", Word.INVESTIGATE),  # nobody waited so long
        ([1.0, 0.8, 0.9], "**Epochs**: 60, early stopping with patience 5", Word.INVESTIGATE),
        ([1.0, 0.8, 0.9], "**Epochs**: 60 at most, early stopping", Word.INVESTIGATE),
        (LATE, "**Epochs**: 60 at most, early stopping", None),
        (LATE[:12], "**Epochs**: 60, early stopping with patience 5", Word.INVESTIGATE),  # it stopped at its best
    ],
)
def test_a_few_values_reject_nothing_and_an_early_stop_is_one(
    losses: list[float], rows: str, word: Word | None
) -> None:
    rows_told: list[Row] = [{"epoch": at + 1.0, "val_loss": one} for at, one in enumerate(losses)]
    told = history(rows_told)
    evidence = of(rows, steps(steps=20 * len(losses)), told=told)
    found = convergence(evidence, RULES)
    assert (found.word, bool(found.code)) == (word, word is not None), found


@pytest.mark.parametrize(("last", "word"), [(0.01, None), (0.8, Word.INVESTIGATE)])
def test_a_rate_that_came_to_its_end_explains_a_loss_that_moved(last: float, word: Word | None) -> None:
    told = history([*training(60, pace=40.0)])
    evidence = of("", steps(lr_seen=[1.0, last]), told=told)
    assert convergence(evidence, RULES).word is word


def test_a_validation_that_rises_where_the_training_rests_is_no_training_cut_short() -> None:
    rows: list[Row] = [{"epoch": at + 1.0, "train_loss": 0.3 + 2.0 * 0.5**at, "val_loss": 0.6 + abs(at - 8) / 20}
            for at in range(40)]  # fmt: skip
    told = history(rows)
    evidence = of("**Epochs**: 40", steps(steps=800), told=told)
    assert convergence(evidence, RULES).word is None
    assert (
        convergence(replace(evidence, design=spoilt().design), RULES).word is Word.INVESTIGATE
    )  # nobody said how long
