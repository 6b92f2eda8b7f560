"""Attempts of one phase share a log; each knows its own part of it to the byte."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from watchkeeper.server.vocabulary.runs import RunState

from .helpers import WAITS, Run

MARK = rb"=== watchkeeper: attempt 2 of 1 quick, run 1-quick-2, \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ===\n"


def test_the_first_attempt_begins_at_the_beginning_of_the_log_without_a_mark(workspace: Path) -> None:
    run = Run(workspace, "print('one')").launch()
    status = run.ends()
    assert (status.log_begin, status.log_end) == (0, 4)
    assert run.log.read_bytes() == b"one\n"


@pytest.mark.parametrize("before", [b"one\n", b"one", b"\n"])
def test_a_later_attempt_is_marked_on_a_line_of_its_own(workspace: Path, before: bytes) -> None:
    run = Run(workspace, "print('two')", run="1-quick-2", attempt=2)
    run.log.write_bytes(before)
    status = run.launch().ends()
    content = run.log.read_bytes()
    assert re.fullmatch(re.escape(before.removesuffix(b"\n")) + b"\n" + MARK + b"two\n", content)
    assert content[status.log_begin : status.log_end] == b"two\n"


def test_a_keeper_that_comes_after_one_that_was_killed_does_not_mark_it_again(workspace: Path) -> None:
    run = Run(workspace, "print('two')", run="1-quick-2", attempt=2)
    run.log.write_bytes(b"one\n=== watchkeeper: attempt 2 of 1 quick, run 1-quick-2, 2026-11-23T20:15:00Z ===\n")
    before = run.log.stat().st_size
    status = run.launch().ends()
    assert (status.log_begin, status.log_end) == (before, before + 4)


def test_the_part_of_a_run_that_changed_its_keeper_is_exact(workspace: Path) -> None:
    run = Run(workspace, WAITS + "print('end')").launch_until_ready().kill_keeper().attach()
    run.becomes(RunState.RUNNING)
    assert (run.go().ends().log_begin, run.status().log_end) == (0, len("ready\nend\n"))


def test_a_keeper_that_is_given_another_log_says_that_it_does_not_know_the_end(workspace: Path) -> None:
    run = Run(workspace, WAITS).launch_until_ready().kill_keeper()
    run.log = workspace / "another.log"
    run.attach().becomes(RunState.RUNNING)
    assert run.go().ends().log_end is None


def test_everything_the_training_says_arrives_in_order_and_unbuffered(workspace: Path) -> None:
    script = "import sys\nfor i in range(3):\n    print(i); print(i, file=sys.stderr)\n"
    run = Run(workspace, script).launch()
    run.ends()
    assert run.said() == "0\n0\n1\n1\n2\n2\n"
