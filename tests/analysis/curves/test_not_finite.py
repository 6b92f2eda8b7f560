"""Losses and gradients that are no numbers any more, vanish or explode."""

import math

import pytest
from watchkeeper.server.analysis.curves.curves import judge_history
from watchkeeper.server.analysis.curves.series import Column
from watchkeeper.server.vocabulary.runs import Level

from .made import LENGTHS, falling, history, names


def test_a_gradient_that_overflowed_and_left_a_loss_that_never_moves_is_non_finite():
    train = [1.29e28, *[1.15e28] * 20]
    found = judge_history(history(train, train, [math.inf, *[2e14] * 20], [1e16, *[0.0] * 20]))
    assert [(flag.flag, flag.epoch, flag.level) for flag in found] == [("non_finite", 0, Level.FAILURE)]


def test_a_gradient_that_never_reaches_the_first_layer_is_one_vanishing_gradient():
    train = [0.595, 0.580] + [0.579] * 40
    found = judge_history(history(train, train, [0.5] * 42, [1e-19] * 42))
    assert [(flag.flag, flag.epoch) for flag in found] == [("vanishing_gradient", 0)]


def test_a_gradient_that_is_small_because_the_run_converged_is_healthy():
    train = falling(60, 1, 1e-9, 0, 9, speed=30)
    assert judge_history(history(train, (), train, [1e-9 * value for value in train])) == []


def test_units_that_died_when_the_loss_ran_away_are_not_reported_a_second_time():
    train = falling(35, 0.5, 0.01, 0, 10) + [2000.0, 12.0, 3.0] + [0.58] * 22
    layer = [4e-3] * 36 + [0.0] * 24
    grad = [0.5] * 35 + [1700.0, 7.0] + [0.15] * 23
    found = judge_history(history(train, train, grad, layer))
    assert [(flag.flag, flag.epoch) for flag in found] == [("divergence", 35)]


def test_a_gradient_norm_that_grows_while_the_loss_still_falls_is_exploding():
    train = falling(40, 1, 0.1, 0.002, 11)
    grad = [0.5] * 30 + [0.5 * 4**row for row in range(10)]
    (found,) = judge_history(history(train, train, grad))
    assert (found.flag, found.epoch) == ("exploding_gradient", 32)


def test_a_gradient_norm_that_overflows_once_in_mixed_precision_is_healthy():
    train = falling(40, 1, 0.1, 0.002, 12)
    assert judge_history(history(train, train, [0.5] * 20 + [math.inf] + [0.5] * 19)) == []


@pytest.mark.parametrize("rows", LENGTHS)
@pytest.mark.parametrize("word", [math.nan, math.inf, -math.inf])
def test_a_loss_that_becomes_non_finite_is_found_in_whatever_row_it_happens(rows: int, word: float):
    at = rows - 3
    train: Column = [*falling(rows, 1, 0.1, 0.002, 13)[:at], word, word, word]
    (found,) = judge_history(history(train))
    assert (found.flag, found.epoch, found.value, found.level) == (
        "non_finite",
        at,
        3 if rows < 9 else found.value,
        Level.FAILURE,
    )


def test_a_history_of_nothing_but_nan_is_non_finite_from_its_first_row():
    nan: Column = [math.nan] * 40
    (found,) = judge_history(history(nan, nan, nan, nan))
    assert found.to_json() | {"advice": ""} == {
        "flag": "non_finite", "epoch": 0, "value": 40, "threshold": 2, "advice": "",
    }  # fmt: skip


def test_the_nan_in_the_last_row_where_keras_stopped_is_found():
    assert names(judge_history(history([0.9, 0.7, math.nan]))) == ["non_finite"]


def test_a_validation_loss_that_is_nan_in_four_of_five_rows_by_design_is_healthy():
    train = falling(60, 1, 0.1, 0.002, 14)
    for first in range(5):
        val: Column = [value if row % 5 == first else math.nan for row, value in enumerate(train)]
        assert judge_history(history(train, val)) == []


def test_a_validation_loss_that_stops_being_a_number_is_found_although_training_goes_on():
    train = falling(60, 1, 0.1, 0.002, 15)
    val: Column = [*train[:40], *[math.nan] * 20]
    assert [(flag.flag, flag.epoch) for flag in judge_history(history(train, val))] == [("non_finite", 40)]


def test_blanks_between_the_values_change_nothing():
    train = falling(60, 1, 0.1, 0.002, 16)
    train[40:] = [3.0] * 20
    spread: Column = [value for each in train for value in (None, each)]
    (found,) = judge_history(history(spread))
    assert (found.flag, found.epoch) == ("divergence", 81)


def test_gradients_that_overflow_while_mixed_precision_finds_its_scale_are_healthy():
    train = falling(40, 1, 0.1, 0.002, 12)
    for first in ([math.nan] * 2, [math.inf] * 3):
        assert judge_history(history(train, train, first + [0.5] * (40 - len(first)))) == []
    resumed = [0.5] * 20 + [math.nan] * 2 + [0.5] * 18
    assert judge_history(history(train, train, resumed)) == []


def test_a_loss_of_exactly_0_beside_a_gradient_of_nan_is_non_finite_where_it_began():
    train = falling(40, 1, 0.1, 0.002, 12)[:25] + [0.0] * 15
    found = judge_history(history(train, (), [0.5] * 25 + [math.nan] * 15))
    assert [(flag.flag, flag.epoch, flag.level) for flag in found] == [("non_finite", 25, Level.FAILURE)]
