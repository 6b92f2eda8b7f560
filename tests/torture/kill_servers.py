"""Servers are killed at random moments of every act; two clients go on, and what was acknowledged is compared.

    python -m tests.torture.kill_servers --wanted 5000 --seed 1000 --results FILE      # from the project's root

Judged from outside: the client's own list of what was acknowledged, what the trainings themselves wrote down, /proc,
the chain. One round is one workspace and thirty acts (day.py).
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path
from typing import Any

from ..limits import HANG_S
from . import campaign, forked
from .day import Day

ACTS = 30
"""Of one round."""
ANSWERED = 0.1
"""The share of acts that are answered before the kill; of the others the moment is drawn over what the act takes."""
took_s: dict[str, float] = {}
"""How long each act takes, from the fork to the answer; the moments of kills are drawn from it."""


def play(folder: Path, draw: random.Random, found: campaign.Round) -> None:
    """Play one round in an empty folder."""
    day = Day(folder, folder / "workspace", draw)
    one = _Round(day, draw, found)
    for _ in range(ACTS):
        one.act()
        found.violations += day.known.violations()
        if found.violations:
            return
    day.end()
    found.violations += day.known.violations() + day.known.untrue()


class _Round:
    def __init__(self, day: Day, draw: random.Random, found: campaign.Round) -> None:
        self.day, self.draw, self.found = day, draw, found
        self._again: tuple[str, str, dict[str, Any]] | None = None

    def act(self) -> None:
        """Do one act, new or the one before again, whose server is killed; maybe another server does it as well."""
        again = self._again if self._again and self.draw.random() < 0.5 else None
        role, tool, arguments = again or self.day.drawn()
        beside = self.day.server(role) if self.draw.random() < 0.25 else None
        if beside:
            beside.ask(tool, arguments)
        begun = time.monotonic()
        server = self.day.server(role)
        server.ask(tool, arguments)
        self.day.known.asked(tool, arguments)
        wanted = tool not in took_s or self.draw.random() < ANSWERED
        answer = server.answer(HANG_S if wanted else self.draw.random() * took_s[tool])
        tree = self.draw.random() < 0.3
        if wanted:
            took_s[tool] = 0.7 * took_s.get(tool, time.monotonic() - begun) + 0.3 * (time.monotonic() - begun)
            assert answer is not None, f"{tool} {arguments}: no answer"
        server.kill(tree=tree)
        self.found.faults[f"{'after' if answer else 'in'} {tool}{', tree' if tree else ''}"] += 1
        self._again = None if answer else (role, tool, arguments)
        if answer:
            self.day.known.take(tool, arguments, answer)
        if beside:
            self._answered(beside, tool, arguments)

    def _answered(self, server: forked.Forked, tool: str, arguments: dict[str, Any]) -> None:
        """Take the answer of a server that is not killed; then it is told again what stands: that comes soon."""
        answer = server.answer(HANG_S)
        assert answer is not None, f"beside: {tool} {arguments}: no answer"
        self.day.known.take(tool, arguments, answer)
        begun = time.monotonic()
        server.ask("poll_training", {"wait_s": 0})
        polled = server.answer(HANG_S)
        self.found.slowest_s = max(self.found.slowest_s, time.monotonic() - begun)
        assert polled, "beside: a poll without an answer"
        self.day.known.take("poll_training", {}, polled)
        server.kill()


def main(arguments: list[str]) -> int:
    """Play; return 1 if anything did not hold."""
    forked.load()
    return campaign.run(play, arguments, __doc__ or "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
