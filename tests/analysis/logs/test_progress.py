"""What shows that a run goes on behind an error that it printed: honest rows do, a clock and old lines do not."""

from __future__ import annotations

import io

import pytest
from watchkeeper.server.analysis.logs.progress import Sign, same_line, sign_of, usual_shape
from watchkeeper.server.analysis.logs.scan import scan

from ...growth import assert_grows_with_its_input

TRACE = 'Traceback (most recent call last):\n  File "t.py", line 3, in main\n    step()\nValueError: bad step\n'


def outcome(before: str, after: str) -> str:
    return scan(io.BytesIO(f"{before}{TRACE}{after}".encode()), exit_code=0).outcome


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("epoch,train,val\n1,0.693,0.71\n2,0.512,0.60\n", "3,0.43,0.55\n"),
        ("|  1 | 0.69 |\n|  2 | 0.51 |\n", "|  3 | 0.43 |\n"),
        ("   100   1.0  -6.77\n   200   1.1  -6.71\n", "   300   1.2  -6.69\n"),
        ("12:31:01 1 0.69\n12:31:02 2 0.51\n", "12:31:04 3 0.43\n"),
        ("2026-11-30 12:31:01 0.69\n", "2026-11-30 12:31:04 0.43\n"),
        ("1000\n2000\n", "3000\n"),
        ("epoch 1 loss 0.69\nepoch 2 loss 0.51\n", "epoch 2 loss 0.51\n"),  # taken up at its last checkpoint
    ],
)
def test_reports_are_progress_behind_a_traceback_that_was_handled(before: str, after: str) -> None:
    assert outcome(before, after) == "healthy"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("12:31:01\n12:31:02\n", "12:31:04\n"),
        ("[12:31:01,250]\n", "[12:31:04,119]\n"),
        ("2026-11-30T12:31:01Z\n", "2026-11-30T12:31:04Z\n"),
        ("2026-11-30 12:31:01.123456 +0100\n", "2026-11-30 12:31:04.654321 +0100\n"),
        ("Mon Nov 30 10:38:06 UTC 2026\n", "Mon Nov 30 10:38:09 UTC 2026\n"),
        ("30/Nov/2026:10:38:06\n", "30/Nov/2026:10:38:09\n"),
        ("--- 11/30/2026 1:38 PM ---\n", "--- 11/30/2026 1:39 PM ---\n"),
        ("loaded shard 4\n", "loaded shard 4\n"),
    ],
)
def test_a_clock_and_a_line_that_stood_there_before_are_no_progress(before: str, after: str) -> None:
    assert outcome(before, after) == "suspect"


@pytest.mark.parametrize("line", ["12:3", "1 ", "nov ", "2026-11-", "12:31:04 12:31:0", "| ", "2020 ", "1-1-", "mar"])
def test_no_line_takes_longer_than_it_is_long(line: str) -> None:
    def judge(text: str) -> None:
        assert sign_of(text + "x", {usual_shape(text + "x")})[0] is not Sign.BAR

    assert_grows_with_its_input(judge, lambda size: "1:00 " + (line * size)[:size], 50_000)


def test_the_same_line_has_the_same_name_whatever_stands_around_it() -> None:
    assert same_line("  epoch 2 loss 0.51 ") == same_line("epoch 2 loss 0.51") != same_line("epoch 2 loss 0.52")
