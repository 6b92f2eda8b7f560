"""Look at a run: read what its keeper left and what its log gained, judge, and record what is new.

A look holds no state that matters: facts lie in the run directory, the position in the log and all findings in the
ledger. Two servers may look at once; each failure is recorded once, because the position is moved in the same
transaction that records what was found before it, and only from where it was read.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ...analysis.logs.blocks import FEED_BYTES
from ...analysis.logs.guarded import GuardedRecogniser
from ...analysis.logs.recognise import Change
from ...runtime.run_directory import RunStatus
from ...storage.files import log_lines
from ...storage.record import Run, Transaction
from ...storage.record.records import FindingRepeated, FindingSeen, FindingSettled
from ...vocabulary.errors import NotFound, PathRefused, WatchkeeperError
from ...vocabulary.runs import Finding, Level, RunState
from ..desk import Desk
from . import (
    attempts,
    ending,
    engine_news,
    environment,
    gpu_files,
    histories,
    lag,
    log_files,
    mending,
    stalls,
    standing,
    strays,
)

SLICE_S = 0.4
"""How long a catch-up reads before it commits what it has, so that a killed or cancelled poll loses little."""
FIRST_FEED_BYTES = 128 << 10
QUIET_S = 2.0
"""Silence of the log after which a construct at its end counts as finished."""
REPEAT_S = 60.0
"""A repeated failure is recorded at most this often."""
LOOK_WITHIN_S = 2.0
"""How long one look reads: what is left of a log of any length is the next one's."""
_EVENTS = {"seen": FindingSeen, "settled": FindingSettled, "repeated": FindingRepeated}
JUDGE_EVERY_S = 30.0
"""Curves and silence are judged at most this often within one poll, and when there is no other news."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look saw.

    :ivar metrics: the newest value of each metric that the log named.
    :ivar behind_bytes: how much of the log is not yet read; 0 when caught up.
    :ivar awaited: that much of it was written on another machine and is not to be seen here yet.
    """

    run: Run
    status: RunStatus
    metrics: Mapping[str, float]
    behind_bytes: int
    awaited: bool = False


def find_run(desk: Desk, run: str) -> Run:
    """Return a run from the record.

    :raises NotFound: naming the runs there are.
    """
    found = desk.ledger.run(run)
    if found is None:
        newest = [one.id for one in desk.ledger.runs(newest=5)]
        known = (
            f"Known runs: {', '.join(newest)}."
            if newest
            else "Nothing was started yet: start_training(model=…, phase='quick')."
        )
        raise NotFound(f"There is no run {run[:60]!r}.", known)
    return found


def look_at(desk: Desk, run: str, within_s: float = LOOK_WITHIN_S) -> Look:
    """Look at one run once, to the end of its log as far as that can be read in this time."""
    return Watcher(desk, find_run(desk, run), within_s=within_s).look()


def status_of(desk: Desk, run: str) -> RunStatus:
    """Return where a run stands by what its keeper left, without a look into its log; mend what lacks a keeper."""
    return mending.status(desk, find_run(desk, run))


