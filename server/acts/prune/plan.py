"""What may be given up of a workspace, and what of that was asked for."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...runtime.keeper import records
from ...storage.files import blanking, removing
from ...storage.files.workspace import CHECKPOINTS, STATE_DIR
from ...storage.record import Run, Verdict
from ...storage.record.queries import Queries
from ...vocabulary.errors import NotFound, PathRefused
from ...vocabulary.runs import Phase
from ..desk import Desk
from ..launch import FOREIGN
from ..verify import rerun
from ..watch import attempts, gpu_files, log_files
from . import log_parts, needed

WITNESS, LOG, RERUN, CHECKPOINT = "witness", "log", "rerun", "checkpoints"
NO_VERDICT = "none"
_OF_WITNESS = (records.WITNESS, records.METRICS, records.USAGE, "gpu.jsonl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which runs are asked for; all conditions must hold.

    :ivar older_than_s: since they ended. :ivar larger_than_bytes: what of them can be given up takes on the disk.
    :ivar verdicts: words of the newest verdict, or "none"; empty for any.
    """

    older_than_s: float = 0.0
    larger_than_bytes: int = 0
    verdicts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """See RunPruned."""

    tails: tuple[tuple[str, tuple[float, ...]], ...] = ()
    gpu_s: float | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """A run of which something is given up: bytes on the disk by what it is.

    :ivar kept: what budgets and comparisons ask of the evidence, which goes on record in its place.
    """

    run: Run
    parts: Mapping[str, int]
    log_line_ends: int = 0
    kept: Figures = Figures()

    @property
    def total_bytes(self) -> int:
        """What giving it up frees."""
        return sum(self.parts.values())


@dataclass(frozen=True, slots=True)
class Plan:
    """What is given up, and why runs that were asked for are not."""

    chosen: tuple[Chosen, ...] = ()
    kept: Mapping[str, str] = field(default_factory=dict[str, str])


def make(desk: Desk, wanted: Wanted) -> Plan:
    """Return what would be given up now; looks at files, changes nothing."""
    asked = _asked(desk, desk.ledger, wanted)
    free, phases, kept = may_go(desk.ledger, wanted, asked)
    foreign, found = of_foreign(desk), list[Chosen]()
    for run in asked:
        parts: dict[str, int] = {}
        if run.id in free and _lives(desk, run):
            kept[run.id] = "processes of it still live"
        elif run.id in free:
            parts |= _evidence(desk, run, foreign.get(run.id, ()))
        if run.id in phases:
            parts |= _present({CHECKPOINT: removing.size_bytes(desk.workspace, checkpoints(run))})
        ends = _line_ends(desk, run) or 0 if LOG in parts else 0
        one = Chosen(run, parts, ends, _figures(desk, run) if WITNESS in parts else Figures())
        if parts and one.total_bytes >= wanted.larger_than_bytes:
            found.append(one)
    return Plan(tuple(found), kept)


def may_go(record: Queries, wanted: Wanted, asked: list[Run]) -> tuple[set[str], set[str], dict[str, str]]:
    """Return whose evidence may go, with whose phases the checkpoints may go, and why others of those asked for stay.

    Checkpoints belong to all attempts of a phase: the newest of them answers for all.
    """
    itself = needed.by_itself(record, wanted.verdicts)
    ids = {one.id for one in asked}
    rest = {one.id for one in record.runs() if (one.id not in ids or one.id in itself) and not is_pruned(one)}
    why = {**needed.by_others(record, rest), **itself}
    verdicts = needed.newest_verdicts(record)
    newest = {(one.model, one.phase): one.id for one in record.runs()}
    phases = {
        one.id
        for one in asked
        if newest[one.model, one.phase] == one.id and one.id not in itself and needed.settled(one, verdicts.get(one.id))
    }
    free = {one for one in ids if one not in why}
    return free, phases, {one: why[one] for one in sorted(ids) if one in why}


