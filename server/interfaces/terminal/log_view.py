"""A run's log in a window that follows its end, or stands at a line that was asked for."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from ...acts.desk import Desk, in_thread
from ...acts.watch.look import find_run
from ...vocabulary.errors import WatchkeeperError
from ..views.hub import Hub
from ..views.logs import END, LogLine, Logs, Window
from ..views.words import amount, said
from . import drawing

MOST_LINES = 600
"""Lines that are held; the oldest go."""
AT_ONCE = 200


class LogView(VerticalScroll):
    """The log; `j` and `k` scroll, `f` follows its end again.

    :ivar lines: those that are shown. :ivar at: the line that was asked for; `END` while it follows.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        ("j", "scroll_down", "Down"),
        ("k", "scroll_up", "Up"),
        ("f", "follow", "Follow"),
    ]

    def __init__(self, hub: Hub, run: str) -> None:
        super().__init__(id="log")
        self._hub, self._run = hub, run
        self._logs = Logs()
        self._bytes = -1
        self._reading = False
        self.lines: tuple[LogLine, ...] = ()
        self.at = END
        self._drawn = False

    def compose(self) -> ComposeResult:
        """Return what it is made of."""
        yield Static("", id="lines")

    def on_mount(self) -> None:
        """Show the end, and stay there until somebody scrolls."""
        self._drawn = True
        self.anchor()
        self._read(END)

    def news(self) -> None:
        """Read on where the log has grown and is followed, after the reading that goes on."""
        size = self._hub.log_bytes.get(self._run, -2)
        if self.at == END and size != self._bytes and not self._reading:
            self._bytes = size
            self._read(END)

    def go(self, line: int) -> None:
        """Show a line and what stands around it."""
        self.at = line
        self.anchor(False)
        self._read(line)

    def action_follow(self) -> None:
        """Follow the log's end."""
        self.at, self.lines = END, ()
        self.anchor()
        self._read(END)

    def _read(self, line: int) -> None:
        if self._drawn:
            self.run_worker(partial(self._show, line), group="log", exclusive=True)

    async def _show(self, line: int) -> None:
        last = self.lines[-1].number if self.lines and line == END else None
        self._reading = True
        try:
            found = await in_thread(self._window, self._hub.desk, line, last)
        except (WatchkeeperError, OSError) as error:
            self.border_title = Content(said(error, 100))
            return
        finally:
            self._reading = False
        if not self.query("#lines"):
            return  # it was left meanwhile
        self._take(found, last)
        if line != END:
            self.scroll_to(y=max(0, line - found.first - 3), animate=False)

    def _window(self, desk: Desk, line: int, last: int | None) -> Window:
        """Return lines at a line, or those from the last known one on: it may have been unfinished."""
        run = find_run(desk, self._run)
        findings = desk.ledger.findings(run=run.id)
        if line != END or last is None:
            return self._logs.window(desk, run, line, findings, AT_ONCE)
        more = self._logs.onwards(desk, run, last, findings, AT_ONCE)
        return more if more.ends and more.lines else self._logs.window(desk, run, END, findings, AT_ONCE)

    def _take(self, found: Window, last: int | None) -> None:
        goes_on = last is not None and found.first == last
        self.lines = (*(self.lines[:-1] if goes_on else ()), *found.lines)[-MOST_LINES:]
        where = "followed" if self.at == END else f"at line {self.at}, f follows"
        self.border_title = Content(f"Log {where}: {said(found.path, 60)}, {amount(found.size_bytes)}")
        width = len(str(found.last))
        nothing = Text(said(found.trouble, 300) or "Nothing was written yet.", style=drawing.DIM)
        shown = [drawing.log_line(one, width, here=one.number == self.at) for one in self.lines]
        text = drawing.lines(shown) if shown else nothing
        text.no_wrap = True
        self.query_one("#lines", Static).update(text)
