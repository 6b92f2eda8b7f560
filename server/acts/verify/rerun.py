"""Plays the first part of a run again and compares what the witness saw of both.

It is played in a copy of the run's inputs, which a mount namespace puts in the place of the workspace
(docs/decisions/0016-played-again-in-a-copy.md): the same paths, arguments, environment and interpreter, and nothing
that it writes reaches the workspace. A keeper of its own stays with it, so it outlives the server like any run. The
record tells of it, but it is no run. Whatever is killed in between, the next call goes on from what lies there.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...analysis.evidence.evidence import PlayedAgain
from ...analysis.witness.replayed import NOTHING, Comparison, compare
from ...analysis.witness.seen import Seen
from ...analysis.witness.values import text
from ...runtime.keeper import lock, records
from ...runtime.run_directory import RunStatus, judge, read_facts
from ...storage.record import Rerun, Run
from ...storage.record.records import RerunCompared, RerunStarted
from ...vocabulary.errors import NotFound, PathRefused, Refused
from ...vocabulary.runs import RunState
from ...vocabulary.sanitize import mask_secrets, one_line
from .. import launch
from ..desk import Desk
from ..watch import witness_files
from ..watch.look import find_run, status_of
from . import rerun_copy
from .pruned import require_evidence

FOLDER = "reruns"
LOG = "rerun.log"
LONGEST_WAIT_S = 15.0
"""So long a call waits for the end of it; one that takes longer is asked for again."""
_LOOK_EVERY_S = 0.2
_SAMPLE_S, _GRACE_S = 0.5, 3.0
_KEPT_FREE_BYTES = 512 << 20
_LONGEST_WHAT = 500
_LAST_LOG_BYTES = 4096
_TEMPORARY = ("/tmp/", "/var/tmp/", "/dev/", "/run/", "/proc/")  # noqa: S108 (recognised, not used)


@dataclass(frozen=True, slots=True)
class Playing:
    """One that goes on. :ivar elapsed_s: since it began. :ivar limit_s: after which it is ended."""

    elapsed_s: float
    limit_s: float


def again(desk: Desk, run_id: str) -> Playing | None:
    """Play a run again, or go on with that; return how far it is, None once it is compared. Safe to do twice.

    :raises Refused: if the run has not ended, or was pruned, or there is no room for a copy.
    """
    run = find_run(desk, run_id)
    require_evidence(desk, run)
    if not status_of(desk, run_id).state.final:
        raise Refused(f"{run_id} has not ended.", f"Call poll_training(run={run_id!r}) until it has.")
    last = settled(desk, run)
    if last is None or (last.compared is not None and last.compared.outcome == NOTHING):
        last = _begun(desk, run)
    return _awaited(desk, run, last)


def settled(desk: Desk, run: Run) -> Rerun | None:
    """Return the newest of a run, compared if it has ended by now; None where there was none."""
    known = desk.ledger.reruns(run.id)
    if not known:
        return None
    last = known[-1]
    folder = _folder(desk, last.id)
    if last.compared is not None:
        _drop_copy(folder)  # whoever compared it may have been killed before that
        return last
    try:
        status = _status(desk, last, folder)
    except NotFound:
        return _kept(desk, run, last, Comparison(outcome=NOTHING, what="its folder was removed"), 0.0)
    if not status.state.final or not status.settled:
        return last
    with suppress(Refused):
        desk.engine.end_strays(folder, _GRACE_S)
    found = _compared(desk, run, last, folder, status)
    kept = _kept(desk, run, last, found, status.elapsed_s)
    _drop_copy(folder)
    return kept


def _drop_copy(folder: Path) -> None:
    shutil.rmtree(folder / "copy", ignore_errors=True)


def told(desk: Desk, run: Run) -> PlayedAgain | None:
    """Return what a verdict says of it; None where nobody asked, or it still goes on."""
    last = settled(desk, run)
    if last is None or last.compared is None:
        return None
    found = last.compared
    return PlayedAgain(outcome=found.outcome, what=found.what, wall_s=found.wall_s, remarks=last.remarks)


def _awaited(desk: Desk, run: Run, last: Rerun | None) -> Playing | None:
    """Wait a moment for the end; None once it is compared."""
    deadline = time.monotonic() + min(LONGEST_WAIT_S, desk.policy.watch.max_wait_s)
    while last is not None and last.compared is None:
        if time.monotonic() > deadline:
            return Playing(max(0.0, desk.clock() - last.at), last.limit_s)
        time.sleep(_LOOK_EVERY_S)
        last = settled(desk, run)
    return None if last is not None else Playing(0.0, desk.policy.rerun.minutes * 60)


def _begun(desk: Desk, run: Run) -> Rerun | None:
    """Begin one, unless another server does just that or there is nothing to compare; return what is on record then."""
    seen = witness_files.seen(desk, run)
    reason = _hopeless(desk, run, seen)
    parent = desk.workspace.state_dir / FOLDER
    desk.workspace.make_folder(str(parent))
    held = lock.take(parent / f"{run.id}.lock")
    if held is None:
        return None
    try:
        known = desk.ledger.reruns(run.id)
        if known and known[-1].compared is None:
            return known[-1]
        if reason or seen is None:
            return _not_begun(desk, run, reason)
        return _prepared(desk, run, seen, f"{run.id}-rerun{len(known) + 1}")
    finally:
        os.close(held)


def _hopeless(desk: Desk, run: Run, seen: Seen | None) -> str:
    """Return why nothing could be compared; empty when it is worth a try."""
    if seen is None:
        return "nothing of the run was witnessed"
    if (count := witness_files.nodes(run)) > 1:
        return f"it ran on {count} nodes, and would be played on one"
    if run.env.get("WATCHKEEPER_RESUME") == "checkpoint":
        return "it went on from a checkpoint, which is not kept as it was then"
    if gone := rerun_copy.missing(desk, run, seen):
        return f"{gone}, which it read, is gone"
    outside = (path for line in seen.witnessed.of("write", "save") if _is_left(path := text(line.facts, "path")))
    if path := next(outside, ""):
        return f"it wrote {path} outside of the workspace, which would be written again"
    return ""


def _is_left(path: str) -> bool:
    """Whether a path outside of the workspace is something that a run leaves, not a cache or a temporary file."""
    return path.startswith("/") and not f"{path}/".startswith(_TEMPORARY) and "/." not in path


def _not_begun(desk: Desk, run: Run, reason: str) -> Rerun | None:
    """Record why nothing could be compared, unless that is what was recorded last."""
    with desk.ledger.transaction() as transaction:
        known = transaction.reruns(run.id)
        if not known or known[-1].compared is None or known[-1].compared.what != reason:
            name = f"{run.id}-rerun{len(known) + 1}"
            begun = RerunStarted(nonce="", limit_s=0.0, by=desk.who)
            transaction.append(begun, name, run=run.id, model=run.model)
            compared = RerunCompared(outcome=NOTHING, what=reason)
            transaction.append(compared, name, run=run.id, model=run.model)
    return desk.ledger.reruns(run.id)[-1]


def _prepared(desk: Desk, run: Run, seen: Seen, name: str) -> Rerun:
    """Make the copy, record the beginning, and hand it to a keeper."""
    folder = _folder(desk, name)
    shutil.rmtree(folder, ignore_errors=True)  # what a killed server left of one that was never recorded
    try:
        desk.workspace.make_folder(str(folder))
        (folder / "witness").mkdir(mode=0o700)
        for file in ("metrics.jsonl", LOG):
            (folder / file).touch(mode=0o600)
        _require_room(desk, folder)
        copied = rerun_copy.copy(desk, run, seen, folder / "copy")
        mounts = [*copied.mounts, *rerun_copy.inner_folders(desk, run, folder / "copy", folder)]
        limit_s = desk.policy.rerun.minutes * 60
        begun = RerunStarted(
            nonce=secrets.token_hex(16), limit_s=limit_s, copied_bytes=copied.bytes, remarks=tuple(copied.remarks),
            by=desk.who,
        )  # fmt: skip
        records.write(folder / records.SPEC, _spec(desk, run, name, begun, mounts))
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise Refused(f"No copy of the inputs could be made: {error}.", "Call again once that is mended.") from error
    except BaseException:  # Ctrl-C in the middle of it
        shutil.rmtree(folder, ignore_errors=True)
        raise
    with desk.ledger.transaction() as transaction:
        transaction.append(begun, name, run=run.id, model=run.model)
    _launch(desk, folder)
    return desk.ledger.reruns(run.id)[-1]


def _require_room(desk: Desk, folder: Path) -> None:
    needed = _KEPT_FREE_BYTES + int(desk.policy.rerun.max_copy_gb * 1e9)
    free = shutil.disk_usage(folder).free
    if free < needed:
        what = f"{free >> 20} MB are free, a copy of the inputs may take {needed >> 20} MB with what must stay free"
        raise OSError(f"{what} ([rerun] max_copy_gb)")


def _spec(desk: Desk, run: Run, name: str, begun: RerunStarted, mounts: list[rerun_copy.Mount]) -> Mapping[str, Any]:
    """Return what its keeper reads: the run's own command, with the lines and bounds of this one."""
    bound = desk.policy.rerun
    return {
        "version": 1,
        "run": name,
        "model": run.model,
        "workspace": str(desk.workspace.root),
        "phase": run.phase.value,
        "attempt": run.attempt,
        "argv": list(run.argv),
        "cwd": run.cwd,
        # The copy holds the sources of the start and no snapshots to compare the script with.
        "env": {**run.env, "WATCHKEEPER_WITNESS_NONCE": begun.nonce, "WATCHKEEPER_SNAPSHOT": ""},
        "nonce": begun.nonce,
        "limit_s": begun.limit_s,
        "sample_s": _SAMPLE_S,
        "grace_s": _GRACE_S,
        "mounts": [list(one) for one in mounts],
        "bounds": {
            "memory_bytes": int(bound.max_memory_gb * 1e9),
            "processes": bound.max_processes,
            "file_bytes": int(bound.max_copy_gb * 1e9),
            "free_bytes": _KEPT_FREE_BYTES // 2,
        },
    }


