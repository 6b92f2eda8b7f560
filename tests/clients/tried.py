"""The table of what was tried: each test adds what it saw of a client, and the run prints it when all have ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

COLUMNS = ("version", "connects", "lists", "calls", "waits 45 s", "holds the watch", "transcript")
ROW = "client"
"""The name under which a test's report carries a row."""


class Tried(Protocol):
    """Adds what a test saw of a client: its cells by the names of the columns, with _ for a blank."""

    def __call__(self, client: str, **cells: str) -> None: ...


def recorder(record: Callable[[str, object], None]) -> Tried:
    """Return what a test calls to add to the table, through the properties of its report."""

    def tried(client: str, **cells: str) -> None:
        named = {name.replace("_", " "): value for name, value in cells.items()}
        assert named.keys() <= set(COLUMNS), named
        record(ROW, {"client": client, **named})

    return tried


def table(rows: Iterable[Mapping[str, str]]) -> list[str]:
    """Return the table as Markdown; rows of one client become one, a cell that no test filled is a dash. Pure."""
    clients: dict[str, dict[str, str]] = {}
    for row in rows:
        clients.setdefault(row["client"], {}).update(row)
    head = ["client", *COLUMNS]
    lines = [head, ["---"] * len(head), *([one.get(name, "-") for name in head] for one in clients.values())]
    return [f"| {' | '.join(cells)} |" for cells in lines]
