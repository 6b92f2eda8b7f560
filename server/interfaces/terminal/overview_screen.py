"""The first screen: what waits for somebody, what runs, what ended lately, in one table."""

from __future__ import annotations

from typing import ClassVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import DataTable, Footer, Static

from ...acts.desk import Desk
from ...storage.record import Report
from ..views import overview
from ..views.health import Health
from ..views.hub import Hub
from ..views.overview import Overview, Row, Sparks
from ..views.words import clock, said, took
from . import drawing
from .following import Following
from .report_screen import ReportScreen
from .run_screen import RunScreen

WIDE, WIDEST = 80, 130
"""From so many columns on a terminal shows more of a run."""
HAPPENED = 5
Cells = tuple[Text, ...]


class OverviewScreen(Following[Overview]):
    """The table, and what happened lately below it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("j", "cursor('down')", "Down"),
        ("k", "cursor('up')", "Up"),
        ("r", "report", "Report"),
    ]

    def __init__(self, hub: Hub) -> None:
        super().__init__(hub)
        self._sparks = Sparks()
        self._heads: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        """Return what it is made of."""
        yield Static(id="head")
        yield DataTable[Text](cursor_type="row", id="table")
        yield Static("Reading the record…", id="happened")
        yield Static(id="trouble")
        yield Footer()

    def read(self, desk: Desk) -> Overview:  # noqa: D102
        return overview.gather(desk, self.hub.looks, self._sparks)

    def show(self, facts: Overview) -> None:  # noqa: D102
        table = self._table
        self.query_one("#head", Static).update(self._head(facts))
        self.query_one("#happened", Static).update(_happened(facts))
        width, chosen = self.size.width, self.chosen
        heads = _heads(width)
        if heads != self._heads:
            self._heads = heads
            table.clear(columns=True)
            table.add_columns(*heads)
        rows = dict(_rows(facts, width))
        if [key.value for key in table.rows] == list(rows):
            for key, cells in rows.items():
                for column, cell in zip(table.columns, cells, strict=True):
                    table.update_cell(key, column, cell, update_width=True)
            return
        table.clear()
        for key, cells in rows.items():
            table.add_row(*cells, key=key)
        if chosen in rows:
            table.move_cursor(row=list(rows).index(chosen))

    def on_resize(self) -> None:
        """Show more of a run, or less."""
        if self.facts is not None:
            self.show(self.facts)

    @property
    def _table(self) -> DataTable[Text]:
        return cast("DataTable[Text]", self.query_one("#table"))

    @property
    def chosen(self) -> str:
        """The key of the row under the cursor: `run:` or `report:` and its id; empty where there is none."""
        table = self._table
        keys = list(table.rows)
        return str(keys[table.cursor_row].value) if 0 <= table.cursor_row < len(keys) else ""

    def _head(self, facts: Overview) -> Text:
        waits = len(facts.reports)
        asked = ("ask", f"{waits} waiting for an answer") if waits else ("good", "nothing waits for an answer")
        root = self.hub.desk.workspace.root
        running = f"  {len(facts.active) + facts.left_out} running"
        return Text.assemble((said(root.name or root, 60), "bold"), "  ", drawing.marked(*asked), running)

    def action_cursor(self, way: str) -> None:
        """Move as the arrows do."""
        table = self._table
        (table.action_cursor_down if way == "down" else table.action_cursor_up)()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Open what was chosen by Enter or a click."""
        kind, _, name = str(event.row_key.value or "").partition(":")
        self._open(kind, name)

    def action_report(self) -> None:
        """Open the report under the cursor, or the newest open one of the run under it, or the first that waits."""
        kind, _, name = self.chosen.partition(":")
        waiting: tuple[Report, ...] = self.facts.reports if self.facts else ()
        own = [one.id for one in waiting if one.run == name] if kind == "run" else []
        wanted = name if kind == "report" else next(iter([*reversed(own), *(one.id for one in waiting)]), "")
        if wanted:
            self._open("report", wanted)
        else:
            self.notify("No report waits for an answer.", markup=False)

    def _open(self, kind: str, name: str) -> None:
        screen = ReportScreen(self.hub, name) if kind == "report" else RunScreen(self.hub, name)
        self.app.push_screen(screen)


def _heads(width: int) -> tuple[str, ...]:
    if width < WIDE:
        return ("Health", "What", "Progress")
    more = ("Elapsed", "Findings", "Loss")
    return ("Health", "What", "Progress", *more, *(("Now",) if width >= WIDEST else ()))


def _rows(facts: Overview, width: int) -> list[tuple[str, Cells]]:
    places = len(_heads(width))
    waiting = [(f"report:{one.id}", _of_report(one, facts.now)) for one in facts.reports]
    active = [(f"run:{one.run.id}", _of_run(one)) for one in facts.active]
    ended = [(f"run:{one.run.id}", _of_ended(one)) for one in facts.ended]
    return [(key, cells[:places]) for key, cells in [*waiting, *active, *ended]]


def _of_report(one: Report, now: float) -> Cells:
    kind = "approval" if one.about_changes else "verdict" if one.kind == "verdict" else "report"
    head = drawing.badge(Health(kind, "ask"))
    what = Text.assemble(one.id, (f" on {one.run}" if one.run else "", drawing.DIM))
    return (head, what, drawing.deadline(one, now), Text(), Text(), Text(), Text(drawing.asked(one)))


def _of_run(row: Row) -> Cells:
    how_far = said(row.trouble, 80) if row.trouble else row.progress or row.state.replace("_", " ")
    now = Text(drawing.numbers(row))
    return (
        drawing.badge(row.health), Text(row.run.id), Text(how_far), Text(clock(row.elapsed_s)),
        drawing.found(row), drawing.spark(row.spark), now,
    )  # fmt: skip


def _of_ended(row: Row) -> Cells:
    state = Text(row.state.replace("_", " "), style=drawing.DIM)
    name = Text(row.run.id, style=drawing.DIM)
    return (drawing.badge(row.health), name, state, Text(took(row.elapsed_s)), drawing.found(row), Text(), Text())


def _happened(facts: Overview) -> Text:
    """Return what is owed and what happened lately; where nothing did, how to begin."""
    if not facts.active and not facts.ended:
        return Text("No run yet. Start one: watchkeeper start MODEL quick", style=drawing.DIM)
    owed = [drawing.marked("warn", f"{one} is owed by the trainer") for one in facts.owed[:2]]
    lately = [Text.assemble((f"{line.run} ", drawing.DIM), line.what) for _, line in facts.events[:HAPPENED]]
    return drawing.lines([*owed, *lately])
