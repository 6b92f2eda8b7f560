"""The table of what was tried has one row a client, from what several tests saw."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from .pages import PAGE
from .tried import BEGIN, END, ROW, recorder, table, told, written


def test_what_two_tests_saw_of_a_client_is_one_row_and_the_rest_is_a_dash() -> None:
    seen = list[tuple[str, Any]]()

    def record(name: str, row: object) -> None:
        seen.append((name, row))

    tried = recorder(record)
    tried("one", version="1.0", connects="yes")
    tried("two", calls="no")
    tried("one", waits_45_s="yes")
    assert {name for name, _ in seen} == {ROW}
    assert table(row for _, row in seen)[2:] == [
        "| one | 1.0 | yes | - | - | yes | - | - | - | - |",
        "| two | - | - | - | no | - | - | - | - | - |",
    ]


def test_a_column_that_the_table_does_not_have_is_refused() -> None:
    def record(name: str, row: object) -> None:
        raise RuntimeError(name, row)

    with pytest.raises(AssertionError, match="loops"):
        recorder(record)("one", loops="yes")


def test_a_run_says_how_it_went_and_which_tests_failed() -> None:
    row = {"client": "one", "version": "1.0"}
    lines = told([row], ["test_that[two]"], {"passed": 3, "skipped": 1}, 61.4, date(2026, 11, 30))
    assert lines[-2:] == [
        "`make clients` on 2026-11-30: 3 passed, 1 failed, 1 skipped, in 61 s.",
        "Failed: `test_that[two]`.",
    ]


def test_the_table_is_written_between_the_marks_of_the_page_and_nowhere_else() -> None:
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert written(page, ["new", "lines"]) == f"before\n{BEGIN}\n\nnew\nlines\n\n{END}\nafter\n"
    assert written(written(page, ["x"]), ["x"]) == written(page, ["x"])
    kept = written(PAGE.read_text("utf-8"), ["new"])
    assert kept.count(BEGIN) == kept.count(END) == 1
