"""Runs as jobs of Ray: handed over once under a name that Ray takes once, looked at by one question for all of them."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ..keeper import records
from ..keeper.procfs import Process
from . import keeper_command, ray_look, shared_look, submissions
from .local import LocalEngine
from .ray_head import Head
from .ray_names import head, look_file, named
from .submissions import Refusal, Unavailable, asked, job_name, look_s, note, submission
from .words import MOST_TRIES, Word

KIND = "ray"
ANSWER_WITHIN_S = 3.0
"""A look waits no longer for Ray's answer; a poll has to come in time."""
HASTEN_EVERY_S = 2.0


class RayEngine(LocalEngine):
    """Hands runs to Ray. Where a run's processes are this host's, they are reached as those of any run here.

    :param server_folder: where the package `keeper` lies, on the nodes too.
    """

    def __init__(self, *server_folder: Path) -> None:
        super().__init__(*server_folder)
        self._forgotten: dict[Path, float] = {}

    def launch(self, run_dir: Path, log_fd: int) -> None:
        """See Engine. The job opens the log itself; where Ray does not answer, any look tries again."""
        words, look = keeper_command.job(self._server_folder, run_dir, log_fd), look_file(run_dir)
        submissions.once(run_dir, "Ray", lambda: self._submit(run_dir, words), lambda: shared_look.forget(look))

    def _submit(self, run_dir: Path, words: list[str]) -> None:
        if any(os.path.lexists(run_dir / name) for name in (records.START, records.EXIT, records.CLAIM)):
            return
        its_head, known = head(run_dir), submission(run_dir)
        turn, tries = records.whole(known, "turn") or 1, records.whole(known, "tries") or 0
        _, session = its_head.about()
        job = its_head.job(named(run_dir, turn))
        given_up = job is not None and job.given_up
        if job is not None and (given_up or job.lost_early):
            turn, job = turn + 1, its_head.job(named(run_dir, turn + 1))
        if job is None and tries >= MOST_TRIES and not given_up:
            return
        name, is_new = named(run_dir, turn), job is None
        if is_new:
            hand_over(its_head, name, words, asked(run_dir))
        if is_new or name != records.text(known, "job"):
            first = records.number(known, "submitted_at") or round(time.time(), 3)
            about = {"turn": turn, "session": session, "tries": tries + (not given_up), "submitted_at": first}
            note(run_dir, {"job": name, **about, "trouble": ""})
        if submissions.closed(run_dir):  # it was stopped meanwhile
            self._end(run_dir)

    def attach(self, run_dir: Path, log_fd: int) -> None:
        """See Engine. In a job the waiter does that."""

    def word(self, run_dir: Path) -> Word:
        """See Engine. Asked for all runs at once, not oftener than the policy says."""
        failures, ask = (Unavailable, Refusal), lambda: ray_look.rows(run_dir)
        within_s = look_s(run_dir)
        answer = shared_look.shared(look_file(run_dir), within_s, ANSWER_WITHIN_S, ask, failures)
        return replace(ray_look.word(submission(run_dir), answer, job_name(run_dir)), asked_every_s=within_s)

    def hasten(self, run_dir: Path) -> None:
        """See Engine. Ray has no signal but the end; a keeper elsewhere sees the stop at its next sample."""
        super().hasten(run_dir)
        if time.monotonic() - self._forgotten.get(run_dir, float("-inf")) >= HASTEN_EVERY_S:
            self._forgotten[run_dir] = time.monotonic()
            shared_look.forget(look_file(run_dir))

    def interrupt(self, run_dir: Path) -> None:
        """See Engine."""
        super().interrupt(run_dir)
        self._end(run_dir)

    def end_all(self, run_dir: Path, grace_s: float) -> list[Process]:
        """See Engine. Ray ends the job with all that descends from it."""
        self._end(run_dir)
        return super().end_all(run_dir, grace_s)

    def end_strays(self, run_dir: Path, grace_s: float) -> list[Process]:
        """See Engine. A job that waits still is taken back, though Ray shows it until its turn would have come."""
        if submissions.closed(run_dir):
            self._end(run_dir)
        return super().end_strays(run_dir, grace_s)

    def _end(self, run_dir: Path) -> None:
        turn = records.whole(submission(run_dir), "turn") or 1
        with suppress(Unavailable, Refusal):
            head(run_dir).stop(named(run_dir, turn))
        shared_look.forget(look_file(run_dir))


def hand_over(to: Head, name: str, words: list[str], engine: Mapping[str, object]) -> None:
    """Submit a job. Whatever became of the question, what Ray knows afterwards counts: it takes a name once.

    :raises Unavailable, Refusal: if Ray knows no such job afterwards.
    """
    # Its shell becomes the waiter. The name tells a job that comes twice; no training sees it.
    entrypoint = shlex.join(["exec", "env", f"WATCHKEEPER_JOB={name}", *words])
    try:
        to.submit(name, entrypoint, records.part(engine, "request") or {})
    except (Unavailable, Refusal):
        if to.job(name) is None:
            raise
