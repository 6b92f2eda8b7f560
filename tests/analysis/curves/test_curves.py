"""What the judge of curves says of series made here, each with its own seed; no file is read."""

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from watchkeeper.server.analysis.curves.curves import judge_history
from watchkeeper.server.analysis.curves.flags import Flag
from watchkeeper.server.analysis.curves.series import History, Kind
from watchkeeper.server.analysis.curves.thresholds import Thresholds
from watchkeeper.server.vocabulary.runs import ErrorType, Finding, Level

from ...limits import examples
from .made import LENGTHS, falling, history, names


@pytest.mark.parametrize("rows", LENGTHS)
@pytest.mark.parametrize(
    ("start", "end"), [(0.6, 0.01), (2.3, 0.4), (2.1, 1.6), (1e8, 1e7), (-20, -900), (4000, -300), (9e5, 7e5)]
)
def test_a_run_that_learns_is_healthy_whatever_its_length_scale_and_sign(rows: int, start: float, end: float):
    noise = 0.01 * (start - end)
    for seed in range(5):
        train = falling(rows, start, end, noise, seed)
        val = falling(rows, start, end + 0.05 * (start - end), noise, seed + 100)
        assert judge_history(history(train)) == []
        assert judge_history(history(train, val)) == []


@pytest.mark.parametrize("rows", LENGTHS)
@pytest.mark.parametrize("offset", [0.0, -5.0])
def test_a_loss_that_climbs_again_and_stays_up_is_one_divergence_where_it_began(rows: int, offset: float):
    turn = rows // 2
    train = [value + offset for value in falling(rows, 1, 0.1, 0.005, 1, speed=9)]
    train[turn:] = [3.0 + offset + 0.01 * (row % 3) for row in range(rows - turn)]
    (found,) = judge_history(history(train, [value + 0.05 for value in train]))
    assert (found.flag, found.level) == ("divergence", Level.FAILURE)
    assert found.epoch == pytest.approx(turn, abs=max(1, rows / 100))


@pytest.mark.parametrize("rows", LENGTHS)
def test_a_jump_that_comes_back_is_a_spike_at_its_epoch(rows: int):
    at, width = rows // 2, max(1, rows // 100)
    train = falling(rows, 1, 0.1, 0.003, 2, speed=9)
    train[at : at + width] = [9.0] * width
    (found,) = judge_history(history(train))
    assert (found.flag, found.level) == ("spike", Level.FLAG)
    assert found.epoch == pytest.approx(at, abs=max(1, rows / 100))


def test_one_bad_batch_of_twelve_thousand_is_no_spike():
    train = falling(12_000, 1, 0.2, 0.1, 3)
    train[7_000] = 2.5
    assert judge_history(history(train)) == []


@pytest.mark.parametrize("rows", LENGTHS)
@pytest.mark.parametrize("offset", [0.0, -50.0])
def test_a_validation_loss_that_turns_while_training_goes_on_is_overfitting_from_its_best_epoch(
    rows: int, offset: float
):
    best = rows // 3
    train = falling(rows, 1.0, 0.02, 0.002, 4)
    val = [0.5 + 0.5 * abs(row - best) / best + offset for row in range(rows)]
    (found,) = judge_history(history([value + offset for value in train], val))
    assert found.flag == "overfitting"
    assert found.epoch == pytest.approx(best, abs=max(1, rows * 0.06))


def test_a_validation_loss_that_rises_together_with_the_training_loss_is_no_overfitting():
    train = falling(60, 1, 0.3, 0.001, 5, speed=12)
    rising = [value + 0.15 * max(0, row - 30) / 30 for row, value in enumerate(train)]
    assert "overfitting" not in names(judge_history(history(rising, rising)))


@pytest.mark.parametrize("rows", LENGTHS)
@pytest.mark.parametrize("offset", [0.0, -3.0])
def test_a_loss_that_does_not_move_is_not_learning(rows: int, offset: float):
    source = random.Random(6)
    train = [0.693 + offset + source.gauss(0, 0.001) for _ in range(rows)]
    assert names(judge_history(history(train, train))) == ["not_learning"]


