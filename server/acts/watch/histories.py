"""The numbers of a run: gathered from wherever it wrote them, judged, and kept as training_history_{i}.csv.

A history comes from one source, the one that says most: what the log printed, or a file that the run's library writes
by itself. A run that went on from a checkpoint has the rows of the attempts before it too. What was never printed stays
blank; a history file that the run writes itself is left alone.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path

from ...analysis.curves.curves import judge_history
from ...analysis.curves.flags import Flag
from ...analysis.curves.mcmc import FULL_LEVELS, QUICK_LEVELS, McmcSummary, judge_mcmc
from ...analysis.curves.readers import read_history
from ...analysis.curves.series import History, continued, from_records, of_a_log
from ...analysis.curves.writer import history_csv
from ...analysis.logs.mcmc import MOST_COUNTED
from ...runtime.keeper import records
from ...runtime.probe.reading import ProbeData, read_probe
from ...runtime.run_directory import RunStatus
from ...storage.record import Finding, Run
from ...storage.record.records import FindingOver, FindingSeen
from ...vocabulary.errors import InvalidArgument, PathRefused
from ...vocabulary.runs import Level, Phase
from ..desk import Desk
from . import bars, event_files, progress

LARGEST_FILE_BYTES = 16 << 20
LARGEST_PROBE_BYTES = 64 << 20
"""The probe itself slows down at 50 MB."""
MOST_FILES = 50
REWRITTEN_EVERY_S = 2.0
"""The history file of a run that goes on follows it this closely: each time it is synced, and a note with it."""
CLOCKS_APART_S = 1.0
"""By how much the clock of a mount, that writes the times of files, may be ahead."""


def update(desk: Desk, run: Run, status: RunStatus) -> None:
    """Judge a run's numbers as they stand, record new red flags, and write the history file."""
    told, rows = _told(desk, run), desk.ledger.metric_rows(run.id)
    flags = progress.update(desk, run, status, told, rows) + _sampling(desk, run, told)
    files = [one for _, one in written(desk, run, status.started_at)]
    earlier, own = _of_sources(desk, run, told, _of_rows(desk, run, rows), files)
    flags += _judged(desk, earlier, own)
    _record(desk, run, flags)
    if own is not None and (status.state.final or not _just_written(desk, desk.workspace.history(run.model))):
        _write(desk, run, continued(earlier, own) if earlier else own)


def flags_of(desk: Desk, run: Run, started_at: float | None) -> list[Flag]:
    """Return the red flags of a run's numbers as they stand."""
    return _judged(desk, *_parts(desk, run, started_at, _told(desk, run)))


def _judged(desk: Desk, earlier: History | None, own: History | None) -> list[Flag]:
    """Judge a run's own numbers behind those it went on from; what had broken before is over."""
    if own is None:
        return []
    whole = continued(earlier.finite_rows(), own) if earlier else own
    return judge_history(whole, desk.policy.thresholds())


def of_run(desk: Desk, run: Run, started_at: float | None) -> History | None:
    """Return the history of a run as `gathered` does, with what its script sent through the probe."""
    return gathered(desk, run, started_at, _told(desk, run))


def of_run_alone(desk: Desk, run: Run, started_at: float | None, ended_at: float | None) -> History | None:
    """Return the history of a run that ended, as `of_run` does, without files that were written before or after it."""
    later = [one for one in desk.ledger.runs(newest=MOST_FILES) if one.first_seq > run.first_seq]
    until = (ended_at or desk.clock()) + CLOCKS_APART_S

    def is_own(path: str) -> bool:
        about, others = desk.workspace.about(path), later
        if path == desk.workspace.history(run.model):  # else a library's, which any run may write
            others = [one for one in later if one.model == run.model]
        written_at = about.modified_at if about is not None else -1.0
        return (started_at or 0.0) <= written_at <= min([until, *(one.at for one in others)])

    files = [one for path, one in written(desk, run, started_at) if is_own(path)]
    return _joined(*_of_sources(desk, run, _told(desk, run), printed(desk, run), files))


def gathered(
    desk: Desk, run: Run, started_at: float | None, told: ProbeData | None, seen: Iterable[str] = ()
) -> History | None:
    """Return the history of a run from the source that says most; None when it has printed no number of a curve.

    :param seen: further files that may be histories, as the run was seen to write them.
    """
    return _joined(*_parts(desk, run, started_at, told, seen))


def _joined(earlier: History | None, own: History | None) -> History | None:
    return continued(earlier, own) if earlier is not None and own is not None else own


