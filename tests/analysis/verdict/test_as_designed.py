"""A training that did what its design asks for is not asked for more, and one that did less still is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.counted.counts import counted
from watchkeeper.server.analysis.evidence.evidence import Evidence
from watchkeeper.server.analysis.evidence.words import Word
from watchkeeper.server.analysis.verdict.convergence import convergence
from watchkeeper.server.analysis.verdict.verdict import decide

from ..evidence.facts import RULES, check, designed
from ..evidence.witnessed import Kind, column, found, results, steps, trained
from .test_convergence import history, training

NET: Kind = {"kind": "search", "facts": {"id": 1, "object": 1, "class": "GridSearchCV", "candidates": 4, "folds": 3,
                                         "estimator": "NeuralNetClassifier", "inside": {"NeuralNetClassifier": 13},
                                         "wall_s": 9e3}}  # fmt: skip


def of(curve: list[dict[str, float | None]], epochs: str, *lines: Kind) -> Evidence:
    told = history(curve)
    evidence = trained(*lines, history=told, epochs={"log": told.epochs})
    return designed(f"Epochs | {epochs} | | |\n", evidence) if epochs else evidence


FALLING, RISING = [*training(60, pace=40.0)], [*training(40), *({"epoch": 41.0 + one, "train_loss": 1.0 + one / 9,
    "val_loss": 1.0 + one / 9} for one in range(20))]  # fmt: skip
STEEP = [*training(30, pace=25.0)]


@pytest.mark.parametrize(
    ("curve", "epochs", "made", "word"),
    [
        (FALLING, "60", 600, None),
        (FALLING, "", 600, Word.INVESTIGATE),
        (FALLING, "90", 600, Word.INVESTIGATE),
        (FALLING, "60", 6, Word.INVESTIGATE),  # printed, hardly stepped
        (STEEP, "30", 300, Word.INVESTIGATE),  # far from its end: asked, not rejected
        (STEEP, "", 300, Word.INCOMPLETE_TRAINING),
        (RISING, "60", 600, Word.INCOMPLETE_TRAINING),
    ],
    ids=["all that were asked for", "no design", "fewer", "without steps", "steep", "steep, no design", "it rises"],
)
def test_a_loss_that_still_falls_after_all_epochs_of_the_design_is_told(
    curve: list[dict[str, float | None]], epochs: str, made: int, word: Word | None
) -> None:
    assert convergence(of(curve, epochs, steps(steps=made)), RULES).word is word


def test_a_few_printed_epochs_are_measured_by_as_many_epochs() -> None:
    sparse = [*training(400, pace=150.0, step=50)]
    assert convergence(of(sparse, "", steps()), RULES).word is None
    assert convergence(of([*training(60, pace=60.0, step=10)], "", steps()), RULES).word is not None


@pytest.mark.parametrize(("made", "proven"), [((880, 880), True), ((880, 801), False), ((880, 0), False), ((), False)])
def test_steps_that_are_as_many_for_each_epoch_prove_those_that_were_named(
    made: tuple[int, ...], *, proven: bool
) -> None:
    lines = [steps(id=2 + at, steps=one) for at, one in enumerate(made)]
    told = [float(one) for one in range(10, 81, 10)]
    evidence = replace(trained(*lines), history=None, epochs={"log": told})
    assert (counted(evidence)["epochs"].value == 80) == proven


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ((NET, steps(), {"first": 0.9, "min": 0.2}), ""),
        ((NET, steps(), {"first": 0.9, "min": 0.88}), "convergence_not_inspected"),
        ((steps(), {"first": 0.9, "min": 0.2}), "convergence_not_inspected"),
    ],
    ids=["it fell", "it did not", "a loop of the person's own"],
)
def test_networks_that_one_call_fits_need_no_printed_curve(lines: tuple[Any, ...], code: str) -> None:
    losses: Kind = {"kind": "losses", "facts": {"library": "torch", "id": 5, "count": 900, **lines[-1]}}
    evidence = replace(trained(*lines[:-1], losses), history=None, epochs={})
    assert convergence(evidence, RULES).code == code


@pytest.mark.parametrize(
    ("name", "constant", "others", "code"),
    [
        ("fits", 15.0, (0.3, 0.4, 0.5), ""),
        ("fits", 15.0, (3.0, 4.0, 5.0), "results_constant"),
        ("predicted", 15.0, (0.3, 0.4, 0.5), "results_constant"),
        ("share", 0.5, (0.3, 0.4, 0.5), "results_constant"),
    ],
    ids=["a count beside scores", "whole numbers alone", "a prediction", "a fraction"],
)
def test_a_count_that_is_the_same_in_each_row_is_a_setting(
    name: str, constant: float, others: tuple[float, ...], code: str
) -> None:
    evidence = trained(steps())
    rest = tuple(one for one in evidence.artefacts if one.role != "results")
    table = results(column(name, constant, constant, constant), column("mae", *others))
    assert found(decide(replace(evidence, artefacts=(table, *rest)), RULES), "artefact results")[1] == code


def test_the_check_says_which_epochs_were_made() -> None:
    text = check(decide(of(FALLING, "60", steps(steps=600)), RULES), "convergence").evidence
    assert "it still falls, and the 60 epochs of the design" in text


@pytest.mark.parametrize(("rows", "code"), [(40, ""), (39, "split_chosen"), (1, "split_chosen")])
def test_a_table_that_tells_of_each_split_chose_none(rows: int, code: str) -> None:
    splits: list[Kind] = [
        {"kind": "split", "where": "m.py:9", "facts": {"call": "train_test_split", "arguments": {"random_state": one}}}
        for one in range(40)
    ]
    evidence = trained(*splits, steps())
    rest = tuple(one for one in evidence.artefacts if one.role != "results")
    table = results(column("mae", *(0.3 + 0.01 * one for one in range(rows))))
    assert found(decide(replace(evidence, artefacts=(table, *rest)), RULES), "training")[1] == code
