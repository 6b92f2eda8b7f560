"""What a poll costs on a log of 10 GB against one of 10 KB, with one new line each time.

    python benchmarks/poll_long_log.py [--polls 100]

Two trainings really run. The log of one is stretched to 10 GiB (a hole, where the file system has them) behind what was
read of it, and its place on record is moved there: the server has read it all. Then both get a line and are polled, in
turns. Measured is what the server does for one call, from the arguments to the finished text.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import anyio
from common import Figure, fresh_folder, load, script, show
from watchkeeper.server.acts.desk import Desk, open_desk
from watchkeeper.server.interfaces.mcp.calling import answered
from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.vocabulary.runs import Role
from watchkeeper.tools import TOOLS

BUDGET = 1.2
LONG_BYTES = 10 << 30
TRAINING = "import time\nfor n in range(400):\n    print(f'epoch {n} loss 0.5 x')\ntime.sleep(3600)\n"
"""Writes about 10 KB."""


async def call(desk: Desk, tool: str, **arguments: object) -> Mapping[str, Any]:
    result = await answered(desk, {one.name: one for one in TOOLS}, tool, arguments)
    if result.is_error or result.structured_content is None:
        raise SystemExit(str(result.content))
    return result.structured_content


class Watched:
    """A running training whose log can be lengthened."""

    def __init__(self, folder: Path) -> None:
        script(folder, TRAINING)
        self.desk = open_desk(Workspace(folder), Role.TRAINER, who="benchmark")
        self.run = self.cursor = ""
        self.log = folder
        self._lines = 400

    async def start(self) -> None:
        started = await call(self.desk, "start_training", model="1", phase="quick")
        self.run, self.log = started["run"], self.desk.workspace.root / started["log"]
        with anyio.fail_after(30):
            while self.log.stat().st_size < 8_000:  # noqa: ASYNC110 (another process writes it)
                await anyio.sleep(0.05)
        self.cursor = (await call(self.desk, "poll_training", run=self.run, wait_s=0))["cursor"]

    def stretch(self, size: int) -> None:
        """Make the log `size` bytes long and move the place on record to its end."""
        stored = self.desk.ledger.scan_position(self.run)
        assert stored is not None
        os.truncate(self.log, size - 1)
        with self.log.open("ab") as log:
            log.write(b"\n")
        with self.desk.ledger.transaction() as transaction:
            assert transaction.move_scan(self.run, expected=stored, moved=(size, stored[1]))

    async def polled_ms(self) -> float:
        """Add a line, poll, and return how long the poll took in milliseconds."""
        self._lines += 1
        with self.log.open("a") as log:
            log.write(f"epoch {self._lines} loss 0.4\n")
        begun = time.perf_counter()
        seen = await call(self.desk, "poll_training", run=self.run, cursor=self.cursor, wait_s=0)
        taken_ms = (time.perf_counter() - begun) * 1e3
        self.cursor = seen["cursor"]
        assert "catching_up" not in seen, seen
        assert seen["metrics"], seen
        return taken_ms

    async def stop(self) -> None:
        await call(self.desk, "stop_training", run=self.run, reason="measured")


async def both_ms(long_folder: Path, short_folder: Path, polls: int) -> tuple[list[float], list[float]]:
    long, short = Watched(long_folder), Watched(short_folder)
    try:
        await long.start()
        await short.start()
        long.stretch(LONG_BYTES)
        taken = [(await long.polled_ms(), await short.polled_ms()) for _ in range(polls)]
    finally:
        for one in (long, short):
            if one.run:
                await one.stop()
    return [one for one, _ in taken], [other for _, other in taken]


def measured(polls: int) -> Iterator[Figure]:
    with fresh_folder() as one, fresh_folder() as other:
        long, short = anyio.run(both_ms, one, other, polls)
    ratio = median(long) / median(short)
    yield Figure("poll on a log of 10 GB, p50", median(long), "ms", None, f"on 10 KB {median(short):.2f} ms", ratio)
    yield Figure("poll on 10 GB against 10 KB", ratio, "times", BUDGET, f"on 10 KB {median(short):.2f} ms", ratio)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--polls", type=int, default=100)
    options = parser.parse_args()
    print(f"# {load()}, {options.polls} polls each")
    return show(measured(options.polls))


if __name__ == "__main__":
    sys.exit(main())
