"""The table of what was tried has one row a client, from what several tests saw."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from .pages import PAGE
from .tried import BEGIN, COLUMNS, END, ROW, SEEN, recorder, rows_of, standing, table, told, written

DAY = date(2026, 11, 30)
EARLIER = "2026-11-01"


def lines_of(*rows: dict[str, str], before: str = "") -> list[str]:
    """Return the lines of the clients that this file makes up."""
    return [one for one in table(rows, rows_of(before), DAY) if one.startswith(("| one |", "| two |", "| fastmcp |"))]


def test_what_two_tests_saw_of_a_client_is_one_row_and_the_rest_is_a_dash() -> None:
    seen = list[tuple[str, Any]]()

    def record(name: str, row: object) -> None:
        seen.append((name, row))

    tried = recorder(record)
    tried("one", version="1.0", connects="yes")
    tried("two", "2.0", calls="no")
    tried("one", "1.0", waits_45_s="yes")
    assert {name for name, _ in seen} == {ROW}
    assert lines_of(*(row for _, row in seen))[1:] == [
        f"| one | 1.0 | yes | - | - | yes | - | - | - | - | - | {DAY} |",
        f"| two | 2.0 | - | - | no | - | - | - | - | - | - | {DAY} |",
    ]


def page(*rows: str) -> str:
    head = f"| client | {' | '.join((*COLUMNS, SEEN))} |"
    return "\n".join(("above", BEGIN, "", head, "| --- |", *rows, "", "below", END))


def test_what_an_earlier_run_saw_stays_where_this_one_saw_nothing_and_the_row_keeps_its_day() -> None:
    before = page(
        f"| one | 1.0 | yes | yes | yes | yes | - | - | - | - | - | {EARLIER} |",
        f"| two | 2.0 | yes | yes | yes | yes | Stop hook | - | - | - | - | {EARLIER} |",
    )
    assert lines_of({"client": "one", "waits 45 s": "no"}, before=before)[1:] == [
        f"| one | 1.0 | yes | yes | yes | no | - | - | - | - | - | {EARLIER} |",
        f"| two | 2.0 | yes | yes | yes | yes | Stop hook | - | - | - | - | {EARLIER} |",
    ]


def test_of_another_version_nothing_that_an_earlier_run_saw_is_kept() -> None:
    before = page(f"| one | 1.0 | yes | yes | yes | yes | Stop hook | - | - | - | - | {EARLIER} |")
    assert lines_of({"client": "one", "version": "1.1", "connects": "yes"}, before=before)[1:] == [
        f"| one | 1.1 | yes | - | - | - | - | - | - | - | - | {DAY} |"
    ]


def test_the_ways_to_hold_the_watch_that_different_tests_saw_stand_side_by_side() -> None:
    ways = [{"client": "one", "holds the watch": way} for way in ("monitor", "Stop hook")]
    for rows in (ways, ways[::-1]):
        assert "| Stop hook, monitor |" in lines_of(*rows)[1]
    before = page(f"| one | 1.0 | - | - | - | - | Stop hook | - | - | - | - | {EARLIER} |")
    (line,) = lines_of({**ways[0], "version": "1.0"}, before=before)[1:]
    assert "| Stop hook, monitor |" in line
    assert line.endswith(f" {EARLIER} |")


def test_of_a_client_whose_test_failed_nothing_earlier_stands() -> None:
    before = {one: {"client": one, "connects": "yes"} for one in ("one", "two", "three")}
    assert standing(before, {"one"}, None).keys() == {"two", "three"}


def test_before_a_whole_run_stands_what_it_could_not_try() -> None:
    before = {one: {"client": one, "connects": "yes"} for one in ("one", "two", "gone")}
    assert standing(before, {"one"}, {"one", "two"}).keys() == {"two"}


def test_a_row_that_was_seen_anew_in_whole_has_this_day() -> None:
    before = page(f"| one | 1.0 | yes | - | - | - | - | - | - | - | - | {EARLIER} |")
    (line,) = lines_of({"client": "one", "version": "1.0", "connects": "yes"}, before=before)[1:]
    assert line.endswith(f" {DAY} |")


def test_what_no_test_can_see_of_a_client_is_said_and_is_not_taken_for_what_was_seen() -> None:
    row = {"client": "fastmcp", "version": "4.2", "connects": "yes", "lists": "yes", "calls": "yes"}
    (line,) = lines_of(row)
    assert "no turns" in line
    read = rows_of(page(line))["fastmcp"]
    assert read == {**row, SEEN: str(DAY)}


def test_a_column_that_the_table_does_not_have_is_refused() -> None:
    def record(name: str, row: object) -> None:
        raise RuntimeError(name, row)

    with pytest.raises(AssertionError, match="loops"):
        recorder(record)("one", "1.0", loops="yes")


WENT = "3 passed, 1 failed, 1 skipped, in 61 s."


def test_a_run_says_how_it_went_and_which_tests_failed() -> None:
    lines = told(["test_that[two]"], {"passed": 3, "skipped": 1}, 61.4, DAY)
    assert lines == [f"`make clients` on 2026-11-30: {WENT}", "Failed: `test_that[two]`."]


def test_a_run_of_some_tests_leaves_what_the_whole_run_before_it_said_of_itself() -> None:
    whole = ["`make clients` on 2026-11-01: 90 passed, 1 failed, 0 skipped, in 600 s.", "Failed: `test_this`."]
    before = written(page(), [*whole])
    once = told(["test_that"], {"passed": 2, "skipped": 0}, 5.0, DAY, before)
    part = "In part on 2026-11-30: 2 passed, 1 failed, 0 skipped, in 5 s."
    assert once == [*whole, "", part, "Failed: `test_that`."]
    again = told([], {"passed": 1, "skipped": 0}, 5.0, DAY, written(before, once))
    assert again == [*whole, "", "In part on 2026-11-30: 1 passed, 0 failed, 0 skipped, in 5 s."]


def test_the_table_is_written_between_the_marks_of_the_page_and_nowhere_else() -> None:
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert written(page, ["new", "lines"]) == f"before\n{BEGIN}\n\nnew\nlines\n\n{END}\nafter\n"
    assert written(written(page, ["x"]), ["x"]) == written(page, ["x"])
    kept = written(PAGE.read_text("utf-8"), ["new"])
    assert kept.count(BEGIN) == kept.count(END) == 1