def is_pruned(run: Run) -> bool:
    """Whether what a verdict looks at was given up; checkpoints alone are none of that."""
    return run.pruned is not None and WITNESS in run.pruned.what


def checkpoints(run: Run) -> str:
    """Return the folder of a phase's checkpoints in the state folder; one that a project named is its own."""
    return f"{STATE_DIR}/{CHECKPOINTS}/{run.model}-{run.phase}"


def of_witness(run: Run) -> tuple[str, ...]:
    """Return what lies in the run directory and is given up with the evidence."""
    return tuple(f"{STATE_DIR}/runs/{run.id}/{name}" for name in _OF_WITNESS)


def of_reruns(record: Queries, run: Run) -> tuple[str, ...]:
    """Return the folders in which a run was played again."""
    return tuple(f"{STATE_DIR}/{rerun.FOLDER}/{one.id}" for one in record.reruns(run.id) if one.compared is not None)


def of_foreign(desk: Desk) -> Mapping[str, Sequence[str]]:
    """Return by run the directories that lay in the place of its own and were set aside when it started."""
    folder, found = f"{STATE_DIR}/runs", defaultdict[str, list[str]](list)
    for name in desk.workspace.list_dir(folder) if desk.workspace.has_folder(folder) else ():
        run, foreign, _ = name.partition(FOREIGN)
        if foreign:
            found[run].append(f"{folder}/{name}")
    return found


def _asked(desk: Desk, record: Queries, wanted: Wanted) -> list[Run]:
    verdicts = needed.newest_verdicts(record)
    return [one for one in record.runs() if _fits(desk, one, wanted, verdicts)]


def _fits(desk: Desk, run: Run, wanted: Wanted, verdicts: Mapping[str, Verdict]) -> bool:
    if is_pruned(run):
        return False
    ended = (run.end.ended_at if run.end is not None else None) or run.at
    verdict = verdicts.get(run.id)
    word = verdict.word if verdict is not None else NO_VERDICT
    return desk.clock() - ended >= wanted.older_than_s and (not wanted.verdicts or word in wanted.verdicts)


def _evidence(desk: Desk, run: Run, foreign: Sequence[str]) -> dict[str, int]:
    """Return what of a run can be given up but for checkpoints; the evidence always, so that the record says so."""
    sizes = {
        WITNESS: sum(removing.size_bytes(desk.workspace, one) for one in (*of_witness(run), *foreign)),
        RERUN: sum(removing.size_bytes(desk.workspace, one) for one in of_reruns(desk.ledger, run)),
    }
    part = log_parts.of(run)
    if part is not None and _line_ends(desk, run) is not None:
        sizes[LOG] = part[1] - part[0]
    return {WITNESS: sizes.pop(WITNESS), **_present(sizes)}


def _figures(desk: Desk, run: Run) -> Figures:
    found = (attempts.numbers(desk, run) if run.phase is Phase.FULL else None) or {}
    return Figures(
        tails=tuple((name, tuple(values)) for name, values in found.items()), gpu_s=gpu_files.busy_s(desk, run)
    )


def _present(sizes: Mapping[str, int]) -> dict[str, int]:
    return {name: size for name, size in sizes.items() if size}


def _line_ends(desk: Desk, run: Run) -> int | None:
    part, path = log_parts.of(run), log_files.where(desk, run)
    if part is None or path is None:
        return None
    try:
        log = desk.workspace.open_beneath(path, os.O_RDONLY)
    except PathRefused:
        return None
    try:
        return blanking.line_ends(log, *part) if log_parts.still_its_own(desk, run, path, log) else None
    finally:
        os.close(log)


def _lives(desk: Desk, run: Run) -> bool:
    try:
        return bool(desk.engine.living(desk.workspace.run_dir(run.id)))
    except NotFound:  # somebody removed its directory
        return False
    except OSError:
        return True  # nobody knows: it stays
