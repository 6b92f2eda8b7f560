"""The wait of a poll: look, answer at once on news, else judge and sleep until something moves or time is over.

A poll holds no state: asked again with the same cursor, by whichever server, it gives the same updates.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import anyio

from ...storage.record import Run
from ...storage.record.cursor import issue, seq_of
from ...storage.record.records import FindingSeen
from ...vocabulary.errors import StorageFailed, WatchkeeperError
from ...vocabulary.runs import Level, Role, RunState
from ...vocabulary.sanitize import one_line
from ..desk import Desk, in_thread
from ..report.reports import open_overdue
from ..start import stop
from ..watch.look import LOOK_WITHIN_S, Look, Watcher, find_run
from ..write import diary_evidence
from . import overdue, status_line, updates
from .updates import News
from .waker import Waker

NOTED_LATELY_S = 5.0
"""Who was noted as watching less than this ago is not noted again: each note is a write that waits for the disk."""
LOOK_EVERY_S = 2.0
"""A poll looks at least this often by itself: a process may end or stall without any file telling."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a poll came back with: the last look at each run, the news, and the cursor to ask with next.

    :ivar unwritten: why what is new could not be recorded; empty when it was.
    :ivar in_vain: the time was over before there was anything to tell.
    :ivar trouble: of a poll of all runs, by id, why a run could not be looked at; the others are watched all the same.
    """

    looks: tuple[Look, ...]
    news: News
    cursor: str
    trouble: Mapping[str, str] = field(default_factory=dict[str, str])
    unwritten: str = ""
    in_vain: bool = False


async def poll(desk: Desk, run: str | None, cursor: str, wait_s: float, include_text: bool) -> Seen:
    """Watch one run, or all active ones, until there is news or the time is over.

    :param run: a run's id; None for all.
    :raises NotFound: if there is no such run.
    """
    round_ = _Round(desk, run, cursor, include_text, wait_s)
    deadline = anyio.current_time() + wait_s
    try:
        await in_thread(round_.begin)
        waker = Waker(round_.paths)  # made before the first look, so that nothing in between is missed
        seen = await in_thread(round_.look)
        if not round_.enough(seen) and anyio.current_time() < deadline:
            async with waker:  # only for a poll that waits: inotify takes milliseconds to give back
                seen = await _waited(round_, waker, seen, deadline)
        elif not round_.enough(seen):  # who asks again and again without waiting is told of a hang too
            seen = await in_thread(round_.judged, seen)
        in_vain = not round_.enough(seen)
        await in_thread(round_.close)
    finally:
        round_.stop.set()
    return replace(seen, in_vain=in_vain)


async def _waited(round_: _Round, waker: Waker, seen: Seen, deadline: float) -> Seen:
    """Look again whenever something moved, until there is news or the time is over."""
    while not round_.enough(seen) and (left := deadline - anyio.current_time()) > 0:
        if not any(look.behind_bytes and not look.awaited for look in seen.looks):
            await in_thread(round_.judge, seen.looks)
            await waker.wait(min(left, LOOK_EVERY_S))
        seen = await in_thread(round_.look)
    return seen


class _Round:
    """The looks of one poll."""

    def __init__(self, desk: Desk, run: str | None, cursor: str, include_text: bool, wait_s: float) -> None:
        self._desk = desk
        self._deadline = time.monotonic() + wait_s
        self._looked_once = False
        self._run = run
        self._asked = cursor
        self._scope = run or "*"
        self._include_text = include_text
        self._after: int | None = None
        self._watchers: dict[str, Watcher] = {}
        self._noted = False
        self._trouble: dict[str, str] = {}
        self._unwritten = ""
        self.stop = threading.Event()
        self.paths: list[Path] = []

    def begin(self) -> None:
        newest = self._desk.ledger.head()[0]
        self._after = seq_of(self._asked, self._desk.ledger.id, self._scope, newest)
        runs = self._runs()
        self.paths = [self._desk.workspace.ledger_path, *self._files(runs)]
        if self._desk.role is Role.TRAINER and (after := self._after) is not None:
            with self._recorded():
                updates.carry_out_told(self._desk, self._run, after)

    def _runs(self) -> list[Run]:
        if self._run is not None:
            return [find_run(self._desk, self._run)]
        return self._desk.ledger.runs(open_only=True)

    def _files(self, runs: Iterable[Run]) -> Iterable[Path]:
        for run in runs:
            yield self._desk.workspace.run_dir(run.id)
            yield self._desk.workspace.root / run.log

    def look(self) -> Seen:
        self._unwritten = ""
        looks = tuple(self._look_at(self._runs()))
        if self._desk.role is Role.TRAINER:
            for look in looks:
                with self._kept_apart(look.run), self._recorded():
                    stop.carry_out(self._desk, look.run)
        if not self._noted:
            self._noted = True
            with self._recorded():
                self._note(looks)
        found = updates.since(self._desk, self._after, self._run, self._include_text)
        salt = int(self._desk.clock() * 1000)
        issued = issue(self._desk.ledger.id, self._scope, found.seq, after=self._asked, salt=salt)
        return Seen(looks, found, issued, dict(self._trouble), self._unwritten)

    def _note(self, looks: Sequence[Look]) -> None:
        """Record what follows from the fact that somebody looks, and from the time that passed."""
        if self._desk.role is Role.TRAINER:
            note_gaps(self._desk, looks)
            self._prove(looks)
        open_overdue(self._desk, self._run)
        overdue.note(self._desk, self._run)

    @contextmanager
    def _recorded(self) -> Generator[None]:
        """Around what writes: where the disk refuses, the poll goes on and says so, as reading needs no writing."""
        try:
            yield
        except StorageFailed as error:
            self._unwritten = f"not recorded: {one_line(error.what, 120)}"

    def _look_at(self, runs: Sequence[Run]) -> Iterator[Look]:
        """Look at each run; what is left of the time for one look is shared by those that are left."""
        ends = time.monotonic() + self._look_within_s()
        for number, run in enumerate(runs):
            if look := self._looked(run, max(0.0, ends - time.monotonic()) / (len(runs) - number)):
                yield look

    def _look_within_s(self) -> float:
        """Return how long a look may read so that the answer comes while the client waits for it."""
        most_s = min(LOOK_WITHIN_S, self._desk.policy.watch.max_wait_s / 2)
        if self._looked_once:
            return min(most_s, max(0.0, self._deadline - time.monotonic()))
        self._looked_once = True
        return most_s

    def _looked(self, run: Run, within_s: float) -> Look | None:
        with self._kept_apart(run):
            return self._seen(run, within_s)
        return None

    def _seen(self, run: Run, within_s: float) -> Look:
        watcher = self._watcher(run)
        watcher.within_s = within_s
        with self._recorded():
            return watcher.look()
        self._watchers.pop(run.id)  # what it read is not on record: another one reads it again
        return self._watcher(run).glance()

    @contextmanager
    def _kept_apart(self, run: Run) -> Generator[None]:
        """Around what is done about one run: where all are watched, its trouble is its own and hides no other."""
        try:
            yield
        except Exception as error:
            if self._run is not None:
                raise
            self._trouble[run.id] = _trouble(error)
            self._watchers.pop(run.id, None)
        else:
            self._trouble.pop(run.id, None)

    def _prove(self, looks: Sequence[Look]) -> None:
        """Append to the diary what a later attempt proved; a diary that cannot be written must not stop a watch."""
        for model in {look.run.model for look in looks if look.run.status == "ended"}:
            with suppress(WatchkeeperError):
                diary_evidence.catch_up(self._desk, model)

    def judge(self, looks: Sequence[Look]) -> None:
        for look in looks:
            with self._kept_apart(look.run), self._recorded():
                self._watcher(look.run).judge(look.status)

    def judged(self, seen: Seen) -> Seen:
        """Return the look after one that was judged; the same one while there is more of a log to read first."""
        if any(look.behind_bytes for look in seen.looks):
            return seen
        self.judge(seen.looks)
        refused = self._unwritten  # the look after it may have no time left to try once more
        again = self.look()
        return replace(again, unwritten=again.unwritten or refused)

    def _watcher(self, run: Run) -> Watcher:
        if run.id not in self._watchers:
            self._watchers[run.id] = Watcher(self._desk, run, self.stop)
        return self._watchers[run.id]

    def enough(self, seen: Seen) -> bool:
        """Whether there is something to tell, or nothing left to wait for."""
        if seen.news and (self._after is not None or self._presses(seen.news)):
            return True
        if self._run is None:  # without a cursor it is the brief of a new session, which waits for nothing
            return self._after is None
        if status_line.due(self._desk, seen.looks[0].run, seen.looks[0].status):
            return True
        look = seen.looks[0]
        if look.behind_bytes:  # what the log's end or another server's look tells is still to come
            return False
        return look.status.state.final and look.status.settled and not self._waits_for_answer()

    def _presses(self, told: News) -> bool:
        """Whether what stands asks for an act; a flag alone goes with the answer and does not end the wait."""
        return told.moved or bool(told.answers) or any(one["level"] == Level.FAILURE for one in told.findings)

    def _waits_for_answer(self) -> bool:
        reports = self._desk.ledger.reports(run=self._run, open_only=True)
        return any(one.status == "open" for one in reports)

    def close(self) -> None:
        """Keep the place in each log and note that this role was here."""
        for watcher in list(self._watchers.values()):
            with self._kept_apart(watcher.run), self._recorded():
                watcher.keep_place()
        with self._recorded():
            note(self._desk, self._watchers)


def _trouble(error: Exception) -> str:
    """Return why a run could not be looked at; an error that nobody meant to raise may quote the log, and does not."""
    if isinstance(error, WatchkeeperError):
        return str(error)
    if isinstance(error, OSError):
        return f"its files cannot be read: {error.strerror or type(error).__name__}"
    return f"{type(error).__name__} inside watchkeeper; this is a defect, please report it"


def note_gaps(desk: Desk, looks: Sequence[Look]) -> None:
    """Record for how long no trainer looked at a run while it went on, where that is longer than the policy allows."""
    now = desk.clock()
    for look in looks:
        run, status = look.run, look.status
        last = desk.ledger.watched(run.id, Role.TRAINER) or run.at
        if status.state is RunState.QUEUED:
            continue  # nothing of it goes on that could be watched
        until = min(now, status.ended_at or now) if status.state.final else now
        if until - last > desk.policy.watch.gap_minutes * 60:
            _record_gap(desk, run, last, until)
    note(desk, (look.run.id for look in looks))


def note(desk: Desk, runs: Iterable[str]) -> None:
    """Note that this desk's role looks at these runs now, where it was not noted a moment ago."""
    now = desk.clock()
    stale = [run for run in runs if now - (desk.ledger.watched(run, desk.role) or 0.0) > NOTED_LATELY_S]
    if stale:
        desk.ledger.saw(stale, desk.role, now)


def _record_gap(desk: Desk, run: Run, begin: float, end: float) -> None:
    since, until = (datetime.fromtimestamp(at, UTC).strftime("%H:%M") for at in (begin, end))
    finding = f"{run.id}:unwatched-{int(begin)}"
    gap = FindingSeen(
        kind="watch_gap", level=Level.FLAG, message=f"unwatched {since}-{until} UTC", log=run.log, updated_at=end
    )
    with desk.ledger.transaction() as transaction:
        if transaction.finding(finding) is None:
            transaction.append(gap, finding, run=run.id, model=run.model)