def _folder(desk: Desk, name: str) -> Path:
    return desk.workspace.state_dir / FOLDER / name


def _launch(desk: Desk, folder: Path) -> None:
    with launch.opened_log(desk, desk.workspace.relative(str(folder / LOG))) as log_fd:
        desk.engine.launch(folder, log_fd)


def _status(desk: Desk, last: Rerun, folder: Path) -> RunStatus:
    """Return where it stands; what lacks a keeper gets one."""
    status = judge(read_facts(folder, last.nonce))
    if status.needs_launch:
        _launch(desk, folder)
    elif status.needs_keeper:
        with launch.opened_log(desk, desk.workspace.relative(str(folder / LOG))) as log_fd:
            desk.engine.attach(folder, log_fd)
    elif not status.needs_closing:
        return status
    return judge(read_facts(folder, last.nonce))


def _compared(desk: Desk, run: Run, last: Rerun, folder: Path, status: RunStatus) -> Comparison:
    if status.state is RunState.NEVER_STARTED:
        return Comparison(outcome=NOTHING, what=f"it could not be begun: {status.reason}")
    inside = desk.workspace.relative(str(folder / "witness"))
    first, second = witness_files.seen(desk, run), witness_files.read(desk, inside, last.nonce)
    ended = _how_it_ended(desk, folder, status)
    if first is None or second is None or second.witnessed.broken:
        return Comparison(outcome=NOTHING, what=f"nothing of it was witnessed when it was played again{ended}")
    found = compare(first.witnessed, second.witnessed)
    return Comparison(outcome=found.outcome, what=f"{found.what}{ended}", counted=found.counted)


