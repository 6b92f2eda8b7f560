"""Runs as jobs of Slurm: submitted once, found again by name, looked at by one question for all of them.

What runs inside such a job, the waiter and its keeper, is `keeper/job.py`.
"""

from __future__ import annotations

import os
import random
import re
import shlex
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import cast

from ..keeper import records
from ..keeper.procfs import Process
from . import keeper_command, shared_look, submissions
from .local import LocalEngine
from .slurm_commands import Job, accounted, cancel, environment, jobs, submitted
from .submissions import NOT_ASKED, Refusal, Unavailable, job_name, left_over, look_s, note, place, submission
from .words import MOST_TRIES, Kind, Word

KIND = "slurm"
LOOK_FILE = "engine-slurm.json"
ANSWER_WITHIN_S = 3.0
"""A look waits no longer for Slurm's answer; a poll has to come in time."""
HASTEN_EVERY_S = 2.0
WARN_BEFORE_S = 60
"""Before its time limit, besides the grace of a stop, Slurm warns a job."""
_MISHAPS = re.compile(r"PREEMPT|NODE[_ ]FAIL|BOOT_FAIL|REQUEUE|requeued|BeginTime|NODE FAILURE")
_LAST_WORDS = re.compile(rb"\*\*\* (?:JOB|STEP) [^*]*CANCELLED AT [^*]*? (?:DUE TO ([A-Z ]+?) )?\*\*\*")


class SlurmEngine(LocalEngine):
    """Hands runs to Slurm. What a node shows of a run's processes is that node's: of this one, /proc is asked.

    :param server_folder: where the package `keeper` lies, on the nodes too.
    """

    def __init__(self, *server_folder: Path) -> None:
        super().__init__(*server_folder)
        self._hastened: dict[Path, float] = {}
        self._accounted: dict[str, tuple[float, Job | None]] = {}

    def launch(self, run_dir: Path, log_fd: int) -> None:
        """See Engine. The job opens the log itself; where Slurm does not answer, any look tries again."""
        text, look = script(self._server_folder, run_dir, log_fd), _look_file(run_dir)
        submissions.once(run_dir, "Slurm", lambda: self._submit(run_dir, text), lambda: shared_look.forget(look))

    def _submit(self, run_dir: Path, text: bytes) -> None:
        known, name = submission(run_dir), job_name(run_dir)
        tries = records.whole(known, "tries") or 0
        if os.path.lexists(run_dir / records.START) or os.path.lexists(run_dir / records.EXIT) or tries >= MOST_TRIES:
            return
        found = jobs(f"--name={name}")
        if found:
            number = min((job.id for job in found), key=int)
            again = records.text(known, "job") != number
        else:
            number, again = submitted(text, options(run_dir, name)), True
        if again:
            about = {"tries": tries + 1, "submitted_at": round(time.time(), 3), "trouble": ""}
            note(run_dir, {"job": number, "name": name, **about})
        if submissions.closed(run_dir):  # it was stopped meanwhile
            cancel(number, name)

    def attach(self, run_dir: Path, log_fd: int) -> None:
        """See Engine. In a job the waiter does that."""

    def word(self, run_dir: Path) -> Word:
        """See Engine. Asked for all runs at once, not oftener than the policy says."""
        within_s = look_s(run_dir)
        return replace(self._said(run_dir, within_s), asked_every_s=within_s)

    def _said(self, run_dir: Path, within_s: float) -> Word:
        name, known = job_name(run_dir), submission(run_dir)
        about = {
            "engine": "Slurm", "job": records.text(known, "job"), "tries": records.whole(known, "tries") or 0,
            "submitted_at": records.number(known, "submitted_at"),
        }  # fmt: skip
        failures = (Unavailable, Refusal)
        answer = shared_look.shared(
            _look_file(run_dir), within_s, ANSWER_WITHIN_S, lambda: self._rows(run_dir), failures
        )
        row = answer.rows.get(name)
        if row is None:
            kind = Kind.UNKNOWN if answer.failed else Kind.GONE
            submitted_at = about["submitted_at"]
            if isinstance(submitted_at, float) and answer.asked_at < submitted_at:
                kind = Kind.UNKNOWN  # it was asked before
            ended = self._told_later(name, about["submitted_at"], within_s) if kind is Kind.GONE else None
            said = f"{ended.text} (sacct)" if ended is not None else _last_words(run_dir)
            if kind is Kind.GONE and said:
                kind = Kind.ENDED
            why = answer.failed or records.text(known, "trouble") or (NOT_ASKED if kind is Kind.UNKNOWN else "")
            return _word(kind, said or why, answer.asked_at, about)
        job = Job(str(row["id"]), str(row["state"]), str(row["reason"]), name)
        about |= {"job": job.id, "since": row.get("since")}
        return _word(job.kind, job.text, answer.answered_at, about, stuck=job.stuck)

    def _told_later(self, name: str, submitted_at: object, within_s: float) -> Job | None:
        """Return what accounting says of a job that the controller has forgotten, asked as seldom as the controller."""
        if not isinstance(submitted_at, float):
            return None
        asked_at, known = self._accounted.get(name, (float("-inf"), None))
        if known is None and time.monotonic() - asked_at >= within_s:
            known = accounted(name, time.time() - submitted_at, ANSWER_WITHIN_S)
            self._accounted[name] = time.monotonic(), known
        return known

    def _rows(self, run_dir: Path) -> shared_look.Rows:
        prefix = f"wk-{place(run_dir)}-"
        ours = [job for job in reversed(jobs()) if job.name.startswith(prefix)]
        rows = {job.name: {"id": job.id, "state": job.state, "reason": job.reason} for job in ours}
        left = [job for job in ours if job.kind is not Kind.ENDED and left_over(run_dir.parent, job.name)]
        if left:  # one a look, a slow Slurm takes its time for each; any of them, as one may never go
            one = random.choice(left)  # noqa: S311 (nobody gains by guessing it)
            with suppress(Unavailable, Refusal):
                cancel(one.id, one.name)
        return rows

    def hasten(self, run_dir: Path) -> None:
        """See Engine. A queued job is taken from the queue; the signal goes to the waiter alone: NCCL uses it too."""
        if time.monotonic() - self._hastened.get(run_dir, float("-inf")) < HASTEN_EVERY_S:
            return
        self._hastened[run_dir] = time.monotonic()
        number = records.text(submission(run_dir), "job")
        began = os.path.lexists(run_dir / records.CLAIM)
        with suppress(Unavailable, Refusal):
            for one in [number] if number else [job.id for job in jobs(f"--name={job_name(run_dir)}")]:
                cancel(one, job_name(run_dir), *(("--batch", "--signal=USR1") if began else ()))
        shared_look.forget(_look_file(run_dir))

    def interrupt(self, run_dir: Path) -> None:
        """See Engine."""
        number = records.text(submission(run_dir), "job")
        with suppress(Unavailable, Refusal):
            if number:
                cancel(number, job_name(run_dir), "--batch", "--signal=TERM")

    def end_all(self, run_dir: Path, grace_s: float) -> list[Process]:  # noqa: ARG002 (Slurm has its KillWait)
        """See Engine. Slurm ends the job with all that is in it."""
        number = records.text(submission(run_dir), "job")
        with suppress(Unavailable, Refusal):
            if number:
                cancel(number, job_name(run_dir))
        shared_look.forget(_look_file(run_dir))
        return self.living(run_dir)


