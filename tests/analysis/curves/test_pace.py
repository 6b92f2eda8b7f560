"""Progress, estimates and the two ways a pace can be wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.analysis.curves.flags import Flag
from watchkeeper.server.analysis.curves.pace import Pace, pace, too_fast, will_miss_its_limit
from watchkeeper.server.vocabulary.runs import ErrorType


def steady(steps: int, step_s: float, total: float) -> Pace:
    found = pace([(step * step_s, step) for step in range(steps + 1)], total)
    assert found is not None
    return found


def test_a_steady_run_is_estimated_exactly():
    found = steady(8, 3600, 24)
    assert found == Pace(step=8, total=24, step_s=3600, at=28_800, eta_s=57_600, eta_low_s=57_600, eta_high_s=57_600)
    assert found.done_share == pytest.approx(1 / 3)


def test_two_marks_are_enough_and_one_is_not():
    assert pace([(0, 0)], 10) is None
    assert pace([], 10) is None
    assert pace([(5, 1), (5, 1)], 10) is None
    found = pace([(0, 0), (10, 1)], 10)
    assert found is not None
    assert found.eta_s == 90


def test_a_warm_up_is_forgotten_and_a_change_of_speed_is_followed():
    marks = [(0.0, 0.0), (100.0, 1.0)]
    marks += [(100.0 + row, 1.0 + row) for row in range(1, 60)]
    found = pace(marks, 160)
    assert found is not None
    assert found.eta_s == pytest.approx(100)


def test_a_count_that_begins_anew_is_a_new_climb():
    found = pace([(0, 0), (10, 5), (20, 10), (30, 0), (50, 5)], 10)
    assert found is not None
    assert (found.step, found.step_s, found.eta_s) == (5, 4, 20)


def test_a_run_that_will_take_longer_than_its_limit_is_told_in_time():
    flag = will_miss_its_limit(steady(10, 600, 100), started_at=0, limit_s=6 * 3600)
    assert flag is not None
    assert (flag.flag, flag.value, flag.threshold, flag.type) == (
        "will_miss_its_limit",
        60_000,
        21_600,
        ErrorType.RESOURCE,
    )
    assert flag.message == "will_miss_its_limit: at 600 s per step it will take 16.67 h of 6.00 h."


@pytest.mark.parametrize(
    ("ends", "advice"), [(True, "Ask for a longer limit"), (False, "Nothing ends it. Ask the dir")]
)
def test_only_who_is_ended_at_a_limit_is_told_to_ask_for_a_longer_one(ends: bool, advice: str):
    flag = will_miss_its_limit(steady(10, 600, 100), started_at=0, limit_s=6 * 3600, ends=ends)
    assert flag is not None
    assert flag.advice.startswith(advice)


def test_a_run_that_is_on_time_done_or_just_started_is_left_alone():
    assert will_miss_its_limit(steady(10, 200, 100), started_at=0, limit_s=6 * 3600) is None
    assert will_miss_its_limit(steady(100, 600, 100), started_at=0, limit_s=3600) is None
    assert will_miss_its_limit(steady(1, 600, 1000), started_at=0, limit_s=6 * 3600) is None


def test_steps_ten_times_faster_than_they_were_are_too_fast_to_be_real():
    assert too_fast(elapsed_s=100, steps=100, expected_step_s=9) is None
    flag = too_fast(elapsed_s=80, steps=100, expected_step_s=9)
    assert isinstance(flag, Flag)
    assert (flag.value, flag.threshold, flag.type) == (0.8, pytest.approx(0.9), ErrorType.IMPLEMENTATION)
    assert too_fast(elapsed_s=0, steps=0, expected_step_s=9) is None


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6)), max_size=50), st.floats(0, 1e6))
def test_any_marks_give_an_estimate_with_its_bounds_in_order_or_none(marks: list[tuple[float, float]], total: float):
    found = pace(sorted(marks), total)
    if found is not None:
        assert 0 <= found.eta_low_s <= found.eta_s <= found.eta_high_s
        assert 0 <= found.done_share <= 1
