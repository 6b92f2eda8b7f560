"""What an engine's word makes of a run: records win, then samples, then the word; its silence is no end."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.runtime import engine_states
from watchkeeper.server.runtime.engines.words import Kind, Word
from watchkeeper.server.vocabulary.runs import RunState

NOW = 10_000.0


def word(kind: Kind, text: str = "", **more: object) -> Word:
    about: dict[str, object] = {"asked_at": NOW, "submitted_at": NOW - 500, "since": NOW - 500, "tries": 1, "job": "7"}
    return Word(engine="Slurm", kind=kind, text=text, **{**about, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "stopped", "claimed", "state"),
    [
        (word(Kind.QUEUED, "PENDING (Priority)"), False, False, RunState.QUEUED),
        (word(Kind.RUNNING, "RUNNING"), False, False, RunState.STARTING),
        (word(Kind.UNKNOWN, "Unable to contact slurm controller"), False, False, RunState.QUEUED),
        (word(Kind.UNKNOWN, submitted_at=None), False, False, RunState.QUEUED),
        (word(Kind.GONE, submitted_at=None), False, False, RunState.QUEUED),
        (word(Kind.GONE), False, False, RunState.QUEUED),
        (word(Kind.GONE, tries=3), False, False, RunState.NEVER_STARTED),
        (word(Kind.GONE), False, True, RunState.NEVER_STARTED),
        (word(Kind.ENDED, "FAILED (JobLaunchFailure)"), False, False, RunState.NEVER_STARTED),
        (word(Kind.ENDED, "FAILED", since=NOW - 5), False, False, RunState.STARTING),  # its records may still come
        (word(Kind.ENDED, "CANCELLED", since=NOW), True, False, RunState.NEVER_STARTED),
        (word(Kind.ENDED, "CANCELLED", since=NOW), True, True, RunState.STARTING),  # a job had taken it
        (word(Kind.GONE, submitted_at=None), True, False, RunState.NEVER_STARTED),
        (word(Kind.UNKNOWN, submitted_at=None), True, False, RunState.NEVER_STARTED),  # its address may be wrong
        (word(Kind.UNKNOWN), True, False, RunState.NEVER_STARTED),  # a job that comes after all finds it closed
        (word(Kind.UNKNOWN), True, True, RunState.QUEUED),  # a job had taken it
        (word(Kind.RUNNING, "RUNNING"), True, False, RunState.STARTING),
    ],
)
def test_a_run_that_wrote_nothing_yet_stands_where_its_engine_says(
    said: Word, stopped: bool, claimed: bool, state: RunState
) -> None:
    found = engine_states.before_start(said, now=NOW, stopped=stopped, claimed=claimed)
    assert found.state is state
    assert found.reason
    assert found.needs_closing is (state is RunState.NEVER_STARTED)


def test_a_job_that_its_controller_forgot_is_handed_over_again_and_one_that_does_not_answer_is_not() -> None:
    forgotten = engine_states.before_start(word(Kind.GONE), now=NOW, stopped=False, claimed=False)
    unanswered = engine_states.before_start(word(Kind.UNKNOWN), now=NOW, stopped=False, claimed=False)
    assert forgotten.needs_launch
    assert not unanswered.needs_launch


@pytest.mark.parametrize("host", ["", "node7"])
@pytest.mark.parametrize(
    ("said", "heard_s_ago", "states"),
    [
        (word(Kind.RUNNING, "RUNNING"), 3.0, {RunState.RUNNING, RunState.STARTING}),
        (word(Kind.QUEUED, "PENDING (BeginTime)"), 3.0, {RunState.RUNNING, RunState.STARTING}),  # only slurmd died
        (word(Kind.RUNNING, "RUNNING"), 1e5, {RunState.RUNNING_UNATTENDED, RunState.STARTING}),
        (word(Kind.UNKNOWN), 1e5, {RunState.RUNNING_UNATTENDED, RunState.STARTING}),
        (word(Kind.ENDED, "NODE_FAIL", interrupted=True), 1e5, {RunState.INTERRUPTED}),
        (word(Kind.QUEUED, "PENDING (BeginTime)"), 1e5, {RunState.INTERRUPTED}),
        (word(Kind.ENDED, "FAILED"), 1e5, {RunState.LOST}),
        (word(Kind.GONE), 1e5, {RunState.LOST}),
        (word(Kind.GONE, asked_at=0.0), 5e3, {RunState.RUNNING_UNATTENDED, RunState.STARTING}),  # asked before
    ],
)
def test_a_run_that_began_is_over_only_when_both_its_samples_and_its_engine_say_so(
    said: Word, heard_s_ago: float, states: set[RunState], host: str
) -> None:
    assert engine_states.after_start(said, host, heard_s_ago, 5.0, None, NOW).state in states


@pytest.mark.parametrize(
    ("said", "state", "settled"),
    [
        (word(Kind.ENDED, "TIMEOUT", out_of_time=True), RunState.TIMED_OUT, True),
        (word(Kind.ENDED, "PREEMPTED", interrupted=True), RunState.INTERRUPTED, True),
        (word(Kind.ENDED, "CANCELLED"), RunState.STOPPED, True),
        (word(Kind.GONE), RunState.STOPPED, True),
        (word(Kind.RUNNING, "COMPLETING"), RunState.STOPPED, False),  # why will be said in a moment
        (word(Kind.UNKNOWN), RunState.STOPPED, False),
    ],
)
def test_why_a_keeper_was_told_to_stop_is_its_engines_to_say(said: Word, state: RunState, settled: bool) -> None:
    found = engine_states.after_end(said, RunState.STOPPED, "SIGTERM.", ended_s_ago=3.0, from_outside=True)
    assert (found.state, found.settled) == (state, settled)
    later = engine_states.after_end(said, RunState.STOPPED, "SIGTERM.", ended_s_ago=300.0, from_outside=True)
    assert later.settled is settled, "RUNNING is said for minutes after a node was lost"
    last = engine_states.after_end(said, RunState.STOPPED, "SIGTERM.", ended_s_ago=601.0, from_outside=True)
    assert last.settled
    seldom = replace(said, asked_every_s=3600.0)
    not_yet = engine_states.after_end(seldom, RunState.STOPPED, "", ended_s_ago=601.0, from_outside=True)
    assert not_yet.settled is settled, "it has not been asked since"


words = st.builds(
    word, st.sampled_from(Kind), st.text(max_size=5), interrupted=st.booleans(), out_of_time=st.booleans()
)


@given(words, st.sampled_from([RunState.COMPLETED, RunState.FAILED, RunState.STOPPED]), st.floats(0, 1e6))
def test_what_ended_by_itself_or_by_us_is_as_its_keeper_wrote_it_whatever_the_engine_says(
    said: Word, state: RunState, ended_s_ago: float
) -> None:
    found = engine_states.after_end(said, state, "", ended_s_ago=ended_s_ago, from_outside=False)
    assert (found.state, found.settled) == (state, True)
