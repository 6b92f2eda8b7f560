"""What changed between two attempts: shown in full where it is short, capped and said where it is not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.documents.before_after import (
    LARGEST_SCRIPT_BYTES,
    MOST_LINES,
    Attempt,
    numbers_change,
    script_change,
)

FAILED = Attempt(
    run="1-quick-1",
    script="m.py",
    source=b"lr = 0.1\ntrain(lr)\n",
    state="failed",
    exit_code=1,
    wall_s=3.25,
    rows=[(0.0, {"loss": 0.5, "rmse": 9.0}), (1.0, {"loss": float("nan"), "a|b": 1.0})],
)
WORKED = replace(
    FAILED,
    run="1-quick-2",
    source=b"lr = 0.01\ntrain(lr)\n",
    state="completed",
    exit_code=0,
    wall_s=None,
    rows=[(2.0, {"loss": 0.42, "ess": 812.123456789})],
)


def test_the_difference_of_two_scripts_is_a_fenced_block() -> None:
    assert script_change(FAILED, WORKED) == (
        "```diff\n--- m.py (1-quick-1)\n+++ m.py (1-quick-2)\n@@ -1,2 +1,2 @@\n-lr = 0.1\n+lr = 0.01\n train(lr)\n```"
    )


def test_the_numbers_of_two_attempts_stand_side_by_side() -> None:
    assert numbers_change(FAILED, WORKED).split("\n") == [
        "| Last value | 1-quick-1 (failed) | 1-quick-2 (worked) |",
        "| --- | --- | --- |",
        "| ended | failed, exit code 1 | completed, exit code 0 |",
        "| wall time | 3.2 s | unknown |",
        "| loss | NaN | 0.42 |",
        "| ess | not printed | 812.123 |",
        "| rmse | 9 | not printed |",
        "| a\\|b | 1 | not printed |",
    ]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (None, "The scripts cannot be compared: a snapshot is missing."),
        (FAILED.source, "The script is the same to the byte: what changed lies outside it"),
        (b"lr = 0.1\r\ntrain(lr)\r\n", "The scripts differ in their line ends only."),
        (b"#" * (LARGEST_SCRIPT_BYTES + 1), "The scripts were changed and are too large to be shown (over 256 KB)."),
    ],
)
def test_where_there_is_no_difference_to_show_the_reason_is_said(source: bytes | None, said: str) -> None:
    assert script_change(FAILED, replace(WORKED, source=source)).startswith(said)


def test_changed_arguments_are_told_too() -> None:
    told = script_change(FAILED, replace(WORKED, source=FAILED.source, args=("--draws", "1000")))
    assert told.endswith("Arguments: none → --draws 1000")


def test_a_long_difference_is_cut_and_says_so() -> None:
    many = "\n".join(f"x{number} = {number}" for number in range(1000)).encode()
    lines = script_change(FAILED, replace(WORKED, source=many)).split("\n")
    assert len(lines) == MOST_LINES + 3
    assert lines[-2].startswith("… (+")


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_any_two_scripts_can_be_compared(before: bytes, after: bytes) -> None:
    told = script_change(replace(FAILED, source=before), replace(WORKED, source=after))
    if told.startswith("```"):
        mark = told.split("diff\n")[0]
        assert [line for line in told.split("\n")[1:] if line.startswith(mark)] == [mark]
