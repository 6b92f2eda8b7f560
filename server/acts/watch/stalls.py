"""Does a living run get anywhere? Gathered from its usage samples and its log, judged by analysis.curves.silence."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from ...analysis.curves.novelty import novel
from ...analysis.curves.silence import Stall, gaps, judge_silence
from ...runtime.run_directory import RunStatus
from ...runtime.samples import usage
from ...storage.record import Run
from ...storage.record.records import FindingOver, FindingSeen
from ...vocabulary.errors import PathRefused
from ...vocabulary.runs import Level, RunState
from ..desk import Desk
from . import log_files

LONGEST_RHYTHM_S = 12 * 3600.0
"""How far back a run's own rhythm is looked for."""
MOST_PIECES = 400
PIECE_BYTES = 4096
_FRAME = re.compile(r"[\r\n]+")


@dataclass(frozen=True, slots=True)
class Measured:
    """A usage sample whose log could be measured."""

    at: float
    cpu_s: float
    log_bytes: int


def update(desk: Desk, run: Run, status: RunStatus) -> None:
    """Record that a run stalls, or that one which did goes on again."""
    unheard = status.heard_s_ago is not None and status.state is RunState.RUNNING_UNATTENDED
    if unheard or not status.state.running or status.elapsed_s < desk.policy.stall_rule().idle_s:
        return
    found = _stall(desk, run)
    if found is None:
        over(desk, run)
        return
    _append(desk, run, FindingSeen.of(found.to_finding(), log=run.log, updated_at=desk.clock()), standing=False)


def over(desk: Desk, run: Run) -> None:
    """Record that a run which stalled went on again, if one stands."""
    went_on = FindingOver(level=Level.NOTICED, message="it went on again", updated_at=desk.clock())
    _append(desk, run, went_on, standing=True)


def _append(desk: Desk, run: Run, event: FindingSeen | FindingOver, *, standing: bool) -> None:
    """Record an event if a stall stands, or if none does."""
    finding = f"{run.id}:stall"
    with desk.ledger.transaction() as transaction:
        known = transaction.finding(finding)
        if (known is not None and known.level is not Level.NOTICED) == standing:
            transaction.append(event, finding, run=run.id, model=run.model)


def _stall(desk: Desk, run: Run) -> Stall | None:
    now = desk.clock()
    taken = usage(desk.workspace.run_dir(run.id), now - LONGEST_RHYTHM_S)
    samples = [Measured(one.at, one.cpu_s, one.log_bytes) for one in taken if one.log_bytes is not None]
    fresh = _novel_at(desk, run, samples)
    away = gaps(samples, desk.policy.stall_rule())
    intervals_s = [
        after - before
        for before, after in itertools.pairwise(fresh)
        if not any(before <= one.since and one.until <= after for one in away)
    ]
    return judge_silence(
        samples,
        now=now,
        last_output_novel_at=fresh[-1] if fresh else None,
        intervals_s=intervals_s,
        last_growth_at=_last_growth(desk, run),
        rule=desk.policy.stall_rule(),
    )


def _novel_at(desk: Desk, run: Run, samples: Sequence[Measured]) -> list[float]:
    """Return the times of the samples before which the log gained something new."""
    remembered: tuple[str, ...] = ()
    times: list[float] = []
    for at, frames in _pieces(desk, run, samples):
        fresh, remembered = novel(frames, remembered)
        if fresh:
            times.append(at)
    return times


def _pieces(desk: Desk, run: Run, samples: Sequence[Measured]) -> Iterator[tuple[float, list[str]]]:
    """Yield (time, frames) of what the log gained between two samples, only the newest of it, each piece capped."""
    grown = [
        (after.at, before.log_bytes, after.log_bytes)
        for before, after in itertools.pairwise(samples)
        if after.log_bytes > before.log_bytes
    ]
    try:
        log = desk.workspace.open_beneath(log_files.where(desk, run) or run.log, os.O_RDONLY)
    except PathRefused:
        return
    try:
        for at, begin, end in grown[-MOST_PIECES:]:
            piece = os.pread(log, min(PIECE_BYTES, end - begin), max(begin, end - PIECE_BYTES))
            yield at, [frame for frame in _FRAME.split(piece.decode("utf-8", "replace")) if frame]
    finally:
        os.close(log)


def _last_growth(desk: Desk, run: Run) -> float | None:
    """Return when a file that the run writes besides its log last changed."""
    watched = [run.results, desk.workspace.final_model(run.model)]
    found: list[float] = []
    for path in watched:
        with suppress(PathRefused):
            about = desk.workspace.about(path)
            found += [about.modified_at] if about else []
    # The script may remove the folder, and files in it at any moment.
    with suppress(OSError), os.scandir(run.env["WATCHKEEPER_CHECKPOINT_DIR"]) as entries:
        for entry in itertools.islice(entries, 100):
            with suppress(OSError):
                found.append(entry.stat(follow_symlinks=False).st_mtime)
    return max(found, default=None)