def test_a_loss_whose_fall_is_lost_in_the_noise_of_its_estimate_is_mostly_not_learning_and_never_a_failure():
    found = list[Flag]()
    for seed in range(40):
        source = random.Random(seed)
        found += judge_history(history([abs(source.gauss(1.5e5, 1e5)) for _ in range(3000)]))
    assert names(found).count("not_learning") >= 36
    assert {flag.level for flag in found} == {Level.FLAG}


def test_a_crawl_in_a_straight_line_is_not_learning():
    assert names(judge_history(history([0.6 - 0.0005 * row for row in range(80)]))) == ["not_learning"]


def test_a_plateau_near_the_first_value_is_not_learning_and_one_far_below_it_is_convergence():
    stuck = [0.77, 0.60, 0.57] + [0.564 + 1e-6 * (row % 2) for row in range(40)]
    converged = [0.77, 0.40, 0.20] + [0.164 + 1e-6 * (row % 2) for row in range(40)]
    assert names(judge_history(history(stuck))) == ["not_learning"]
    assert judge_history(history(converged)) == []


def test_a_run_still_in_its_first_epoch_is_not_yet_called_not_learning():
    early = replace(history([2.3] * 10), epochs=[0.01 * row for row in range(10)])
    assert judge_history(early) == []


@pytest.mark.parametrize("rows", [8, 30, 80, 200])
def test_a_loss_that_rises_and_falls_without_progress_is_an_oscillation(rows: int):
    source = random.Random(7)
    train = [1.0] + [0.3 * math.exp(0.5 * math.sin(2.1 * row) + source.gauss(0, 0.05)) for row in range(1, rows)]
    val = [1.1] + [0.35 * math.exp(0.6 * math.sin(2.1 * row + 0.5) + source.gauss(0, 0.05)) for row in range(1, rows)]
    assert names(judge_history(history(train, val))) == ["oscillation"]


def test_an_oscillation_is_seen_without_a_validation_loss():
    train = [1.0] + [0.3 * math.exp(0.6 * math.sin(1.1 * row)) for row in range(1, 60)]
    assert names(judge_history(history(train))) == ["oscillation"]


def test_the_noise_of_batches_is_no_oscillation():
    for seed in range(20):
        assert judge_history(history(falling(1000, 2, 1, 0.25, seed))) == []


def test_swings_that_only_the_training_loss_makes_are_no_oscillation():
    train = [1.0] + [0.3 * math.exp(0.3 * math.sin(1.1 * row)) for row in range(1, 60)]
    assert judge_history(history(train, falling(60, 1, 0.3, 0.001, 8))) == []


def test_first_updates_that_overshot_are_an_oscillation_from_the_first_epoch_before_any_swing():
    val = falling(8, 0.7, 0.4, 0, 30)
    train, grad = [6.5, *val[1:]], [30.0, *[1.0] * 7]
    found = judge_history(history(train, val, grad))
    assert [(flag.flag, flag.epoch, flag.level) for flag in found] == [("oscillation", 0, Level.FLAG)]
    assert "overshot" in found[0].message


def test_a_run_that_learns_most_in_its_first_epoch_is_healthy():
    val = falling(30, 0.7, 0.4, 0.003, 31)
    train = [20.0, *val[1:]]
    grad = [math.sqrt(value) for value in train]
    assert judge_history(history(train, val, grad)) == []
    assert judge_history(history(train, val)) == []


SWINGS = [(1.5, 0.05), (0.17, 0.12)]


def test_swings_are_small_against_what_the_first_epoch_learned():
    train, val = ([first, *(0.08 * (1 + swing * (-1) ** row) for row in range(39))] for first, swing in SWINGS)
    learned_fast = [2.0, *[1.5] * 39]
    assert judge_history(history(train, val, learned_fast)) == []
    assert names(judge_history(history(train, val))) == ["oscillation"]


