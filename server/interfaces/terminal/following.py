"""A screen that shows facts of the record and reads them again, in a thread, whenever there is news."""

from __future__ import annotations

from typing import Generic, TypeVar

from textual import getters
from textual.app import App
from textual.screen import Screen
from textual.widgets import Static

from ...acts.desk import Desk, in_thread
from ...vocabulary.errors import WatchkeeperError
from ..views.hub import Hub
from ..views.words import said
from . import drawing

F = TypeVar("F")


class Host(App[None]):
    """What screens know of the application."""


class Following(Screen[None], Generic[F]):
    """A screen of the facts `F`.

    :ivar facts: as they were read last; None before.
    """

    app = getters.app(Host)
    begun = False
    """Whether something was typed or ticked here that is not recorded."""

    def __init__(self, hub: Hub) -> None:
        super().__init__()
        self.hub = hub
        self.facts: F | None = None
        self._drawn = self._due = self._reading = False

    def read(self, desk: Desk) -> F:
        """Return the facts; in a thread, as the ledger and files may take their time."""
        raise NotImplementedError

    def show(self, facts: F) -> None:
        """Draw them."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Read for the first time: only now there is something to draw on."""
        self._drawn = True
        self.reread()

    def on_screen_resume(self) -> None:
        """Read what came while another screen was in front."""
        if self.facts is not None:
            self.reread()

    def reread(self) -> None:
        """Read the facts again, after the reading that goes on: news that come faster than it must not end it."""
        self._due = True
        if self._drawn and not self._reading:
            self._reading = True
            self.run_worker(self._read_while_due, group="facts")

    async def _read_while_due(self) -> None:
        try:
            while self._due:
                self._due = False
                await self._reread()
        finally:
            self._reading = False

    async def _reread(self) -> None:
        try:
            facts = await in_thread(self.read, self.hub.desk)
        except (WatchkeeperError, OSError) as error:
            self.say("bad", str(error))
            return
        if not self.query("#trouble"):
            return  # it was left meanwhile
        self.facts = facts
        self.say("warn", self.hub.trouble)
        self.show(facts)

    def say(self, tone: str, text: str) -> None:
        """Say in the line above the foot what is wrong; an empty text takes it away."""
        for line in self.query("#trouble").results(Static):
            line.update(drawing.marked(tone, said(text, 400)) if text else "")
            line.display = bool(text)
