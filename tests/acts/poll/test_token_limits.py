"""What is left out of an answer that would cost more than a poll may, and in which order."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from watchkeeper.server.acts.poll import token_limits

from ...limits import examples

END = {"cursor": "c1", "next": "poll_training(cursor='c1')"}


def changed(answer: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**answer, **change}.items() if value is not None}


def characters(answer: dict[str, Any]) -> int:
    return len(json.dumps(answer, separators=(",", ":"), ensure_ascii=False))


def report(number: int, status: str = "open", says: str = "a bad merge of data") -> dict[str, Any]:
    return {"report": f"1-r{number}", "status": status, "error_type": "data", "trainer_says": says}


def run(number: int, state: str = "running", **more: object) -> dict[str, Any]:
    return {"run": f"{number}-quick-1", "state": state, "elapsed": "0:01:00", **more}


def finding(number: int) -> dict[str, Any]:
    return {"id": f"1-quick-1:L{number}", "level": "failure", "line": number, "untrusted": {"message": "x" * 120}}


def test_an_answer_that_fits_is_left_as_it_is() -> None:
    assert token_limits.quiet({"run": "1-quick-1", "progress": "50%", "metrics": {"loss": 1.5}, **END}) == {}
    assert token_limits.brief({"runs": [run(1)], "reports": [report(1)], **END}, (0, 0), "") == {"more": None}


def test_a_quiet_answer_gives_up_its_progress_first_and_then_its_numbers_from_the_last_on() -> None:
    numbers = {"loss": 1.5, "accuracy": 0.5, "learning_rate": 1e-3}
    answer = {"run": "1-quick-1", "progress": "p" * 200, "metrics": numbers, **END}
    assert token_limits.quiet(answer) == {"progress": None}
    longer = {**answer, "metrics": {**numbers, **{f"a_long_name_of_a_number_{one}": one for one in range(8)}}}
    kept = changed(longer, token_limits.quiet(longer))
    assert list(kept["metrics"])[:3] == list(numbers)
    assert characters(kept) <= token_limits.QUIET_CHARACTERS


def test_a_brief_gives_up_steps_then_words_then_ended_runs_then_findings_then_reports() -> None:
    answer = {
        "steps": {"2": "y" * 100},
        "findings": [finding(number) for number in range(8)],
        "runs": [run(1), run(2, "completed"), run(3, "failed", unreported_failures=1)],
        "reports": [report(number, says="z" * 150) for number in range(8)],
        **END,
    }
    given_up = list(token_limits.cuts(answer))
    assert [sorted(one) for one in given_up] == [
        ["steps"],
        ["reports"],
        ["runs"],
        ["findings"],
        ["reports"],
        ["findings", "reports", "runs"],
    ]
    assert [one["run"] for one in given_up[2]["runs"]] == ["1-quick-1", "3-quick-1"]
    kept = changed(answer, token_limits.brief(answer, (0, 0), ""))
    assert "steps" not in kept
    assert all("trainer_says" not in one for one in kept["reports"])
    assert characters(kept) <= token_limits.BRIEF_CHARACTERS


def test_a_brief_counts_what_it_left_out_with_what_never_stood_in_it_and_says_what_was_not_written() -> None:
    reports = [report(number, "answered" if number > 4 else "open", "z" * 200) for number in range(10)]
    change = token_limits.brief({"runs": [run(1)], "reports": reports, **END}, (2, 1), "not recorded: no space left")
    assert change["more"] == "not recorded: no space left; 2 open and 6 answered report(s) not shown"


@settings(max_examples=examples(60))
@given(
    st.integers(0, 12),
    st.lists(st.tuples(st.integers(1, 10**9), st.sampled_from(("open", "answered", "changes_pending"))), max_size=20),
    st.integers(0, 8),
)
def test_whatever_stands_a_brief_loses_no_report_uncounted(
    runs: int, reports: list[tuple[int, str]], findings: int
) -> None:
    answer: dict[str, Any] = {
        "findings": [finding(number) for number in range(findings)] or None,
        "runs": [run(number) for number in range(runs)],
        "reports": [report(number, status, "w" * 150) for number, status in reports],
        **END,
    }
    kept = changed(answer, token_limits.brief(answer, (0, 0), ""))
    counts = re.search(r"(\d+) open and (\d+) answered", kept.get("more", ""))
    lost = sum(map(int, counts.groups())) if counts else 0
    assert characters(kept) <= token_limits.BRIEF_CHARACTERS
    assert len(kept["reports"]) + lost == len(reports)
