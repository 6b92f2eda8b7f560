"""A run on another machine is judged by when its keeper was last heard of, by a clock that cannot be wrong twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from watchkeeper.server.runtime import remote_silence
from watchkeeper.server.runtime.samples import Sample
from watchkeeper.server.vocabulary.runs import RunState


def sample(at: float) -> Sample:
    return Sample(at=at, boottime_s=at, cpu_s=1.0, rss_bytes=1, processes=1, log_bytes=1)


def test_the_first_look_believes_the_samples_own_clock(tmp_path: Path) -> None:
    assert remote_silence.heard_s_ago(tmp_path, sample(100.0), 90.0, now=350.0) == pytest.approx(250.0)


def test_a_sample_that_takes_anothers_place_was_written_now_whatever_clock_its_machine_has(tmp_path: Path) -> None:
    remote_silence.heard_s_ago(tmp_path, sample(100.0), 90.0, now=10_000.0)
    assert remote_silence.heard_s_ago(tmp_path, sample(105.0), 90.0, now=10_005.0) < 60.0


def test_a_clock_that_is_ahead_makes_nothing_younger_than_it_was_seen(tmp_path: Path) -> None:
    assert remote_silence.heard_s_ago(tmp_path, sample(10_000.0), 90.0, now=100.0) >= 0.0


def test_without_a_sample_the_start_is_the_sign_of_life(tmp_path: Path) -> None:
    assert remote_silence.heard_s_ago(tmp_path, None, 90.0, now=100.0) == pytest.approx(10.0, abs=1.0)


@pytest.mark.parametrize(
    ("heard_s_ago", "stop_asked_s_ago", "state"),
    [
        (3.0, None, RunState.RUNNING),
        (84.0, None, RunState.RUNNING),  # five samples and the lag of a mount
        (90.0, None, RunState.RUNNING_UNATTENDED),
        (1e6, None, RunState.RUNNING_UNATTENDED),  # silence alone is no end
        (3.0, 1e6, RunState.RUNNING),
        (1e6, 30.0, RunState.RUNNING_UNATTENDED),  # a stop that may still be answered
        (1e6, 200.0, RunState.LOST),
        (100.0, 1e6, RunState.RUNNING_UNATTENDED),
    ],
)
def test_silence_is_no_end_unless_a_stop_goes_unanswered_too(
    heard_s_ago: float, stop_asked_s_ago: float | None, state: RunState
) -> None:
    found, reason = remote_silence.stands("node7", heard_s_ago, 5.0, stop_asked_s_ago)
    assert found is state
    assert "node7" in reason
