"""Several trainings in one history are judged by the last, not as one curve that rises at each beginning."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import pytest
from watchkeeper.server.analysis.curves.curves import judge_history
from watchkeeper.server.analysis.curves.series import History, from_records
from watchkeeper.server.analysis.curves.several import trainings
from watchkeeper.server.analysis.evidence.words import Word
from watchkeeper.server.analysis.verdict.convergence import convergence

from ...growth import assert_grows_with_its_input
from ..evidence.facts import RULES, TRAINED, designed, spoilt, with_trace

Row = dict[str, float | None]


def training(epochs: int, *, level: float = 0.3, pace: float = 3.0, step: int = 1, val: bool = True) -> Iterator[Row]:
    """Yield the rows of a loss that falls to a level; the smaller the pace, the sooner."""
    for epoch in range(step, epochs + 1, step):
        loss = level + 2.0 * math.exp(-epoch / pace)
        yield {"epoch": float(epoch), "train_loss": loss, **({"val_loss": loss + 0.05} if val else {})}


def history(*each: Sequence[Row]) -> History:
    rows = [row for one in each for row in one]
    return from_records(rows, dict.fromkeys(name for row in rows for name in row))


FALLING = [*training(30, pace=25.0)]
FOLDS = [[*training(epochs, level=0.2 + 0.1 * fold)] for fold, epochs in enumerate((24, 31, 26, 40, 29))]
TRIED = [*training(24, level=0.6, pace=9.0)]
STABLE, REFITTED = [*training(40)], [*training(40, val=False)]
FLAT: list[Row] = [{"epoch": float(one), "train_loss": 0.3, "val_loss": 0.35} for one in range(1, 31)]
HIGHER: list[Row] = [{"epoch": float(one), "train_loss": 2.2, "val_loss": 2.25} for one in range(1, 31)]


@pytest.mark.parametrize(
    ("each", "word", "told"),
    [
        ([*FOLDS, REFITTED], None, "of 6 trainings on end the last one: train loss"),
        ([TRIED, TRIED, TRIED, STABLE], None, "the last one: val loss"),
        ([STABLE], None, "val loss changed"),
        ([STABLE, FLAT], None, "val loss changed"),
        ([STABLE, STABLE, FLAT], None, "of 2 trainings on end"),
        ([[*training(400, step=10)], [*training(400, pace=30.0, step=10)]], None, "of 2 trainings on end"),
        ([STABLE, FALLING], Word.INCOMPLETE_TRAINING, "it was not stable yet"),
        ([FALLING], Word.INCOMPLETE_TRAINING, "it was not stable yet"),
        ([FALLING, HIGHER], Word.INVESTIGATE, "it was not stable yet"),
        ([FALLING, STABLE[:12]], Word.INVESTIGATE, "12 values of val loss"),
    ],
    ids=[
        "unequal folds and a last fit to all rows",
        "three settings and the chosen one",
        "one training",
        "a second stage of what was stable",
        "a second stage of the last one",
        "every tenth epoch",
        "the last one is not stable",
        "one training that is not",
        "a line that never falls, behind one that is not",
        "the last one is too short",
    ],
)
def test_of_several_trainings_the_last_one_counts(each: list[list[Row]], word: Word | None, told: str) -> None:
    check = convergence(spoilt(TRAINED, history=history(*each)), RULES)
    assert check.word is word, check
    assert told in check.evidence


def test_many_trainings_in_one_history_cost_what_their_rows_do() -> None:
    def short(count: int) -> History:
        return History(epochs=[1.0, 2.0] * count, train_loss=[8.0, 1.0] * count, counts="epoch")

    assert len(trainings(short(50))) == 50
    assert_grows_with_its_input(trainings, short, 500)


STEPS = 0.3
"""Where the steps of an epoch come to."""


def steps_of_epochs() -> History:
    losses = [STEPS + 2.0 * math.exp(-one / 40) + 0.01 * math.sin(37.0 * one * one) for one in range(400)]
    rows: list[Row] = [{"step": float(one % 20), "train_loss": loss} for one, loss in enumerate(losses)]
    return from_records(rows, ["step", "train_loss"])


def test_steps_that_are_counted_anew_in_each_epoch_are_one_training() -> None:
    check = convergence(spoilt(TRAINED, history=steps_of_epochs()), RULES)
    assert (check.word, "on end" in check.evidence) == (None, False), check


def test_trainings_begin_where_the_epochs_begin_again_and_a_checkpoint_is_no_beginning() -> None:
    resumed = [*training(20), *[*training(30)][15:]]
    assert [len(one.epochs) for one in trainings(history(STABLE, resumed))] == [40, 35]
    unnumbered = History(epochs=[0.0, 1.0, 0.0], train_loss=[1.0, 0.5, 0.2])
    assert [len(one.epochs) for one in trainings(unnumbered)] == [3]
    assert len(trainings(steps_of_epochs())) == 1


@pytest.mark.parametrize(
    "each",
    [
        [[*training(25, level=0.3 + 0.3 * fold)] for fold in range(5)],
        [[*training(30, pace=pace)] for pace in (300.0, 30.0, 3.0, 1000.0)],
        [STABLE, [*training(40, level=2.2)]],
        [*FOLDS, REFITTED],
    ],
    ids=["harder and harder folds", "learning rates", "a setting that does not learn", "folds and a last fit"],
)
def test_a_training_that_begins_anew_is_no_loss_that_ran_away(each: list[list[Row]]) -> None:
    assert {one.flag for one in judge_history(history(*each))} <= {"not_learning"}


def test_a_loss_that_ran_away_in_the_last_training_or_was_no_number_in_any_is_told() -> None:
    away = [*STABLE[:25], *({**one, "train_loss": 9.0, "val_loss": 9.0} for one in STABLE[25:])]
    broken = [*STABLE[:25], *({**one, "train_loss": math.nan} for one in STABLE[25:])]
    assert [one.flag for one in judge_history(history(STABLE, away))] == ["divergence"]
    assert [(one.flag, one.epoch) for one in judge_history(history(broken, STABLE))] == [("non_finite", 26.0)]


def test_a_design_that_names_its_chains_or_its_ess_is_judged_by_these() -> None:
    few = with_trace(chains=2, ess_bulk_min=350.0, ess_tail_min=350.0)
    said = {
        "": (Word.INCOMPLETE_TRAINING, "ess_low"),
        "Chains | 2 | | |\nESS | 200 | | |\n": (None, ""),
        "Chains | 4 | | |\nESS | 200 | | |\n": (Word.INCOMPLETE_TRAINING, "chains_low"),
        "Chains | 2 | | |\nESS | 360 | | |\n": (Word.INCOMPLETE_TRAINING, "ess_low"),
        "Chains | 2 | | |\nR-hat | 1.05 | | 1.05 |\n": (Word.INVESTIGATE, "ess_low"),
    }
    for rows, outcome in said.items():
        evidence = designed(rows, few) if rows else few
        found = convergence(evidence, RULES.bound_by(evidence.design))
        assert (found.word, found.code) == outcome, rows
