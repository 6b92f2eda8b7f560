"""A loss that only wobbles has settled, one that falls through its wobble has not; few epochs are judged by halves."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from watchkeeper.server.analysis.curves.series import from_records
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.evidence.checks import Check
from watchkeeper.server.analysis.verdict.convergence import convergence

from ..evidence.facts import RULES, TRAINED

DRAW = random.Random(11)
WOBBLE = [0.09 * DRAW.gauss(0, 1) for _ in range(40)]
# One that learned nearly all in its first epoch, and one that goes on falling.
PLATEAU = [2.18 if at == 0 else 1.95 + one for at, one in enumerate(WOBBLE[:25])]
FALLING = [2.18 - 0.035 * at + 0.1 * one for at, one in enumerate(WOBBLE[:25])]


def judged(losses: Sequence[float], asked: int = 25) -> Check:
    rows = [{"epoch": float(at), "train_loss": one, "val_loss": one} for at, one in enumerate(losses, start=1)]
    history = from_records(rows, dict.fromkeys(rows[0]))
    design = read_design(f"## Computational requirements\n- **Epochs**: {asked}\n", "d.md")
    return convergence(replace(TRAINED, history=history, design=design), RULES)


@pytest.mark.parametrize(("losses", "code"), [(PLATEAU, ""), (FALLING, "not_converged")])
def test_a_change_within_the_noise_is_none(losses: Sequence[float], code: str) -> None:
    assert judged(losses).code == code


def test_a_slow_fall_is_seen_through_its_noise() -> None:
    slow = [2.0 * 0.9**at + 0.01 * one for at, one in enumerate(WOBBLE[:30])]
    assert judged(slow).code == "not_stable"


def test_a_design_of_few_epochs_is_judged_by_its_halves() -> None:
    short = [0.3 + 2.0 * 0.2**at for at in range(15)]
    assert judged(short, asked=15).code == ""
    assert judged(short, asked=200).code == "convergence_not_inspected"
    assert judged([1.0 - 0.05 * at for at in range(15)], asked=15).code == "not_stable"
