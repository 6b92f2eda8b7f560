"""Telling hangs, spins and livelocks from long quiet work; time is a number here, nothing sleeps."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.analysis.curves.novelty import REMEMBERED, masked, novel
from watchkeeper.server.analysis.curves.silence import Stall, StallKind, judge_silence
from watchkeeper.server.vocabulary.runs import ErrorType, Level


@dataclass(frozen=True)
class Sample:
    at: float
    cpu_s: float
    log_bytes: int = 1000


def usage(seconds: int, cores: float, *, start: float = 0, cpu_s: float = 0, log_rate: int = 0) -> list[Sample]:
    """Samples every five seconds of a run that keeps that many cores busy and writes so many bytes a second."""
    steps = range(0, seconds + 1, 5)
    return [Sample(start + step, cpu_s + cores * step, 1000 + log_rate * step) for step in steps]


def test_no_output_and_no_work_for_five_minutes_is_a_hang_and_not_a_second_earlier():
    samples = usage(1000, 0.0)
    assert judge_silence(samples[:60], now=299, last_output_novel_at=0) is None
    assert judge_silence(samples[:61], now=300, last_output_novel_at=0) == Stall(
        kind=StallKind.HANG, since=0, quiet_s=300, limit_s=300, cores_busy=0.0, log_growth_bytes=0
    )


def test_a_hang_with_a_heartbeat_of_work_is_a_hang():
    beats = [Sample(step, 0.02 * (step // 60)) for step in range(0, 601, 5)]
    stall = judge_silence(beats, now=600, last_output_novel_at=0)
    assert stall is not None
    assert stall.cores_busy == pytest.approx(0.2 / 600)


def test_the_sleep_of_the_machine_is_nobodys_silence():
    before, woke = usage(1000, 0.0), 1000 + 8 * 3600
    after = usage(300, 0.0, start=woke)
    few = judge_silence([*before, *after[:3]], now=woke + 10, last_output_novel_at=960, intervals_s=[60.0] * 15)
    assert few is None
    stall = judge_silence([*before, *after], now=woke + 300, last_output_novel_at=960)
    assert stall is not None
    assert (stall.kind, stall.since) == (StallKind.HANG, woke)


def test_a_hang_becomes_a_failure_of_the_infrastructure_with_its_numbers():
    stall = judge_silence(usage(600, 0), now=600, last_output_novel_at=100)
    assert stall is not None
    finding = stall.to_finding()
    assert (finding.kind, finding.level, finding.type) == ("stall", Level.FAILURE, ErrorType.INFRASTRUCTURE)
    assert finding.message == (
        "hang: no new output and no work for 500 s (limit 300 s), 0.00 cores busy, log grew by 0 bytes."
    )
    assert finding.fingerprint == "stall:hang"


def test_the_silent_time_counts_from_the_last_work_when_that_came_after_the_last_output():
    samples = usage(1000, 1.0) + usage(290, 0, start=1005, cpu_s=1005)
    assert judge_silence(samples, now=1295, last_output_novel_at=0) is None
    later = usage(1000, 1.0) + usage(400, 0, start=1005, cpu_s=1005)
    stall = judge_silence(later, now=1405, last_output_novel_at=0)
    assert stall is not None
    assert stall.kind is StallKind.HANG
    assert stall.since == 1005


def test_a_run_that_samples_silently_for_hours_with_busy_cores_is_not_stalled_before_half_an_hour():
    samples = usage(1795, 4.0)
    assert judge_silence(samples, now=1795, last_output_novel_at=0) is None


def test_busy_cores_without_any_output_for_long_are_a_spin_and_only_a_flag():
    stall = judge_silence(usage(1800, 1.0), now=1800, last_output_novel_at=0)
    assert stall is not None
    assert (stall.kind, stall.to_finding().level) == (StallKind.SPIN, Level.FLAG)


def test_busy_cores_that_repeat_their_output_are_a_livelock():
    stall = judge_silence(usage(1800, 1.0, log_rate=20), now=1800, last_output_novel_at=0)
    assert stall is not None
    assert (stall.kind, stall.log_growth_bytes) == (StallKind.LIVELOCK, 36_000)


def test_an_idle_run_that_repeats_its_output_hangs():
    stall = judge_silence(usage(400, 0.0, log_rate=20), now=400, last_output_novel_at=0)
    assert stall is not None
    assert stall.kind is StallKind.HANG


def test_a_growing_file_of_the_run_is_progress():
    samples = usage(7200, 1.0)
    assert judge_silence(samples, now=7200, last_output_novel_at=0, last_growth_at=7100) is None


@pytest.mark.parametrize(
    ("intervals_s", "limit_s"), [([], 300), ([1.0] * 50, 300), ([60.0] * 5, 600), ([1.0] * 50 + [3600.0], 7200)]
)
def test_the_runs_own_rhythm_sets_the_limit(intervals_s: list[float], limit_s: float):
    samples = usage(8000, 0.0)
    short = judge_silence(samples, now=8000, last_output_novel_at=8000 - limit_s + 5, intervals_s=intervals_s)
    stall = judge_silence(samples, now=8000, last_output_novel_at=8000 - limit_s, intervals_s=intervals_s)
    assert short is None
    assert stall is not None
    assert stall.limit_s == limit_s


def test_a_run_that_just_woke_up_is_not_hanging():
    samples = [*usage(1000, 0.0), Sample(1005, 2.5)]
    assert judge_silence(samples, now=1005, last_output_novel_at=0) is None


def test_nothing_is_said_while_nobody_samples():
    assert judge_silence(usage(100, 0.0), now=5000, last_output_novel_at=0) is None
    assert judge_silence([], now=5000, last_output_novel_at=None) is None


def test_a_total_that_fell_when_a_keeper_took_over_is_no_negative_work():
    samples = [Sample(0, 100.0), *usage(600, 0.0, start=5)]
    stall = judge_silence(samples, now=605, last_output_novel_at=0)
    assert stall is not None
    assert stall.cores_busy == 0.0


@given(
    st.lists(st.tuples(st.floats(0, 1e5), st.floats(0, 1e6), st.integers(0, 10**9)), max_size=40),
    st.floats(0, 2e5),
    st.none() | st.floats(0, 2e5),
    st.lists(st.floats(0, 1e5), max_size=5),
)
def test_a_stall_is_never_younger_than_its_limit(
    rows: list[tuple[float, float, int]], now: float, novel_at: float | None, intervals_s: list[float]
):
    samples = [Sample(*row) for row in sorted(rows)]
    stall = judge_silence(samples, now=now, last_output_novel_at=novel_at, intervals_s=intervals_s)
    if stall is not None:
        assert stall.quiet_s >= stall.limit_s >= 300
        assert novel_at is None or novel_at > now or stall.since >= novel_at


BAR = "Epoch 3:  50%|#####     | 500/1000 [{}<{}, {}it/s, loss=0.31]"


def test_the_last_frame_again_with_a_later_clock_is_not_new():
    first, memory = novel([BAR.format("01:00", "01:00", "8.3")])
    again, memory = novel([BAR.format("01:05", "01:05", "7.7")], memory)
    assert (first, again) == (True, False)


def test_another_position_or_another_metric_is_new():
    _, memory = novel([BAR.format("01:00", "01:00", "8.3")])
    assert novel([BAR.format("01:05", "01:05", "7.7").replace("500/", "501/")], memory)[0]
    assert novel([BAR.format("01:05", "01:05", "7.7").replace("0.31", "0.32")], memory)[0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2026-11-23 20:30:01,123 still waiting", "2026-11-23 20:35:07,001 still waiting"),
        ("2026-11-23T20:30:01Z still waiting", "2026-11-23T20:35:07Z still waiting"),
        ("waited 5.0 s for the lock", "waited 65 s  for the lock"),
        ("\x1b[32mretry\x1b[0m of <obj at 0x7f01>", "retry of <obj at 0x9a02>"),
        ("[pid 17] alive", "[pid 18] alive"),
    ],
)
def test_what_differs_only_in_times_and_addresses_is_the_same(one: str, other: str):
    assert masked(one) == masked(other)
    assert not novel([other], novel([one])[1])[0]


def test_a_cycle_of_a_few_lines_is_seen_as_repetition():
    cycle = ["connecting", "refused", "backing off 2 s"]
    _, memory = novel(cycle)
    assert [novel([frame], memory)[0] for frame in cycle * 2] == [False] * 6


@given(st.lists(st.text(max_size=30), max_size=100))
def test_what_was_just_remembered_is_not_new_and_the_memory_stays_small(frames: list[str]):
    _, memory = novel(frames)
    assert len(memory) <= REMEMBERED
    assert not novel(frames[-REMEMBERED:], memory)[0]
