"""What every scheduler needs to be handed a run once: its name, what was handed over, jobs that outlived their run."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from contextlib import suppress
from pathlib import Path

from ...vocabulary.errors import StorageFailed
from ..keeper import exit_record, lock, records

LOOK_S = 30.0
PATIENCE_S = 5.0
"""A start waits no longer for an engine to take its run; it is handed over beside the call."""
LEFT_OVER_S = 60.0
"""A job that is still there so long after its run's end is taken from its engine."""
NOT_ASKED = "it was not asked since it was handed the run"


class Unavailable(Exception):
    """An engine did not answer: that says nothing of any job."""


class Refusal(Exception):
    """An engine answered no, in its own words."""


def once(run_dir: Path, engine: str, submit: Callable[[], None], then: Callable[[], None]) -> None:
    """Hand a run over by `submit`, one server at a time; note what kept it from that, and never start what is refused.

    An engine that takes longer than PATIENCE_S is asked on beside the call. A process that ends meanwhile waits for it.

    :param submit: raises Unavailable where it is not known whether the run was taken, Refusal where it was not.
    :param then: is called when that is over, however it went; not where another server is at it.
    :raises StorageFailed: if the disk does not take what became of it; what the engine has is found again by its name.
    """
    held = lock.take(run_dir / f"{records.JOB}.lock")
    if held is None:
        return
    done: Future[None] = Future()
    thread = threading.Thread(target=_work, args=(run_dir, engine, submit, then, held, done), name="submit")
    try:
        thread.start()
    except BaseException:  # no thread is to be had: the next look tries again, and needs the lock
        os.close(held)
        raise
    wait([done], PATIENCE_S)
    try:
        if done.done():
            done.result()
    except OSError as error:
        raise StorageFailed(
            f"What became of handing {run_dir.name} to {engine} could not be written: {error.strerror or error}.",
            f"Make room, then poll_training(run={run_dir.name!r}): that goes on with the start.",
        ) from error


def _work(
    run_dir: Path, engine: str, submit: Callable[[], None], then: Callable[[], None], held: int, done: Future[None]
) -> None:
    try:
        try:
            _submit(run_dir, engine, submit)
        finally:
            then()
    except BaseException as error:  # whoever waits raises it
        os.close(held)
        done.set_exception(error)
    else:
        os.close(held)  # first: whoever knows that it is done may hand over again
        done.set_result(None)


def _submit(run_dir: Path, engine: str, submit: Callable[[], None]) -> None:
    try:
        submit()
    except Refusal as refusal:
        never = exit_record.never_started(run_dir.name, f"{engine} refused it: {refusal}", time.time())
        records.create(run_dir / records.EXIT, {**never, "nonce": _nonce(run_dir)})
    except Unavailable as trouble:
        with suppress(OSError):
            note(run_dir, {"trouble": str(trouble)[:300], "at": round(time.time(), 3)})


def job_name(run_dir: Path) -> str:
    """Return the name by which a run's job is found again: workspace, run, and the start that it belongs to."""
    start = hashlib.sha256(_nonce(run_dir).encode()).hexdigest()[:8]
    return f"wk-{place(run_dir)}-{run_dir.name}-{start}"


def place(run_dir: Path) -> str:
    """Return what tells the jobs of one workspace from those of others."""
    return hashlib.sha256(os.fsencode(run_dir.absolute().parent)).hexdigest()[:8]


def submission(run_dir: Path) -> dict[str, object] | None:
    """Return what was handed over for a run, or what kept it from that; None where nothing was tried."""
    try:
        return records.read(run_dir / records.JOB)
    except records.DamagedRecord:
        return None


def note(run_dir: Path, content: Mapping[str, object]) -> None:
    """Add to what is known of a run's submission."""
    records.write(run_dir / records.JOB, {**(submission(run_dir) or {}), **content})


def closed(run_dir: Path) -> bool:
    """Whether a run's end was put on record before it began."""
    return os.path.lexists(run_dir / records.EXIT) and not os.path.lexists(run_dir / records.START)


def asked(run_dir: Path) -> dict[str, object]:
    """Return what the start recorded of its engine; empty for a run of this machine, or one whose spec is damaged."""
    try:
        return records.part(records.read(run_dir / records.SPEC), "engine") or {}
    except (records.DamagedRecord, OSError):
        return {}


def look_s(run_dir: Path) -> float:
    """Return how many seconds lie between two questions to the engine."""
    return records.number(asked(run_dir), "look_s") or LOOK_S


def left_over(runs: Path, name: str) -> bool:
    """Whether the run of a job has ended for long: a twin, one that was put back, one that does not notice.

    What a training left alive has its grace still, until its keeper has settled how it ended.

    :param name: the job's name, which begins as `job_name` does for a workspace.
    """
    run_dir = runs / name.split("-", 2)[2].rpartition("-")[0]
    try:
        ended_s_ago = time.time() - (run_dir / records.EXIT).stat().st_mtime
        end = records.read(run_dir / records.EXIT) or {}
        spec = records.read(run_dir / records.SPEC) or {}
    except (OSError, records.DamagedRecord):
        return False
    grace_s = 0.0 if end.get("settled") is not False else records.number(spec, "grace_s") or 0.0
    return ended_s_ago > LEFT_OVER_S + grace_s and job_name(run_dir) == name


def _nonce(run_dir: Path) -> str:
    try:
        return records.text(records.read(run_dir / records.SPEC), "nonce")
    except records.DamagedRecord:
        return ""