def test_a_short_validation_loss_that_jumps_up_twice_is_an_oscillation_however_it_ends():
    train = [0.6, 0.5, 0.4, 0.35, 0.3, 0.26, 0.2, 0.15]
    for val in ([0.5, 0.9, 0.2, 0.15, 0.3, 0.1, 0.3, 0.1], [0.5, 0.9, 0.2, 0.15, 0.1, 0.2, 0.25, 0.3]):
        assert names(judge_history(history(train, val))) == ["oscillation"]


def test_swings_of_a_loss_that_goes_on_falling_must_be_larger_to_be_an_oscillation():
    def swinging(fall: float, swing: float) -> list[float]:
        level = [0.5 * math.exp(-fall * row / 40) for row in range(40)]
        return [1.0] + [value * (1 + swing * (-1) ** row) for row, value in enumerate(level)]

    flat, falls = swinging(0.0, 0.085), swinging(1.5, 0.085)
    assert names(judge_history(history(flat, flat))) == ["oscillation"]
    assert judge_history(history(falls, falls)) == []
    assert names(judge_history(history(swinging(1.5, 0.25), swinging(1.5, 0.25)))) == ["oscillation"]


def test_a_training_loss_that_early_leaves_a_stuck_validation_loss_behind_is_overfitting():
    train = [1.5, 1.0, 0.8, 0.7, 0.6, 0.5, 0.45, 0.4]
    val = [1.4, 1.36, 1.35, 1.38, 1.36, 1.37, 1.36, 1.38]
    assert [(flag.flag, flag.epoch) for flag in judge_history(history(train, val))] == [("overfitting", 2)]
    assert judge_history(history(train, [value + 0.05 for value in train])) == []


def test_a_jump_to_ten_times_the_level_that_loses_half_of_what_was_gained_is_a_spike_although_it_comes_back():
    train = falling(60, 7.0, 0.08, 0, 32, speed=12)
    train[35:40] = [4.0, 2.0, 1.0, 0.5, 0.3]
    assert [(flag.flag, flag.epoch) for flag in judge_history(history(train))] == [("spike", 35)]


@pytest.mark.parametrize("rows", range(8))
def test_very_short_and_empty_histories_are_judged_without_complaint(rows: int):
    assert judge_history(history(falling(rows, 1, 0.1, 0, 17), falling(rows, 1, 0.1, 0, 18))) == []


def test_the_policy_can_move_a_threshold():
    train = [1.0, 0.8, 0.6, 0.5, 0.4, 0.9, 0.38, 0.36, 0.34, 0.32]
    assert names(judge_history(history(train))) == []
    assert names(judge_history(history(train), Thresholds(spike_gain=0.5))) == ["spike"]


def test_a_flag_becomes_a_finding_with_one_fingerprint_however_long_it_lasts():
    train = falling(30, 1, 0.1, 0, 19)
    earlier, later = judge_history(history([*train, *[5.0] * 5]))[0], judge_history(history([*train, *[6.0] * 9]))[0]
    assert earlier.to_finding() == Finding(
        kind="metric",
        level=Level.FAILURE,
        type=ErrorType.CONVERGENCE,
        message=earlier.message,
        fingerprint="metric:divergence",
        advice=earlier.advice,
    )
    assert later.to_finding().fingerprint == earlier.to_finding().fingerprint
    assert "epoch 30" in earlier.message


NUMBERS = st.none() | st.floats() | st.sampled_from([0.0, 1.0, -1.0, math.nan, math.inf, 1e308, -1e308, 5e-324])


def test_losses_too_large_to_be_subtracted_are_judged_without_an_error() -> None:
    assert "divergence" not in names(judge_history(history([1e308, -8e307, *[0.0] * 13])))


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS), max_size=60))
def test_any_history_at_all_is_judged_and_every_answer_is_json(rows: list[tuple[float | None, ...]]):
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
    found = judge_history(history(*columns))
    assert len(set(names(found))) == len(found)
    for flag in found:
        values = flag.to_json()
        assert all(value is None or isinstance(value, str) or math.isfinite(value) for value in values.values())
        assert set(values) == {"flag", "epoch", "value", "threshold", "advice"}