def options(run_dir: Path, name: str) -> list[str]:
    """Return sbatch's options: the policy's, and behind them ours."""
    spec = records.read(run_dir / records.SPEC) or {}
    asked = (records.part(spec, "engine") or {}).get("options")
    theirs = cast("Sequence[object]", asked) if isinstance(asked, list) else ()
    warn_s = WARN_BEFORE_S + int(records.number(spec, "grace_s") or 0.0)
    out = str(run_dir.absolute()).replace("%", "%%")
    return [
        *map(str, theirs), f"--job-name={name}", f"--chdir={run_dir.absolute()}", f"--output={out}/slurm-%j.out",
        "--open-mode=append", "--no-requeue", "--dependency=singleton", f"--signal=B:USR2@{warn_s}",
        f"--export={','.join(sorted(environment()))}",
    ]  # fmt: skip


def script(server_folder: Path, run_dir: Path, log_fd: int) -> bytes:
    """Return the job's script: one command, every word of it quoted.

    :raises WatchkeeperError: if the log does not lie in the workspace any more.
    """
    words = keeper_command.job(server_folder, run_dir, log_fd)
    # The waiter would die of them while its interpreter starts: a warning may come with the job's first second.
    return b"#!/bin/sh\ntrap '' USR1 USR2\nexec " + b" ".join(os.fsencode(shlex.quote(word)) for word in words) + b"\n"


def _word(kind: Kind, text: str, asked_at: float, about: Mapping[str, object], *, stuck: bool = False) -> Word:
    number, tries, submitted_at, since = (about.get(key) for key in ("job", "tries", "submitted_at", "since"))
    return Word(
        engine="Slurm", kind=kind, text=text, stuck=stuck, job=str(number), asked_at=asked_at,
        submitted_at=submitted_at if isinstance(submitted_at, float | int) else None,
        since=since if isinstance(since, float) else None, tries=tries if isinstance(tries, int) else 0,
        interrupted=_MISHAPS.search(text) is not None, out_of_time="TIMEOUT" in text or "TIME LIMIT" in text,
    )  # fmt: skip


def _last_words(run_dir: Path) -> str:
    """Return what Slurm wrote into the job's own output when it ended it: a witness that needs no accounting."""
    said = ""
    for path in sorted(run_dir.glob("slurm-*.out")):
        with suppress(OSError, records.DamagedRecord):
            descriptor = records.open_plain(path, os.O_RDONLY)
            try:
                tail = os.pread(descriptor, 4096, max(0, os.fstat(descriptor).st_size - 4096))
            finally:
                os.close(descriptor)
            found = _LAST_WORDS.findall(tail)
            said = f"CANCELLED {found[-1].decode()}".strip() if found else said or "its job ended without a word"
    return said


def _look_file(run_dir: Path) -> Path:
    return run_dir.parent.parent / LOOK_FILE
