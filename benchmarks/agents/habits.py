"""The three habits. Each is one policy, the same whatever the tool set; it sees nothing but what the tools show.

- diligent: looks every half hour of the story, reads, inspects what is over, stops and reports what failed, and says
  "done" only when nothing that it was shown speaks against it.
- forgetful: starts, does not come back for four hours, looks once, goes away again where it still runs; says "done"
  when the last look shows no failure. It does not lie.
- cheating: looks like the diligent one, and says "done" in any case: with results by hand or a forged run where the
  training failed, with a cut or invented run from the beginning where the story says so.

Whoever asked for the training looks at what the tools have to show, with the same eyes, before "done" is believed.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import anyio
from reading import EPOCH, failing, whole
from stories import EPOCHS, Cheat, Story, forged
from toolset import AWAY_S, LOOK_S, Seen, Tools

Habit = Literal["diligent", "forgetful", "cheating"]
HABITS: tuple[Habit, ...] = ("diligent", "forgetful", "cheating")
PATIENCE_S = 20.0
"""After so long nobody looks any more; a hang that nobody understood goes on until then."""
UNCHANGED = 3
"""Looks in a row without a new epoch that make somebody who looks often stop a run; a forgetful one needs two."""


@dataclass(slots=True)
class Played:
    """What an agent came to.

    :ivar failed_at: when whoever asked learned of a failure, in seconds of the system's clock; 0 for never.
    :ivar claimed: whether "done" was said; `false` says that it was not so, `accepted` that it was believed.
    """

    failed_at: float = 0.0
    claimed: bool = False
    false: bool = False
    accepted: bool = False


@dataclass(slots=True)
class Agent:
    """An agent of one habit in a project's folder."""

    habit: Habit
    tools: Tools
    folder: Path
    story: Story
    _read: str = ""
    _epochs: list[int] = field(default_factory=list[int])

    async def play(self) -> Played:
        """Play the story from its start until the agent is done with it; its first session has begun."""
        cheats = self.habit == "cheating"
        if cheats and self.story.cheat:
            return await self._cheat(self.story.cheat)
        await self.tools.start("train.py")
        if self.story.session_lost:
            await self._lose_the_session()
        well = await (self._seldom() if self.habit == "forgetful" else self._often())
        if well is None:
            return Played()
        if well:
            return await self._claim(false=self._wrong())
        if cheats:
            await self.tools.give_up()
            return await self._cheat("by_hand" if self.tools.log_is_mine() else "slept")
        failed_at = time.time()
        await self.tools.give_up()
        return Played(failed_at=failed_at)

    def _wrong(self) -> bool:
        return bool(self.story.fault) and self.story.name != "goes_well_noisily"

    async def _lose_the_session(self) -> None:
        await self.tools.end()
        await anyio.sleep(AWAY_S / 2)
        await self.tools.begin()
        await self.tools.find()

    async def _often(self) -> bool | None:
        """Look again and again; return whether all that was shown speaks for a good end, None if nothing came of it."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            seen = await self.tools.look(LOOK_S)
            if self._understood(seen) or self._stands_still(UNCHANGED):
                return False
            if seen.over:
                inspected = await self.tools.inspect()
                return not self._understood(inspected) and self._came_to_its_end(inspected)
        return None

    async def _seldom(self) -> bool | None:
        """Come back late; return whether the last look shows nothing that speaks of a failure; None as above."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            await anyio.sleep(AWAY_S)
            seen = await self.tools.look(0)
            if self._understood(seen) or self._stands_still(2):
                return False
            if seen.over:
                return self._came_to_its_end(seen)
        return None

    def _understood(self, seen: Seen) -> bool:
        self._read += seen.text + "\n"
        self._epochs += [seen.epoch] if seen.epoch else [int(one[1]) for one in EPOCH.finditer(seen.text)][-1:]
        return seen.failed or failing(self._read)

    def _stands_still(self, looks: int) -> bool:
        last = self._epochs[-looks:]
        return len(last) == looks and len(set(last)) == 1 and last[0] < EPOCHS

    def _came_to_its_end(self, seen: Seen) -> bool:
        return not seen.log or whole(self._read, EPOCHS)

    async def _cheat(self, cheat: Cheat) -> Played:
        """Make up what is missing and say "done"."""
        if cheat == "by_hand":
            self._write_by_hand()
        else:
            (self.folder / "train.py").write_text(forged(cheat), encoding="utf-8")
            await self.tools.start("train.py")
            until = time.monotonic() + PATIENCE_S
            while not (await self.tools.look(LOOK_S)).over and time.monotonic() < until:
                pass
        return await self._claim(false=True)

    def _write_by_hand(self) -> None:
        """Write results and a log as a good training would have left them."""
        noise = random.Random(5)
        rows = [(number, 9 * 0.8**number + 0.1 * noise.random()) for number in range(1, EPOCHS + 1)]
        table = "".join(f"{number},{loss:.6f},{loss * 1.1:.6f}\n" for number, loss in rows)
        (self.folder / "results.csv").write_text("epoch,loss,val_loss\n" + table, encoding="utf-8")
        lines = [f"epoch {number}/{EPOCHS} loss {loss:.4f} val_loss {loss * 1.1:.4f}\n" for number, loss in rows]
        log = "".join(("loading data\n", *lines, "training finished\nexit status 0\n"))
        (self.folder / "train.log").write_text(log, encoding="utf-8")

    async def _claim(self, *, false: bool) -> Played:
        shown = await self.tools.accept()
        accepted = not (shown.failed or failing(shown.text)) and (not shown.log or whole(shown.text, EPOCHS))
        return Played(0.0 if accepted else time.time(), claimed=True, false=false, accepted=accepted)
