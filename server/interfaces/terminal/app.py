"""`watchkeeper top`: what the page shows, for people who live in a terminal."""

from __future__ import annotations

import signal
import traceback
from typing import ClassVar

import anyio
from rich.text import Text
from textual.binding import BindingType
from textual.screen import Screen

from ...acts.desk import Desk
from ...vocabulary.sanitize import outgoing
from ..views.hub import Hub
from .asking import Asking, Keys
from .following import Following, Host
from .overview_screen import OverviewScreen

FRESH_S = 5.0
"""Running times are drawn again without an event."""
APART_S = 0.5
LONGEST_TRACEBACK = 8_000
DEFECT = "It is a defect of watchkeeper: please report what stands above. Runs go on."
STYLE = """
Screen { layout: vertical; }
#head { height: auto; padding: 0 1; }
#table { height: 1fr; }
#happened { height: auto; max-height: 8; padding: 0 1; border-top: solid $foreground; }
#trouble, #refused { height: auto; max-height: 6; padding: 0 1; display: none; }
#body { height: 1fr; }
#left { width: 3fr; }
#side { width: 2fr; padding: 0 1; border-left: solid $foreground; }
#findings { height: auto; max-height: 9; min-width: 12; border: round $foreground; background: transparent; }
#log { height: 1fr; border: round $foreground; scrollbar-size-horizontal: 1; overflow-x: auto; }
#lines { width: auto; min-width: 100%; }
#story { width: 3fr; padding: 0 1; }
#form { width: 2fr; padding: 0 1; border-left: solid $foreground; }
#form Label { padding-top: 1; width: 100%; }
#form .toggle--button { color: $foreground; background: $panel; }
#form .-on > .toggle--button { color: black; background: #7ddc7d; }
#changes { height: auto; max-height: 12; }
#instructions { height: 6; }
.-narrow #body { layout: vertical; }
.-narrow #left, .-narrow #side, .-narrow #story, .-narrow #form { width: 100%; height: 1fr; border-left: none; }
.-narrow #left { height: 2fr; }
.-short #happened { display: none; }
.-short .box { padding: 0 1; }
#log:focus, #findings:focus, #side:focus, #story:focus { border: heavy $foreground; }
DataTable > .datatable--cursor { text-style: reverse bold; }
#findings > .option-list--option-highlighted { background: $panel; color: $foreground; text-style: bold underline; }
Asking, Keys { align: center middle; }
.box { width: auto; max-width: 90%; height: auto; padding: 1 2; border: heavy $foreground; background: $surface; }
.box Static { width: auto; max-width: 100%; }
"""


class Top(Host):
    """The screens, and the watch that all of them follow.

    :param desk: a person's.
    :param colour: False for a terminal that shall show none.
    """

    TITLE = "watchkeeper"
    ENABLE_COMMAND_PALETTE = False
    CSS = STYLE
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 (as Textual declares it)
    VERTICAL_BREAKPOINTS = [(0, "-short"), (16, "-tall")]  # noqa: RUF012 (the same)
    BINDINGS: ClassVar[list[BindingType]] = [
        ("question_mark", "keys", "Keys"),
        ("q", "quit", "Quit"),
        ("ctrl+c", "quit", "Quit"),
    ]

    def __init__(self, desk: Desk, *, colour: bool = True) -> None:
        super().__init__(ansi_color=None if colour else True)
        self.hub = Hub(desk)

    def get_default_screen(self) -> Screen[None]:
        """Return the first screen."""
        return OverviewScreen(self.hub)

    def on_mount(self) -> None:
        """Begin to watch."""
        self.run_worker(self._until_ended, group="signals")
        self.run_worker(self.hub.run, group="watch")
        self.run_worker(self._follow, group="follow")

    async def _follow(self) -> None:
        """Have the screen in front read again whenever there is news; those behind do so when they come back."""
        shown: object = None
        while True:
            if shown == (self.hub.seq, self.hub.log_bytes):  # else something came during the pause
                await self.hub.news(FRESH_S)
            shown = (self.hub.seq, self.hub.log_bytes)
            if isinstance(self.screen, Following):
                self.screen.reread()
            await anyio.sleep(APART_S)

    async def _until_ended(self) -> None:
        """Leave the terminal as it was when the process is to end, or when the terminal went away."""
        with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGHUP) as signals:
            async for one in signals:
                self.exit(return_code=128 + one)

    async def action_quit(self) -> None:
        """Quit; where an answer was begun, ask before it is lost."""
        if any(isinstance(one, Following) and one.begun for one in self.screen_stack):
            self.run_worker(self._quit, group="quit", exclusive=True)
        else:
            self.exit()

    async def _quit(self) -> None:
        if await self.push_screen_wait(Asking("Quit without recording what you wrote?")):
            self.exit()

    def _fatal_error(self) -> None:
        """Say what broke, without the values of variables that Textual would show: texts of others, a token."""
        error = self._exception
        lines = traceback.format_exception(error) if error else ["It is not known by what.\n"]
        self.panic(Text(f"{outgoing(''.join(lines), LONGEST_TRACEBACK)}\n{DEFECT}"))

    def action_keys(self) -> None:
        """Show the keys."""
        self.push_screen(Keys())
