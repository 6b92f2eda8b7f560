"""The table of what was tried has one row a client, from what several tests saw."""

from __future__ import annotations

from typing import Any

import pytest

from .tried import ROW, recorder, table


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
        "| one | 1.0 | yes | - | - | yes | - | - |",
        "| two | - | - | - | no | - | - | - |",
    ]


def test_a_column_that_the_table_does_not_have_is_refused() -> None:
    def record(name: str, row: object) -> None:
        raise RuntimeError(name, row)

    with pytest.raises(AssertionError, match="loops"):
        recorder(record)("one", loops="yes")
