"""A run's screen: where it stands, its findings, its log, its curves and usage, its verdict."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option

from ...acts.desk import Desk
from ...storage.record import Finding
from ..views import run_page
from ..views.hub import Hub
from ..views.run_page import RunPage
from . import drawing
from .following import Following
from .log_view import LogView
from .report_screen import ReportScreen

MOST_FINDINGS = 60


class RunScreen(Following[RunPage]):
    """A run. `j` and `k` go through its findings, Enter leads to the line of the one that is chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "app.back", "Back"),
        ("j", "finding('down')", "Down"),
        ("k", "finding('up')", "Up"),
        ("r", "report", "Report"),
        ("f", "follow", "Follow the log"),
    ]

    def __init__(self, hub: Hub, run: str) -> None:
        super().__init__(hub)
        self._run = run
        self._shown: list[Finding] = []

    def compose(self) -> ComposeResult:
        """Return what it is made of."""
        yield Static(id="head")
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield OptionList(id="findings")
                yield LogView(self.hub, self._run)
            with VerticalScroll(id="side"):
                yield Static("…", id="curves")
        yield Static(id="trouble")
        yield Footer()

    def on_mount(self) -> None:
        """Name the parts; Textual calls the one of `Following` too."""
        self.query_one("#findings").border_title = "Findings"

    def read(self, desk: Desk) -> RunPage:  # noqa: D102
        return run_page.gather(desk, self._run, self.hub.looks)

    def show(self, facts: RunPage) -> None:  # noqa: D102
        self.query_one("#head", Static).update(drawing.head(facts))
        self.query_one("#curves", Static).update(drawing.side(facts))
        self._findings(facts)
        self.query_one(LogView).news()

    def _findings(self, facts: RunPage) -> None:
        found = list(facts.findings[:MOST_FINDINGS])
        if found == self._shown and found:
            return
        self._shown = found
        listed = self.query_one("#findings", OptionList)
        chosen = listed.highlighted
        listed.clear_options()
        if not found:
            so_far = " so far" if facts.going_on else ""
            listed.add_option(Option(drawing.marked("good", f"nothing was found{so_far}"), disabled=True))
            return
        listed.add_options([Option(drawing.finding(one, facts.parts.get(one.id, 0)), id=one.id) for one in found])
        listed.highlighted = min(chosen or 0, len(found) - 1)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Show the line of the log that a finding stands on."""
        found = next((one for one in self._shown if one.id == event.option_id), None)
        if found is not None and found.line:
            self.query_one(LogView).go(found.line)

    def action_finding(self, way: str) -> None:
        """Move as the arrows do."""
        listed = self.query_one("#findings", OptionList)
        listed.focus()
        (listed.action_cursor_down if way == "down" else listed.action_cursor_up)()

    def action_follow(self) -> None:
        """Follow the log's end."""
        self.query_one(LogView).action_follow()

    def action_report(self) -> None:
        """Open the run's newest report that waits, else its newest one."""
        reports = self.facts.reports if self.facts else ()
        wanted = next((one for one in reversed(reports) if one.status == "open"), reports[-1] if reports else None)
        if wanted is None:
            self.notify("This run has no report.", markup=False)
        else:
            self.app.push_screen(ReportScreen(self.hub, wanted.id))
