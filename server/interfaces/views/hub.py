"""What all open pages share: one watch over all runs, and the events of the record as they come, told to each page.

The number of an event on a page is its number in the record, so a page that was away, or whose server was started
again, asks for what it missed by the last number that it saw.
"""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import anyio
import anyio.lowlevel

from ...acts.desk import Desk, in_thread
from ...acts.poll import poll
from ...acts.poll.waker import Waker
from ...acts.watch.look import Look
from ...storage.record import Event, Run
from ...vocabulary.errors import StorageFailed, WatchkeeperError
from ..commands.following import line_of

ROUND_S = 15.0
TRY_AGAIN_S = 3.0
LOOK_S = 0.5
"""Two looks at the record and the logs are at least so far apart, however fast they grow."""
MOST_KEPT = 2_000
"""Events that are held ready; a page that missed more is told to load itself again."""


@dataclass(frozen=True, slots=True)
class Told:
    """An event as it is told to pages.

    :ivar seq: its number in the record. :ivar text: JSON.
    """

    seq: int
    run: str
    text: str


class Hub:
    """Watches and tells; `run` does both until it is cancelled.

    :ivar desk: the desk with the policy as it was read last.
    :ivar looks: the newest look at each active run.
    :ivar trouble: why nothing can be recorded at present; empty where all is well.
    :ivar log_bytes: the size of each active run's log.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = self.desk = desk
        self._kept: deque[Told] = deque(maxlen=MOST_KEPT)
        self._seq = desk.ledger.head()[0]
        self._first = self._seq + 1
        self._news = anyio.Event()
        self.looks: Mapping[str, Look] = {}
        self.trouble = ""
        self.log_bytes: Mapping[str, int] = {}
        self.closed = False

    @property
    def seq(self) -> int:
        """The number of the newest event that was told."""
        return self._seq

    def close(self) -> None:
        """Let whoever waits for news leave; must be called in the event loop."""
        self.closed = True
        self._wake()

    async def run(self) -> None:
        """Watch and tell for ever."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._watch)
            tasks.start_soon(self._tell)

    async def _watch(self) -> None:
        """Keep the record of all active runs up to date, as any watcher does."""
        cursor = ""
        while True:
            try:
                self.desk = await in_thread(self._desk.current)
                seen = await poll.poll(self.desk.patient(ROUND_S), None, cursor, ROUND_S, include_text=False)
            except (WatchkeeperError, OSError) as error:
                # A full disk, a disk that is away or a broken policy passes; pages go on showing what there is.
                self.trouble = str(error)
                await anyio.sleep(TRY_AGAIN_S)
                continue
            cursor, self.trouble = seen.cursor, seen.unwritten
            self.looks = {one.run.id: one for one in seen.looks}
            await anyio.lowlevel.checkpoint()

    async def _tell(self) -> None:
        while True:
            paths = await in_thread(self._paths)
            async with Waker(list(paths.values())) as waker:  # made before it is read, so that nothing is missed
                while True:
                    with suppress(StorageFailed):
                        self._take(await in_thread(self._since), await in_thread(self._sizes))
                    if await in_thread(self._paths) != paths:
                        break
                    await waker.wait(ROUND_S)
                    await anyio.sleep(LOOK_S)

    def _paths(self) -> dict[str, Path]:
        root, ledger = self._desk.workspace.root, self._desk.workspace.ledger_path
        return {"": ledger, **{one.id: root / one.log for one in self._active()}}

    def _active(self) -> Sequence[Run]:
        try:
            return self._desk.ledger.runs(open_only=True)
        except WatchkeeperError:  # said by the watch, which meets it too
            return []

    def _since(self) -> list[Told]:
        found: list[Event] = []
        while batch := self._desk.ledger.events(after=found[-1].seq if found else self._seq):
            found.extend(batch)
        return [told(self._desk, one) for one in found]

    def _sizes(self) -> dict[str, int]:
        sizes: dict[str, int] = {}
        for one in self._active():
            with suppress(OSError):
                sizes[one.id] = os.stat(self._desk.workspace.root / one.log).st_size
        return sizes

    def _take(self, found: Sequence[Told], sizes: Mapping[str, int]) -> None:
        if not found and sizes == self.log_bytes:
            return
        self._kept.extend(found)
        self._seq = found[-1].seq if found else self._seq
        self._first = self._kept[0].seq if self._kept else self._seq + 1
        self.log_bytes = sizes
        self._wake()

    def _wake(self) -> None:
        news, self._news = self._news, anyio.Event()
        news.set()

    async def news(self, within_s: float) -> None:
        """Wait for the next news, or until the time is over."""
        with anyio.move_on_after(within_s):
            await self._news.wait()

    async def since(self, seq: int) -> list[Told] | None:
        """Return the events after a number, in order; None where they are too many to be told one by one."""
        if seq + 1 >= self._first:
            return [one for one in self._kept if one.seq > seq]
        if self._seq - seq > MOST_KEPT:
            return None
        missed = await in_thread(self._missed, seq)
        return [*missed, *(one for one in self._kept if one.seq > seq)]

    def _missed(self, seq: int) -> list[Told]:
        events = self._desk.ledger.events(after=seq, limit=MOST_KEPT)
        return [told(self._desk, one) for one in events if one.seq < self._first]


def told(desk: Desk, event: Event) -> Told:
    """Return an event as pages are told of it: what is quoted as `untrusted` is shown as text and nothing else."""
    line = line_of(desk, event)
    said = {} if line is None else {name: value for name, value in asdict(line).items() if value}
    about = {"seq": event.seq, "kind": event.kind, "run": event.run, "model": event.model, **said}
    return Told(event.seq, event.run, json.dumps(about, ensure_ascii=False))