@settings(max_examples=examples(100), deadline=None)
@given(
    st.sampled_from([0, 1, 2, 3]), st.sampled_from([1e-6, 1.0, 1e6]), st.sampled_from([8, 40, 200]), st.integers(0, 99)
)
def test_the_unit_of_a_positive_loss_does_not_matter(kind: int, unit: float, rows: int, seed: int):
    train = falling(rows, 1, 0.1, 0.01, seed)
    tail = max(5, rows // 4)
    series = [
        train,
        [*train[:-tail], *[2.0] * tail],
        [1.0 + 0.001 * (row % 2) for row in range(rows)],
        [*train[: rows // 2], 8.0, *train[rows // 2 + 1 :]],
    ][kind]
    alike = [names(judge_history(history([value * by for value in map(abs, series)]))) for by in (1.0, unit)]
    assert alike[0] == alike[1]


def test_overfitting_is_dated_to_the_best_validation_loss_as_it_was_written():
    train = [1 / (1 + row) for row in range(60)]
    val = [1 / (1 + min(row, 8)) + 0.02 * max(0, row - 8) for row in range(60)]
    assert [(flag.flag, flag.epoch) for flag in judge_history(history(train, val))] == [("overfitting", 8)]
    long = [value for value in val for _ in range(10)]
    long[83] -= 0.0001
    found = judge_history(history([1 / (1 + row / 10) for row in range(600)], long))
    assert [(flag.flag, flag.epoch) for flag in found] == [("overfitting", 83)]


def test_a_loss_that_goes_to_and_fro_around_0_is_not_said_not_to_learn():
    source = random.Random(14)
    assert judge_history(history([source.gauss(0, 0.01) for _ in range(60)])) == []


def test_a_reward_may_rise_with_its_loss_and_losing_it_again_is_a_divergence():
    rows = range(60)
    loss = [5 + 0.5 * row for row in rows]
    gain = [200 * (1 - math.exp(-row / 8)) + row % 3 for row in rows]
    about = {"epochs": [float(row) for row in rows], "train_loss": loss, "kind": Kind.REWARDS}
    assert judge_history(History(**about, train_gain=gain)) == []  # type: ignore[arg-type]  (fields by name)
    lost = [value if row < 40 else 10.0 for row, value in enumerate(gain)]
    (found,) = judge_history(History(**about, train_gain=lost))  # type: ignore[arg-type]  (the same)
    assert (found.flag, found.epoch, found.level) == ("divergence", 40, Level.FLAG)
    assert found.message.startswith("divergence from epoch 40: the reward fell back to 10, below ")


def test_losses_of_two_players_are_judged_only_by_whether_they_are_finite():
    source = random.Random(15)
    swinging = [abs(source.gauss(2, 2)) for _ in range(60)]
    game = replace(history(swinging), kind=Kind.ADVERSARIAL)
    assert judge_history(game) == []
    assert names(judge_history(replace(history([*swinging, *[math.nan] * 5]), kind=Kind.ADVERSARIAL))) == ["non_finite"]


def test_accuracies_without_a_loss_are_judged_by_what_they_fall_short_of():
    train = [1 - 0.8 * math.exp(-row / 6) for row in range(40)]
    val = [0.8 - 0.2 * math.exp(-row / 3) - 0.01 * max(0, row - 10) for row in range(40)]
    epochs = [float(row) for row in range(40)]
    assert judge_history(History(epochs=epochs, train_gain=[*train])) == []
    found = judge_history(History(epochs=epochs, train_gain=[*train], val_gain=[*val]))
    assert [(flag.flag, flag.epoch) for flag in found] == [("overfitting", 10)]
    percent = History(epochs=epochs, train_gain=[100 * one for one in train], val_gain=[100 * one for one in val])
    assert names(judge_history(percent)) == ["overfitting"]
