"""Gives up the heavy part of runs that nobody needs any more: on record first, then on the disk.

Killed in between, the next call removes what the record says is given up. Called twice, or by two processes at once,
it is done once: the record is asked once more with the ledger held, and removing what is gone is nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ...storage.files import blanking, removing
from ...storage.files.workspace import CHECKPOINTS, STATE_DIR
from ...storage.record import Run, Transaction
from ...storage.record.upkeep import RunPruned
from ...vocabulary.errors import WatchkeeperError
from ..desk import Desk
from ..launch import FOREIGN
from ..watch import log_files
from . import log_parts, plan
from .plan import Chosen, Wanted

ASKED_FOR_WITHIN_S = 3600.0
"""A start names its snapshots within seconds of asking for them."""
RUNS, SNAPSHOTS = "runs", "snapshots"
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was done.

    :ivar done: what was recorded by this call. :ivar snapshots_bytes: of snapshots that no run names which is kept.
    :ivar left: what could not be removed, and why; the next call tries again.
    """

    done: tuple[Chosen, ...]
    snapshots_bytes: int
    left: tuple[str, ...]


def prune(desk: Desk, wanted: Wanted) -> Pruned:
    """Give up what was asked for and nobody needs, and remove whatever was given up before and is still there."""
    found = plan.make(desk, wanted).chosen
    done = _record(desk, wanted, found) if found else ()
    left = list(_removed(desk))
    freed = 0
    for digest in _unneeded_snapshots(desk):
        try:
            freed += removing.unused_snapshot(desk.workspace, digest, desk.clock() - ASKED_FOR_WITHIN_S)
        except (OSError, WatchkeeperError) as error:
            left.append(f"snapshot {digest[:12]}: {error}")
    return Pruned(done, freed, tuple(left))


def _record(desk: Desk, wanted: Wanted, found: Iterable[Chosen]) -> tuple[Chosen, ...]:
    """Record what is given up, unless it is needed by now or another process was faster."""
    done: list[Chosen] = []
    with desk.ledger.transaction() as transaction:
        known = {one.id: one for one in transaction.runs()}
        asked = [known[one.run.id] for one in found if not plan.is_pruned(known[one.run.id])]
        free, phases, _ = plan.may_go(transaction, wanted, asked)
        for one in found:
            what = {name: size for name, size in one.parts.items() if _may(name, one.run.id, free, phases)}
            if plan.CHECKPOINT in what and not _set_aside(desk, one.run):
                del what[plan.CHECKPOINT]
            if what:
                done.append(replace(one, parts=what))
                _append(desk, transaction, done[-1])
    return tuple(done)


def _may(name: str, run: str, free: set[str], phases: set[str]) -> bool:
    return run in (phases if name == plan.CHECKPOINT else free)


def _set_aside(desk: Desk, run: Run) -> bool:
    """Take the name from a phase's checkpoints; False where another process was faster.

    While the ledger is held no attempt can begin: what stands under the name afterwards is another's.
    """
    try:
        removing.set_aside(desk.workspace, plan.checkpoints(run))
    except FileNotFoundError:
        return False
    return True


def _append(desk: Desk, transaction: Transaction, chosen: Chosen) -> None:
    run = chosen.run
    if plan.WITNESS in chosen.parts and not _told_of(transaction, run):
        transaction.drop_metrics(run.id)
    event = RunPruned(
        what=tuple(sorted(chosen.parts)),
        freed_bytes=chosen.total_bytes,
        log_line_ends=chosen.log_line_ends,
        tails=chosen.kept.tails,
        gpu_s=chosen.kept.gpu_s,
        by=desk.who,
        at=desk.clock(),
    )
    transaction.add(run, event)


def _told_of(transaction: Transaction, run: Run) -> bool:
    """Whether the summary of the model tells of a failure of this run, and at which epoch it came."""
    return any(not one.kind for one in transaction.reports(run=run.id))


def _removed(desk: Desk) -> Iterator[str]:
    """Remove what the record says is given up; yield what could not be removed, and why."""
    foreign = plan.of_foreign(desk)
    for run in desk.ledger.runs():
        if not plan.is_pruned(run):
            continue
        for path in (*plan.of_witness(run), *foreign.get(run.id, ()), *plan.of_reruns(desk.ledger, run)):
            yield from _gone(desk, path)
        yield from _blanked(desk, run)
    for name in _listed(desk, CHECKPOINTS):
        if name.startswith(removing.ASIDE):
            yield from _gone(desk, f"{STATE_DIR}/{CHECKPOINTS}/{name}")


def _gone(desk: Desk, path: str) -> Iterator[str]:
    try:
        removing.remove(desk.workspace, path)
    except (OSError, WatchkeeperError) as error:
        yield f"{path}: {error}"


def _blanked(desk: Desk, run: Run) -> Iterator[str]:
    part, pruned = log_parts.of(run), run.pruned
    path = log_files.where(desk, run) if part and pruned and plan.LOG in pruned.what else None
    if part is None or pruned is None or path is None:
        return
    note = f"[watchkeeper prune: the {part[1] - part[0]} bytes of {run.id} were removed; line numbers hold]"
    try:
        log = desk.workspace.open_beneath(path, os.O_RDWR)
        try:
            if os.fstat(log).st_size < part[1] or blanking.is_blank(log, *part, note):
                return
            if log_parts.is_written(desk, run, path):
                yield f"{path}: a later attempt writes to it; the part of {run.id} goes when that has ended"
            elif log_parts.still_its_own(desk, run, path, log):
                blanking.blank(log, *part, pruned.log_line_ends, note)
        finally:
            os.close(log)
    except (OSError, WatchkeeperError) as error:
        yield f"{path}: {error}"


def _unneeded_snapshots(desk: Desk) -> list[str]:
    """Return the digests of snapshots that no run names but those whose evidence is gone.

    Where a run directory lies that the record does not know, a ledger was lost: what no run names then stays, for
    `doctor --rebuild-ledger` may find who does.
    """
    runs = desk.ledger.runs()
    gone = {digest for run in runs if plan.is_pruned(run) for digest in _named(run)}
    kept = {digest for run in runs if not plan.is_pruned(run) for digest in _named(run)}
    there = _listed(desk, SNAPSHOTS) if _knows_all(desk, runs) else gone
    return sorted(one for one in {*gone, *there} - kept if _DIGEST.fullmatch(one))


def _knows_all(desk: Desk, runs: Iterable[Run]) -> bool:
    """Whether every run directory is one of the record, or was there before its start, which the record says."""
    known = {name for run in runs for name in (run.id, *run.foreign)}
    return all(name.partition(FOREIGN)[0] in known for name in _listed(desk, RUNS))


def _listed(desk: Desk, name: str) -> list[str]:
    folder = f"{STATE_DIR}/{name}"
    return desk.workspace.list_dir(folder) if desk.workspace.has_folder(folder) else []


def _named(run: Run) -> Iterator[str]:
    documents = [one for one in (run.design, run.features) if one is not None]
    yield from (digest for _, digest in (*run.sources, *documents, *(run.named or ())))
    yield from (run.script_sha256, run.policy_sha256)