def _parts(
    desk: Desk, run: Run, started_at: float | None, told: ProbeData | None, seen: Iterable[str] = ()
) -> tuple[History | None, History | None]:
    """Return the history of the attempts that a run went on from, and its own; None where there is none."""
    files = [one for _, one in written(desk, run, started_at, seen)]
    return _of_sources(desk, run, told, printed(desk, run), files)


def _of_sources(
    desk: Desk, run: Run, told: ProbeData | None, log: History | None, files: Iterable[History]
) -> tuple[History | None, History | None]:
    own = _richest([told.history if told else None, log, *files])
    return (_before(desk, run) if own is not None else None), own


def _richest(found: Iterable[History | None]) -> History | None:
    """Return the history that has training and validation, and of those the one with most rows."""
    usable = [one for one in found if one is not None and not one.empty]
    return max(usable, key=lambda one: (bool(one.train_loss and one.val_loss), len(one.epochs)), default=None)


def _before(desk: Desk, run: Run) -> History | None:
    """Return the rows of the attempts whose checkpoint a run went on from; None for one that began anew.

    Only what they printed or told themselves: files may have been written over since.
    """
    if not run.follows or run.env.get("WATCHKEEPER_RESUME") != "checkpoint":
        return None
    attempt = desk.ledger.run(run.follows)
    if attempt is None:
        return None
    told = _told(desk, attempt)
    own = _richest([told.history if told else None, printed(desk, attempt)])
    earlier = _before(desk, attempt)
    if own is None or earlier is None:
        return own or earlier
    return continued(earlier, own)


def _told(desk: Desk, run: Run) -> ProbeData | None:
    """Return what the script sent through the probe, with one line in it or by the import hook."""
    path = desk.workspace.relative(str(desk.workspace.run_dir(run.id) / records.METRICS))
    try:
        return read_probe(desk.workspace.read_bytes(path, LARGEST_PROBE_BYTES))
    except PathRefused:  # it sent nothing, or something that nobody can read
        return None


def _sampling(desk: Desk, run: Run, told: ProbeData | None) -> list[Flag]:
    """Judge the divergences that the probe counted, where the log says nothing of them."""
    if told is None:
        return []
    named = (one.arguments.get("tune") for one in told.calls)
    tunes = [int(one) for one in named if isinstance(one, int | float) and 0 <= one < MOST_COUNTED]
    tune = tunes[-1] if tunes else 0
    draws = sum(max(0, one.draw - tune) for one in told.chains.values() if not one.tuning)
    if not draws:
        return []
    base = QUICK_LEVELS if run.phase is Phase.QUICK else FULL_LEVELS
    summary = McmcSummary(divergences=told.divergences, draws=draws)
    return judge_mcmc(summary, desk.policy.mcmc.sampler_levels(base))


def printed(desk: Desk, run: Run) -> History | None:
    """Return the history that a run's log printed; None where it printed no number."""
    return _of_rows(desk, run, desk.ledger.metric_rows(run.id))


def _of_rows(desk: Desk, run: Run, kept: Sequence[tuple[float, dict[str, float]]]) -> History | None:
    rows = of_a_log(bars.rows(desk, run, [values for _, values in kept]))
    return from_records(rows, dict.fromkeys(chain.from_iterable(rows))) if rows else None


def written(desk: Desk, run: Run, started_at: float | None, seen: Iterable[str] = ()) -> Iterator[tuple[str, History]]:
    """Yield (path, what stands in it) of the histories that a run or its libraries wrote.

    :param seen: further files that may be histories, as the run was seen to write them.
    """
    if started_at is None:
        return
    own = desk.workspace.history(run.model)
    paths = [own] if _is_theirs(desk, own) else []
    if _alone(desk, run, started_at):
        paths += _candidates(desk, started_at)
    also = [one for one in seen if one not in paths and one != own]
    for path in (*paths, *also):
        try:
            found = _read(desk, path)
        except (PathRefused, InvalidArgument):  # not a history after all, or not to be read: other sources remain
            continue
        if path not in also or found.counts != "row" or "histor" in path.rpartition("/")[2].lower():
            yield path, found  # else of folds, of sizes of the data: nothing says that its rows are epochs


def _is_theirs(desk: Desk, path: str) -> bool:
    """Whether a history file stands there that the run writes itself."""
    try:
        present = _digest(desk, path)
    except PathRefused:
        return False
    return bool(present) and present not in desk.ledger.note(f"history:{path}").split()


def _digest(desk: Desk, path: str) -> str:
    """Return what tells a history file from another; one that is too long to be read is nobody's but the script's."""
    about = desk.workspace.about(path)
    if about is None:
        return ""
    return desk.workspace.sha256(path) if about.size_bytes <= LARGEST_FILE_BYTES else "too long"


