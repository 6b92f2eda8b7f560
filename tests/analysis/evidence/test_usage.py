"""What the keeper's samples amount to."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.analysis.evidence.usage import PARTS, Usage, usage_of


@dataclass(frozen=True)
class Sample:
    at: float
    cpu_s: float
    log_bytes: int | None = 0
    delayed_s: float = 0.0


def samples(*spent: tuple[float, float, int]) -> list[Sample]:
    """Return samples from (length in s, cores in use, bytes that the log grew by)."""
    found = [Sample(0.0, 0.0, 0)]
    for length_s, cores, grew in spent:
        last = found[-1]
        found.append(Sample(last.at + length_s, last.cpu_s + cores * length_s, (last.log_bytes or 0) + grew))
    return found


def test_sleep_shows_as_idle_time_and_work_by_tenths_of_the_run() -> None:
    found = usage_of(samples(*[(5, 2.0, 1)] * 5, *[(5, 0.0, 0)] * 5), idle_below_cores=0.02)
    assert found == Usage(sampled_s=50.0, idle_share=0.5, silent_share=0.0, cores=(2.0,) * 5 + (0.0,) * 5, cpu_s=50.0)


def test_a_process_that_others_kept_from_the_cpu_did_not_sleep() -> None:
    told = [Sample(5.0 * one, 0.05 * one, one, delayed_s) for one, delayed_s in enumerate((0.0, 4.0, 8.0, 8.0, 30.0))]
    found = usage_of(told, idle_below_cores=0.02)
    assert found is not None
    assert (found.idle_share, found.delayed_s) == (0.25, 13.0)  # never more than passed


def test_a_sleeper_that_waits_for_the_cpu_at_each_waking_slept() -> None:
    told = [Sample(5.0 * one, 0.02 * one, one, 0.3 * one) for one in range(5)]
    found = usage_of(told, idle_below_cores=0.02)
    assert found is not None
    assert found.idle_share == 1.0


def test_a_spin_is_one_long_silence_and_long_epochs_are_many_short_ones() -> None:
    spin = usage_of(samples((5, 1.0, 9), *[(5, 1.0, 0)] * 18, (5, 1.0, 9)), 0.02)
    epochs = usage_of(samples(*[(5, 1.0, 9), *[(5, 1.0, 0)] * 3] * 5), 0.02)
    assert spin is not None
    assert epochs is not None
    assert (spin.silent_share, epochs.silent_share) == (0.9, 0.15)


def test_a_spin_that_missed_the_cpu_for_a_while_is_no_shorter_a_silence() -> None:
    spin = usage_of(samples((5, 1.0, 9), *[(5, 1.0, 0)] * 8, (5, 0.0, 0), *[(5, 1.0, 0)] * 9, (5, 1.0, 9)), 0.02)
    assert spin is not None
    assert spin.silent_share == 0.85


def test_a_machine_that_slept_is_a_pause_and_no_idle_time() -> None:
    found = usage_of(samples(*[(5, 1.0, 1)] * 4, (7200, 0.0, 0), *[(5, 1.0, 1)] * 4), 0.02)
    assert found is not None
    assert (found.sampled_s, found.idle_share, found.paused_s) == (40.0, 0.0, 7200.0)


def test_fewer_than_two_samples_say_nothing_and_a_log_of_unknown_size_says_nothing_of_silence() -> None:
    assert usage_of([], 0.02) is None
    assert usage_of([Sample(0, 0)], 0.02) is None
    unknown = usage_of([Sample(0, 0, None), Sample(5, 5, None)], 0.02)
    assert unknown is not None
    assert unknown.silent_share is None


@given(st.lists(st.builds(Sample, st.floats(0, 1e9), st.floats(0, 1e9), st.none() | st.integers(0, 10**12))))
def test_whatever_the_samples_say_shares_are_shares(found: list[Sample]) -> None:
    usage = usage_of(found, 0.02)
    if usage is not None:
        assert 0 <= usage.idle_share <= 1 + 1e-9
        assert usage.silent_share is None or 0 <= usage.silent_share <= 1 + 1e-9
        assert usage.idle_share + (usage.silent_share or 0) == pytest.approx(
            min(1.0, usage.idle_share + (usage.silent_share or 0))
        )
        assert len(usage.cores) == PARTS
