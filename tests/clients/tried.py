"""The table of what was tried: each test adds what it saw of a client, and the run prints it when all have ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Protocol

from .model.shown import form_of
from .players import Patient, Player

COLUMNS = (
    *("version", "connects", "lists", "calls", "waits 45 s", "holds the watch", "transcript"),
    *("an answer is shown as", "a picture is shown"),
)
BEGIN, END = "<!-- make clients writes from here -->", "<!-- to here -->"
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
    clients = dict(sorted(clients.items(), key=lambda one: one[0].lower()))
    lines = [head, ["---"] * len(head), *([one.get(name, "-") for name in head] for one in clients.values())]
    return [f"| {' | '.join(cells)} |" for cells in lines]


def told(
    rows: Iterable[Mapping[str, str]], failed: Sequence[str], counts: Mapping[str, int], took_s: float, day: date
) -> list[str]:
    """Return what a run of these tests has to say: the table, and how the run went. Pure.

    :param failed: names of the tests that failed.
    :param counts: how many passed and were skipped, because npm or PyPI could not bring a client.
    """
    went = f"`make clients` on {day}: {counts['passed']} passed, {len(failed)} failed, {counts['skipped']} skipped, in"
    names = [f"Failed: {', '.join(f'`{one}`' for one in failed)}."] if failed else []
    return [*table(rows), "", f"{went} {took_s:.0f} s.", *names]


def written(page: str, lines: Iterable[str]) -> str:
    """Return the page with these lines between the two marks that stand around the table. Pure."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    assert begin, f"the page has no {BEGIN}"
    assert end, f"the page has no {END}"
    return "".join((before, BEGIN, "\n\n", "\n".join(lines), "\n\n", END, after))


def sees(client: str, patient: Patient, player: Player, tried: Tried) -> None:
    """Note how long a client waited, and what its model was shown of a poll and of a plot."""
    assert patient.waited_s >= 45.0, f"{client} waited {patient.waited_s:.1f} s"
    poll, plot = player.after["poll_training"], player.after["plot_training"]
    tried(client, waits_45_s="yes", an_answer_is_shown_as=form_of(poll.result or poll.said))
    tried(client, a_picture_is_shown=plot.picture)
