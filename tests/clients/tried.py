"""The table of what was tried: each test adds what it saw of a client, and the run prints it when all have ended."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Protocol

from .model.shown import form_of
from .players import Patient, Player

HOLDS = "holds the watch"
COLUMNS = (
    *("version", "connects", "lists", "calls", "waits 45 s", HOLDS, "transcript"),
    *("an answer is shown as", "a picture is shown", "over HTTP"),
)
SEEN = "seen on"
"""The last column: the day on or after which all of a row was seen."""
BEGIN, END = "<!-- make clients writes from here -->", "<!-- to here -->"
IN_PART = "In part on "
"""How the line of a run begins that played some of these tests only."""
ROW = "client"
"""The name under which a test's report carries a row."""
TRIES = "tries"
"""The name under which a test's report carries the client that it tries, whatever becomes of it."""
_SDKS = ("fastmcp", "Inspector CLI", "Python SDK 1.x", "Python SDK 2.x", "TypeScript SDK 1.x", "TypeScript SDK 2.x")
_OF_SDKS = {
    HOLDS: "no turns",
    "transcript": "no session",
    **dict.fromkeys(("an answer is shown as", "a picture is shown"), "no model"),
}
_FRAMEWORKS = ("LangChain adapters", "OpenAI Agents SDK", "pydantic-ai", "smolagents")
_OF_FRAMEWORKS = {HOLDS: "no hook: whoever calls it loops"}
_WINDOW = "not tried: it has a window"
CANNOT: Mapping[str, Mapping[str, str]] = {
    **dict.fromkeys(_SDKS, _OF_SDKS),
    **dict.fromkeys(_FRAMEWORKS, _OF_FRAMEWORKS),
    **{one: {**_OF_FRAMEWORKS, "transcript": "writes none"} for one in ("LangChain adapters", "smolagents")},
    "opencode": {HOLDS: "no hook: its plugins come too late"},
    "VS Code": {"version": _WINDOW, "connects": "its own schema takes our lines"},
    "Claude Desktop": {"version": _WINDOW, "connects": "its own tool takes our bundle"},
    "Cursor": {"version": _WINDOW},
    "bundle (MCPB, uv)": dict.fromkeys(COLUMNS[4:-1], "its client's") | {"over HTTP": "starts a server of its own"},
}
"""What no test can see of a client, in words; docs/clients.md tells the reasons."""
Row = Mapping[str, str]


class Tried(Protocol):
    """Adds what a test saw of a version of a client: its cells by the names of the columns, with _ for a blank."""

    def __call__(self, client: str, version: str, **cells: str) -> None: ...


def recorder(record: Callable[[str, object], None]) -> Tried:
    """Return what a test calls to add to the table, through the properties of its report."""

    def tried(client: str, version: str, **cells: str) -> None:
        named = {name.replace("_", " "): value for name, value in cells.items()}
        assert named.keys() <= set(COLUMNS), named
        record(ROW, {"client": client, "version": version, **named})

    return tried


def rows_of(page: str) -> dict[str, Row]:
    """Return the cells of the page's table by client, without dashes and what no test sees. Pure."""
    lines = [line.strip("| ").split(" | ") for line in _between(page).split("\n") if line.startswith("| ")]
    head, rows = (lines[0], lines[2:]) if lines else ([], [])
    found = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    return {
        client: {name: cell for name, cell in row.items() if _seen(client, name, cell)} for client, row in found.items()
    }


def _seen(client: str, column: str, cell: str) -> bool:
    return cell not in ("-", CANNOT.get(client, {}).get(column))


def standing(before: Mapping[str, Row], failed: Collection[str], skipped: Collection[str] | None) -> dict[str, Row]:
    """Return the rows of earlier runs that still say something. Pure.

    :param failed: clients of which a test failed: what was seen of them before may be so no more.
    :param skipped: clients that a whole run could not try; of all others it saw what there is. None: it was a part.
    """
    return {
        client: row for client, row in before.items() if client not in failed and (skipped is None or client in skipped)
    }


def _between(page: str) -> str:
    return page.partition(BEGIN)[2].partition(END)[0]


def table(rows: Iterable[Row], before: Mapping[str, Row], day: date) -> list[str]:
    """Return the table as Markdown; rows of one client become one, a cell that no test filled is a dash. Pure.

    What an earlier run saw of the same version stays where this one saw nothing, and the row keeps that run's day.

    :param before: the table of earlier runs, as `rows_of` reads it.
    """
    now: dict[str, dict[str, str]] = {}
    for row in rows:
        now[row["client"]] = _together(now.get(row["client"], {}), row)
    clients = sorted({*before, *now, *CANNOT}, key=str.lower)
    cells = [_row(client, now.get(client, {}), before.get(client, {}), day) for client in clients]
    head = ["client", *COLUMNS, SEEN]
    lines = [head, ["---"] * len(head), *([one.get(name, "-") for name in head] for one in cells)]
    return [f"| {' | '.join(cells)} |" for cells in lines]


def _row(client: str, now: Row, before: Row, day: date) -> Row:
    other = "version" in now and now["version"] != before.get("version")
    cells = _together({} if other else {name: cell for name, cell in before.items() if name != SEEN}, now)
    anew = all(now.get(name) == cell for name, cell in cells.items())
    seen = {SEEN: str(day) if anew else before.get(SEEN, "-")} if cells else {}
    return {**CANNOT.get(client, {}), **cells, **seen, "client": client}


def _together(first: Row, second: Row) -> dict[str, str]:
    """Return the cells of both, the second's before the first's; but each way to hold the watch has its own test."""
    ways = {way for one in (first, second) for way in one.get(HOLDS, "").split(", ") if way}
    return {**first, **second, **({HOLDS: ", ".join(sorted(ways))} if ways else {})}


def told(failed: Sequence[str], counts: Mapping[str, int], took_s: float, day: date, before: str = "") -> list[str]:
    """Return what a run of these tests has to say of itself. Pure.

    :param failed: names of the tests that failed.
    :param counts: how many passed and were skipped, because npm or PyPI could not bring a client.
    :param before: the page, of which a run of some tests only keeps what the whole run before it said.
    """
    went = f"{counts['passed']} passed, {len(failed)} failed, {counts['skipped']} skipped, in {took_s:.0f} s."
    names = [f"Failed: {', '.join(f'`{one}`' for one in failed)}."] if failed else []
    if not before:
        return [f"`make clients` on {day}: {went}", *names]
    whole = _between(before).partition(IN_PART)[0]
    kept = [line for line in whole.split("\n") if line.startswith(("`make", "Failed"))]
    return [*kept, "", f"{IN_PART}{day}: {went}", *names]


def written(page: str, lines: Iterable[str]) -> str:
    """Return the page with these lines between the two marks that stand around the table. Pure."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    assert begin, f"the page has no {BEGIN}"
    assert end, f"the page has no {END}"
    return "".join((before, BEGIN, "\n\n", "\n".join(lines), "\n\n", END, after))


def sees(client: str, version: str, patient: Patient, player: Player, tried: Tried) -> None:
    """Note how long a client waited, and what its model was shown of a poll and of a plot."""
    assert patient.waited_s >= 45.0, f"{client} waited {patient.waited_s:.1f} s"
    poll, plot = player.after["poll_training"], player.after["plot_training"]
    tried(client, version, waits_45_s="yes", an_answer_is_shown_as=form_of(poll.result or poll.said))
    tried(client, version, a_picture_is_shown=plot.picture)