class Watcher:
    """Looks at one run again and again without reading anything of its log twice.

    :param stop: when set, a long catch-up ends after the block at hand.
    :ivar within_s: how long one look reads, a block at least.
    """

    def __init__(
        self, desk: Desk, run: Run, stop: threading.Event | None = None, within_s: float = LOOK_WITHIN_S
    ) -> None:
        self._desk = desk
        self._run = run
        self._stop = stop or threading.Event()
        self._stored: tuple[int, str] | None = None
        self.within_s, self._deadline = within_s, float("inf")
        self._offset = 0
        self._beside = 0
        """How far the file was read that took the log's name, where the log was renamed."""
        self._cuts = 0
        self._kept = (0, 0)
        """The two places as they are on record."""
        self._told_renamed = False
        self._recogniser: GuardedRecogniser | None = None
        self._judged_at = float("-inf")
        self._rules = desk.policy.rules

    @property
    def run(self) -> Run:
        """The run as it stood at the last look."""
        return self._run

    def look(self) -> Look:
        """Look once: mend what lacks a keeper, read on, record what is new.

        :raises StorageFailed: if the ledger cannot be written; nothing is lost, the next look finds it again.
        """
        status = strays.going_on(self._desk, self._run, mending.status(self._desk, self._run))
        if self._run.status == "ended":
            return Look(self._run, status, {}, 0)
        self._deadline = time.monotonic() + self.within_s
        behind = self._read(status)
        if self._recogniser is None and behind:  # another server was faster: read on from where it came to,
            self._deadline = min(self._deadline, time.monotonic() + SLICE_S)  # not for long, as it reads on as well
            behind = self._read(status)
        self._hold_to_limit(status)
        self._judge(engine_news.update, status)
        awaited = 0 if behind else self._awaited(status)
        behind = behind or awaited
        if status.state.final and status.settled and not behind and not self._finish(status):
            behind = 1  # another server was faster: the next look reads what it recorded
        self._run = find_run(self._desk, self._run.id)
        metrics = dict(self._recogniser.latest) if self._recogniser else {}
        return Look(self._run, status, metrics, behind, awaited=bool(awaited))

    def _awaited(self, status: RunStatus) -> int:
        """Return how much of the log is still to come from another machine; what never comes is recorded by name."""
        unseen = lag.unseen_bytes(self._desk, self._run, status)
        if unseen and lag.waits(self._desk, f"{self._run.id}:end"):
            return unseen
        if unseen:
            self._commit([lag.missing(self._run, status, unseen)], once=True)
        return 0

    def _hold_to_limit(self, status: RunStatus) -> None:
        """End what a run left alive at the run's limit: the keeper that held the limit ended with the main process.

        What it died of is recorded first: whoever is killed in between finds it living, and ends it once more.
        """
        found = strays.past_limit(self._run, status)
        if found is not None and self._commit([Change("seen", "limit", found)], once=True):
            self._desk.engine.end_strays(self._desk.workspace.run_dir(self._run.id), self._desk.policy.keeper.grace_s)

    def glance(self) -> Look:
        """Look without recording anything: where the run stands by what its keeper left."""
        return Look(self._run, strays.going_on(self._desk, self._run, mending.status(self._desk, self._run)), {}, 0)

    def _read(self, status: RunStatus) -> int:
        """Read the log on to its present end and return how many bytes are left unread."""
        if status.log_begin is None:
            return 0
        original = log_files.where(self._desk, self._run)
        if original is None:
            self._go_by_the_record(status)
        behind = self._read_original(original, status) if original is not None else 0
        if self._recogniser is not None and original != self._run.log and not behind:
            return self._read_renamed(original)
        return behind

    def _read_original(self, path: str, status: RunStatus) -> int:
        """Read the file that the training's output goes to."""
        try:
            log = self._desk.workspace.open_beneath(path, os.O_RDONLY)
        except PathRefused:  # the script moved or removed its log; what the keeper measured still stands
            self._go_by_the_record(status)
            return 0
        try:
            about = os.fstat(log)
            end = min(about.st_size, status.log_end) if status.log_end is not None else about.st_size
            recogniser = self._recogniser or self._resume(log, status)
            if about.st_size < self._offset:
                if status.host and lag.waits(self._desk, f"{self._run.id}:{self._offset}"):
                    return 0  # a mount may show an older size for a while
                recogniser = self._begin_anew(log, status, about.st_size)
            self._read_blocks(log, end, recogniser)
            if self._offset >= end and self._desk.clock() - about.st_mtime > QUIET_S:
                self._commit(recogniser.quiet())
        finally:
            os.close(log)
        if self._recogniser is None:
            return 1
        return max(0, end - self._offset)

    def _read_renamed(self, original: str | None) -> int:
        """Tell once that the log has another name by now, and read what took its name as if it stood behind it."""
        if not self._told_renamed:
            self._told_renamed = self._commit([log_files.renamed(original)], once=True)
        recogniser = self._recogniser
        with log_files.opened_beside(self._desk, self._run) as other:
            if other is None or recogniser is None:
                return 0
            end = os.fstat(other).st_size
            self._beside = self._beside if self._beside <= end else 0  # that file was cut, or yet another took the name
            self._read_blocks(other, end, recogniser, beside=True)
        self.keep_place()
        return max(0, end - self._beside) if self._recogniser is recogniser else 1

    def _go_by_the_record(self, status: RunStatus) -> None:
        """Without its log, take up what was read of it, or the end could never be recorded behind that place."""
        if self._recogniser is not None:
            return
        self._stored = self._desk.ledger.scan_position(self._run.id)
        self._offset = self._stored[0] if self._stored else status.log_begin or 0
        self._beside, self._cuts = log_files.place(self._stored[1]) if self._stored else (0, 0)
        self._kept = (self._offset, self._beside)
        try:
            self._recogniser = GuardedRecogniser(self._rules, state=self._stored[1] if self._stored else "")
        except Exception:  # of another release, or damaged: what it had found is on record
            self._recogniser = GuardedRecogniser(self._rules)

    def _read_blocks(self, log: int, end: int, recogniser: GuardedRecogniser, *, beside: bool = False) -> None:
        """Read on, in the log or in the file that took its name, until the time of this look is over."""
        committed_at = time.monotonic()
        size = min(FIRST_FEED_BYTES, FEED_BYTES)
        while (at := self._beside if beside else self._offset) < end and not self._stop.is_set():
            at = log_lines.with_data(log, at, end)
            data = os.pread(log, min(size, end - at), at)
            fed_at = time.monotonic()
            changes = recogniser.feed(data) if data else []
            if beside:
                self._beside = at + len(data)
            else:
                self._offset = at + len(data)
            if not data:
                break
            size = log_files.next_size(size, hurried=time.monotonic() - fed_at > SLICE_S)
            if changes or time.monotonic() - committed_at > SLICE_S:
                if not self._commit(changes):
                    return None
                committed_at = time.monotonic()
            if time.monotonic() >= self._deadline:
                return self.keep_place()
        return None

    def _resume(self, log: int, status: RunStatus) -> GuardedRecogniser:
        """Take up the log where the record says, or at the beginning of this run's part of it."""
        self._stored = self._desk.ledger.scan_position(self._run.id)
        self._beside = 0
        if self._stored is None:
            self._offset = status.log_begin or 0
            self._recogniser = GuardedRecogniser(self._rules, first_line=1 + log_lines.lines_before(log, self._offset))
        else:
            self._offset = self._stored[0]
            self._beside, self._cuts = log_files.place(self._stored[1])
            self._kept = (self._offset, self._beside)
            self._recogniser = self._restored(log, status, self._stored[1])
        return self._recogniser

    def _restored(self, log: int, status: RunStatus, state: str) -> GuardedRecogniser:
        """Return the recogniser as another server left it; one of another version is begun anew from the log."""
        try:
            return GuardedRecogniser(self._rules, state=state)
        except Exception:  # whatever is wrong with it: the log is there to be read again
            # What is found again has the same id, so it is the same finding.
            self._offset, self._beside = status.log_begin or 0, 0
            return GuardedRecogniser(self._rules, first_line=1 + log_lines.lines_before(log, self._offset))

    def _begin_anew(self, log: int, status: RunStatus, size: int) -> GuardedRecogniser:
        """Read a log that was cut short once more from its beginning, and record that lines of it are gone."""
        cut = log_files.cut(self._offset, size, self._cuts)
        self._offset, self._cuts = min(status.log_begin or 0, size), self._cuts + 1
        self._recogniser = GuardedRecogniser(self._rules, first_line=1 + log_lines.lines_before(log, self._offset))
        self._commit([cut])
        return self._recogniser or GuardedRecogniser(self._rules)

    def judge(self, status: RunStatus) -> None:
        """Judge what is not one line of the log, the curve of its numbers and silence; now and then only."""
        if self._run.status == "ended" or time.monotonic() - self._judged_at < JUDGE_EVERY_S or status.strays:
            return  # what was left behind has no keeper that would take samples of it
        self._judged_at = time.monotonic()
        self.keep_place()
        self._judge(stalls.update, status)
        self._judge(histories.update, status)
        self._judge(gpu_files.update, status)

    def _judge(self, update: Callable[[Desk, Run, RunStatus], None], status: RunStatus) -> None:
        """Judge what the run's own files say; whatever a script makes of them, the run itself is watched on."""
        try:
            update(self._desk, self._run, status)
        except Exception as error:
            foreseen = isinstance(error, WatchkeeperError | OSError | ValueError | ArithmeticError)
            what = f"its numbers and files could not be judged: {error if foreseen else type(error).__name__}"
            self._commit(
                [Change("seen", "not-judged", Finding(kind="judge", level=Level.FLAG, message=what))], once=True
            )

    def keep_place(self) -> None:
        """Record how far the log was read, so that the next server need not read it again."""
        self._commit([])

    def _commit(self, changes: list[Change], *, once: bool = False) -> bool:
        """Record changes and the place in one transaction; False when another server was faster.

        :param once: leave out what is on record already.
        """
        recogniser = self._recogniser
        at_rest = self._stored is not None and (self._offset, self._beside) == self._kept
        if recogniser is None or (not changes and at_rest):
            return True
        place = (self._offset, log_files.with_place(recogniser.state(), self._beside, self._cuts))
        with self._desk.ledger.transaction() as transaction:
            ours = transaction.move_scan(self._run.id, expected=self._stored, moved=place)
            if once:
                changes = [one for one in changes if not self._known(transaction, one)]
            if ours:
                transaction.keep_metrics(self._run.id, ((row.line, row.values) for row in recogniser.take_rows()))
                for change in changes:
                    self._record(transaction, change)
        if not ours:
            self._recogniser = None
            return False
        self._stored, self._kept = place, (self._offset, self._beside)
        return True

    def _known(self, transaction: Transaction, change: Change) -> bool:
        return transaction.finding(f"{self._run.id}:{change.key}") is not None

    def _record(self, transaction: Transaction, change: Change) -> None:
        change = log_files.since_cuts(change, self._cuts)
        finding_id = f"{self._run.id}:{change.key}"
        known = transaction.finding(finding_id)
        if change.kind == "repeated" and known and self._desk.clock() - known.updated_at < REPEAT_S:
            return
        finding = environment.judged(change.finding, self._run, self._desk.workspace)
        if change.kind == "seen" and known and environment.is_told(known, finding):
            return
        event = _EVENTS[change.kind].of(finding, log=self._run.log, updated_at=self._desk.clock())
        transaction.append(event, finding_id, run=self._run.id, model=self._run.model)

    def _finish(self, status: RunStatus) -> bool:
        """Record the end of a run, once, with all that log and exit tell together; False when another was faster."""
        self.keep_place()
        if status.state is RunState.COMPLETED:
            stalls.over(self._desk, self._run)
        self._judge(histories.update, status)
        self._judge(attempts.keep, status)
        recogniser = self._recogniser or GuardedRecogniser(self._rules)  # none: there is no log, the exit alone speaks
        changes = recogniser.end(status.ended())
        found = ending.finding(status, goes_on=standing.may_resume(self._desk, self._run, status.state))
        if found is not None:
            changes = [one for one in changes if one.key != "exit"]
        moved = (self._offset, log_files.with_place(recogniser.state(), self._beside, self._cuts))
        ending.keep_time(self._desk, self._run, status)  # first: nobody comes back to a run whose end is on record
        with self._desk.ledger.transaction() as transaction:
            known = transaction.run(self._run.id)
            if known is None or known.status == "ended":
                return True
            if not transaction.move_scan(self._run.id, expected=self._stored, moved=moved):
                self._recogniser = None
                return False
            for change in changes:
                self._record(transaction, change)
            if found is not None:
                known_findings = transaction.findings(run=self._run.id)
                found = ending.as_part(found, self._run.id, known_findings, self._cuts)
                self._record(transaction, Change("seen", "exit", found))
            transaction.add(self._run, ending.event(status))
        return True
