"""`watchkeeper top` under Textual's pilot, and what stands on its screen as plain lines."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import anyio
from textual.pilot import Pilot
from watchkeeper.server.acts.desk import open_desk
from watchkeeper.server.interfaces.terminal.app import Top
from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.vocabulary.runs import Role

from ...limits import HANG_S

WIDE, NARROW = (120, 36), (46, 22)
WHO = "person over the terminal, uid 1"


def shown_as(length: int) -> str:
    """Return a folder of so many letters, so that what is photographed stands where it stood."""
    return f"{'/home/ana/research/hierarchical-models-of-schools/drafts-of-november/partial-pooling':-<{length}}"[
        :length
    ]


class Terminal:
    """Somebody in front of it."""

    def __init__(self, pilot: Pilot[None], app: Top) -> None:
        self.app = app
        self._pilot = pilot

    async def press(self, *keys: str) -> None:
        await self._pilot.press(*keys)

    async def becomes(self, columns: int, lines: int) -> None:
        """Make the terminal larger or smaller, and have it drawn so."""
        await self._pilot.resize_terminal(columns, lines)
        await self._pilot.pause()

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        """Wait for what must come."""
        with anyio.move_on_after(HANG_S):
            while not condition():
                await self._pilot.pause(0.02)
            return
        raise AssertionError(f"{what or condition} did not come:\n{self.text}")

    async def sees(self, *words: str) -> None:
        for word in words:
            await self.until(lambda word=word: word in self.text, word)

    @property
    def text(self) -> str:
        """What stands on the screen, line by line."""
        strips = self.app.screen._compositor.render_strips()  # pyright: ignore[reportPrivateUsage] # as Textual's own snapshots
        return "\n".join(strip.text for strip in strips)

    def photographed(self, name: str) -> None:
        """Keep the screen as SVG in the folder that WATCHKEEPER_PICTURES names; its font is that of the reader."""
        if folder := os.environ.get("WATCHKEEPER_PICTURES"):
            picture = re.sub(r"@font-face \{.*?\}\s*", "", self.app.export_screenshot(simplify=True), flags=re.DOTALL)
            home = str(self.app.hub.desk.workspace.root.parent)
            picture = picture.replace(home, shown_as(len(home)))
            assert "http" not in picture.replace("http://www.w3.org", "").replace("https://www.textualize.io", "")
            (Path(folder) / f"{name}.svg").write_text(picture, "utf-8")


@asynccontextmanager
async def top(root: Path, size: tuple[int, int] = WIDE, *, colour: bool = True) -> AsyncGenerator[Terminal]:
    """Give it on a terminal of so many columns and lines."""
    desk = open_desk(Workspace(root), Role.PERSON, who=WHO)
    with closing(desk.ledger):
        app = Top(desk, colour=colour)
        async with app.run_test(size=size) as pilot:
            yield Terminal(pilot, app)
