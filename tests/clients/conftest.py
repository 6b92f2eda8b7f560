"""Most clients are tried by `make clients` only: what they weigh is too much for every change."""

from __future__ import annotations

import os
from typing import Any

import pytest

from .tried import ROW, Tried, recorder, table

EVERY = bool(os.environ.get("WATCHKEEPER_CLIENTS"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("clients") and not EVERY:
            item.add_marker(pytest.mark.skip("tried by `make clients`"))


@pytest.fixture
def tried(record_property: Any) -> Tried:
    return recorder(record_property)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    passed: list[Any] = terminalreporter.stats.get("passed", []) if EVERY else []
    rows: list[dict[str, str]] = [row for one in passed for name, row in one.user_properties if name == ROW]
    for line in table(rows) if rows else []:
        terminalreporter.write_line(line)