def _alone(desk: Desk, run: Run, started_at: float) -> bool:
    """Whether no other run went on meanwhile: a library's file does not say whose it is."""
    others = (one for one in desk.ledger.runs(newest=MOST_FILES) if one.id != run.id)
    ended = run.end.ended_at if run.end and run.end.ended_at else desk.clock()
    return not any(one.at < ended and (one.end is None or (one.end.ended_at or one.at) > started_at) for one in others)


def _read(desk: Desk, path: str) -> History:
    if event_files.NAME_PART not in path:
        return read_history(desk.workspace.read_bytes(path, LARGEST_FILE_BYTES), path)
    descriptor = desk.workspace.open_beneath(path, os.O_RDONLY)
    try:
        return event_files.read_events(descriptor)
    finally:
        os.close(descriptor)


def _candidates(desk: Desk, started_at: float) -> list[str]:
    """Return the files that libraries write, newest first, if they were written since the run started."""
    root, ours = desk.workspace.root, {desk.workspace.history(model) for model in desk.ledger.models()}
    matches = (path for pattern in desk.policy.watch.histories for path in root.glob(pattern))
    written: list[tuple[float, str]] = []
    for path in _first(matches, MOST_FILES):
        about = str(path.relative_to(root))
        with suppress(OSError):  # gone again
            if about not in ours and path.is_file() and _can_be_read(path):
                written.append((path.stat().st_mtime, about))
    return [about for at, about in sorted(written, reverse=True) if at >= started_at]


def _can_be_read(path: Path) -> bool:
    return event_files.NAME_PART not in path.name or event_files.readable()


def _first(paths: Iterable[Path], count: int) -> list[Path]:
    return [path for _, path in zip(range(count), paths, strict=False)]


def _record(desk: Desk, run: Run, flags: list[Flag]) -> None:
    """Record flags that are new, and settle those that the curve has overcome."""
    found = desk.ledger.findings(run=run.id)
    if not any(_changes(run, flags, found)):
        return  # most looks: a transaction would wait for every other writer
    ids = [one.id for one in found]
    with desk.ledger.transaction() as transaction:
        known = [one for one in map(transaction.finding, ids) if one is not None]
        new, over = _changes(run, flags, known)
        for finding, flag in new.items():
            old = transaction.finding(finding)
            if old is None or old.level is not flag.level:
                seen = FindingSeen.of(flag.to_finding(), log=run.log, updated_at=desk.clock(), of_curve=True)
                transaction.append(seen, finding, run=run.id, model=run.model)
        for old in over:
            transaction.add(old, FindingOver(level=Level.NOTICED, updated_at=desk.clock()))


def _changes(run: Run, flags: Iterable[Flag], known: Sequence[Finding]) -> tuple[dict[str, Flag], list[Finding]]:
    """Return the flags that are not on record so, by the id of their finding, and the findings that are over."""
    levels = {one.id: one.level for one in known}
    now = {f"{run.id}:{flag.flag}": flag for flag in flags if not _told_by_the_log(flag, known)}
    over = [one for one in known if one.of_curve and one.id not in now and one.level is not Level.NOTICED]
    return {one: flag for one, flag in now.items() if levels.get(one) is not flag.level}, over


def _told_by_the_log(flag: Flag, known: Iterable[Finding]) -> bool:
    """Whether the log's own finding speaks of the same cause: a NaN is one failure, not two."""
    if flag.flag == "divergences":
        return any(one.root_exception == "divergences" for one in known)
    if flag.flag != "non_finite":
        return False
    return any(one.kind == "metric" and one.line is not None for one in known)


def _just_written(desk: Desk, path: str) -> bool:
    try:
        about = desk.workspace.about(path)
    except PathRefused:
        return False
    return about is not None and 0.0 <= desk.clock() - about.modified_at < REWRITTEN_EVERY_S


def _write(desk: Desk, run: Run, history: History) -> None:
    path = desk.workspace.history(run.model)
    text = history_csv(history)
    digest = hashlib.sha256(text.encode()).hexdigest()
    try:
        present = _digest(desk, path)
    except PathRefused:  # the script put something else there: it is left alone
        return
    ours = desk.ledger.note(f"history:{path}").split()
    if present == digest or (present and present not in ours):
        return
    # Both are noted before the file changes: whichever a crash leaves is known as ours.
    desk.ledger.take_note(f"history:{path}", f"{present} {digest}")
    desk.workspace.write_text_atomically(path, text)
