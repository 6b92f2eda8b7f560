"""Most clients are tried by `make clients` only: what they weigh is too much for every change."""

from __future__ import annotations

import os
import time
from datetime import date
from typing import Any

import pytest

from .pages import PAGE
from .tried import ROW, TRIES, Tried, recorder, rows_of, standing, table, told, written

EVERY = bool(os.environ.get("WATCHKEEPER_CLIENTS"))
BEGUN_S = time.monotonic()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("clients") and not EVERY:
            item.add_marker(pytest.mark.skip("tried by `make clients`"))
        if EVERY and (group := item.get_closest_marker("xdist_group")):  # named after the client
            item.user_properties.append((TRIES, str(group.args[0])))


@pytest.fixture
def tried(record_property: Any) -> Tried:
    return recorder(record_property)


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int, config: pytest.Config) -> None:
    """Print the table of what was tried; `make clients` also writes it into docs/clients.md."""
    stats: dict[str, list[Any]] = terminalreporter.stats if EVERY else {}
    passed, bad = stats.get("passed", []), stats.get("failed", []) + stats.get("error", [])
    rows: list[dict[str, str]] = [row for one in passed + bad for row in _properties(one, ROW)]
    if not (rows or _clients(bad)) or hasattr(config, "workerinput"):  # each worker of xdist has a summary of its own
        return
    failed = [str(one.nodeid).rpartition("::")[2] for one in bad]
    counts = {kind: len(stats.get(kind, [])) for kind in ("passed", "skipped")}
    page, day = PAGE.read_text("utf-8"), date.today()  # noqa: DTZ011 (the reader's own day)
    whole = _is_whole(config, exitstatus)
    went = told(failed, counts, time.monotonic() - BEGUN_S, day, "" if whole else page)
    before = standing(rows_of(page), _clients(bad), _clients(stats.get("skipped", [])) if whole else None)
    lines = [*table(rows, before, day), "", *went]
    for line in lines:
        terminalreporter.write_line(line)
    if os.environ["WATCHKEEPER_CLIENTS"] == "write":
        PAGE.write_text(written(page, lines), encoding="utf-8")
        terminalreporter.write_line(f"written into {PAGE}")


def _properties(report: Any, name: str) -> list[Any]:
    found: list[tuple[str, Any]] = getattr(report, "user_properties", [])  # a file that cannot be collected has none
    return [value for named, value in found if named == name]


def _clients(reports: list[Any]) -> set[str]:
    return {client for one in reports for client in _properties(one, TRIES)}


def _is_whole(config: pytest.Config, exitstatus: int) -> bool:
    """Whether all of these tests were played, to the last."""
    narrowed = [one for one in ("keyword", "markexpr", "deselect", "lf", "maxfail") if config.getoption(one, None)]
    return exitstatus in (0, 1) and config.args == ["tests/clients"] and not narrowed
