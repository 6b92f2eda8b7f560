"""One look at a Ray head for all runs of a workspace, and what it says of each."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from ..keeper import records
from . import ray_nodes, shared_look
from .ray_head import Head
from .ray_job import Job
from .ray_names import head, is_of, parts, run_of
from .submissions import NOT_ASKED, Refusal, Unavailable, asked, left_over, place
from .words import MOST_TRIES, Kind, Word

_HEAD = ""
"""Among the rows of a look: the session of the head, which is another one after it was started anew."""


def rows(run_dir: Path) -> shared_look.Rows:
    """Ask about all jobs of the workspace, and take one from Ray that outlived its run.

    :raises Unavailable: if Ray cannot be asked now.
    """
    asked_head, ours = head(run_dir), place(run_dir)
    _, session = asked_head.about()
    found = [job for job in asked_head.jobs() if is_of(job.name, ours)]
    newest = {parts(job.name)[0]: job for job in sorted(found, key=lambda job: parts(job.name)[1])}
    _release(asked_head, run_dir.parent, found)
    unfit = _unfit(asked_head, run_dir.parent, newest)
    return {_HEAD: {"session": session}, **{name: row(job, unfit.get(name, "")) for name, job in newest.items()}}


def _release(asked_head: Head, runs: Path, jobs: Iterable[Job]) -> None:
    """End a job that outlived its run: one a look; any of them, as one that is queued goes only when its turn comes."""
    left = [job.name for job in jobs if job.kind is not Kind.ENDED and left_over(runs, parts(job.name)[0])]
    if left:
        with suppress(Unavailable, Refusal):
            asked_head.stop(random.choice(left))  # noqa: S311 (nobody gains by guessing it)


def _unfit(asked_head: Head, runs: Path, jobs: Mapping[str, Job]) -> dict[str, str]:
    """Return of the queued jobs that no node can ever take why that is so."""
    queued = [name for name, job in jobs.items() if job.kind is Kind.QUEUED]
    cluster: Mapping[str, object] = {}
    with suppress(Unavailable, Refusal):
        cluster = asked_head.cluster() if queued else {}
    requests = {name: records.part(asked(runs / run_of(name)), "request") or {} for name in queued}
    return {name: why for name, request in requests.items() if (why := ray_nodes.never_fits(cluster, request))}


def row(job: Job, unfit: str) -> dict[str, object]:
    """Return what is kept of a job. :param unfit: why no node can ever take it; empty where one can."""
    return {
        "id": job.name, "kind": job.kind.value, "text": f"{job.text}; {unfit}" if unfit else job.text,
        "stuck": bool(unfit), "interrupted": job.interrupted, "given_up": job.given_up, "lost_early": job.lost_early,
    }  # fmt: skip


def word(known: Mapping[str, object] | None, answer: shared_look.Answer, name: str) -> Word:
    """Return what a head says of one run.

    :param known: what was handed over for it; see submissions.
    :param name: that of its job, without a turn.
    """
    said = answer.rows.get(name)
    return _without_row(known, answer) if said is None else _of_row(known, answer, said)


def _of_row(known: Mapping[str, object] | None, answer: shared_look.Answer, said: Mapping[str, object]) -> Word:
    tries = records.whole(known, "tries") or 0
    again = said.get("given_up") is True or (said.get("lost_early") is True and tries < MOST_TRIES)
    return Word(
        engine="Ray", kind=Kind(str(said["kind"])), text=str(said["text"]), stuck=said.get("stuck") is True,
        job=str(said["id"]), asked_at=answer.answered_at, submitted_at=records.number(known, "submitted_at"),
        since=records.number(said, "since"), tries=tries, interrupted=said.get("interrupted") is True, again=again,
    )  # fmt: skip


def _without_row(known: Mapping[str, object] | None, answer: shared_look.Answer) -> Word:
    """Return what a head says by not naming a job: after it was started anew it knows none of before."""
    submitted_at = records.number(known, "submitted_at")
    asked_before = submitted_at is not None and answer.asked_at < submitted_at
    kind = Kind.UNKNOWN if answer.failed or asked_before else Kind.GONE
    session = records.text(answer.rows.get(_HEAD), "session")
    anew = kind is Kind.GONE and submitted_at is not None and session != records.text(known, "session")
    text = "that its head was started anew and knows no job of before" if anew else ""
    why = answer.failed or records.text(known, "trouble") or (NOT_ASKED if kind is Kind.UNKNOWN else "")
    return Word(
        engine="Ray", kind=kind, text=text or why,
        job=records.text(known, "job"), asked_at=answer.asked_at, submitted_at=submitted_at,
        tries=records.whole(known, "tries") or 0, interrupted=anew,
    )  # fmt: skip