def _how_it_ended(desk: Desk, folder: Path, status: RunStatus) -> str:
    """Say what ended it; empty where it came to its own end."""
    if status.state is RunState.COMPLETED:
        return ""
    if status.state is RunState.TIMED_OUT:
        return f"; it was ended after {status.elapsed_s:.0f} s ([rerun] minutes)"
    said = _last_line(desk, folder) if status.state is RunState.FAILED else ""
    how = status.reason or f"exit status {status.exit_code}"
    return f"; it ended early, {status.state}: {how}" + (f", its log ends: {said}" if said else "")


def _last_line(desk: Desk, folder: Path) -> str:
    try:
        descriptor = desk.workspace.open_beneath(desk.workspace.relative(str(folder / LOG)), os.O_RDONLY)
    except PathRefused:
        return ""
    with open(descriptor, "rb") as file:
        file.seek(max(0, os.fstat(descriptor).st_size - _LAST_LOG_BYTES))
        lines = file.read().decode("utf-8", "replace").split("\n")
    return next((one_line(mask_secrets(one), 160) for one in reversed(lines) if one.strip()), "")


def _kept(desk: Desk, run: Run, last: Rerun, found: Comparison, wall_s: float) -> Rerun:
    """Record what came of it; once, whoever looks first."""
    compared = RerunCompared(
        outcome=found.outcome, what=one_line(mask_secrets(found.what), _LONGEST_WHAT), wall_s=round(wall_s, 2)
    )
    with desk.ledger.transaction() as transaction:
        known = next(one for one in transaction.reruns(run.id) if one.id == last.id)
        if known.compared is None:
            transaction.add(known, compared)
    return next(one for one in desk.ledger.reruns(run.id) if one.id == last.id)
