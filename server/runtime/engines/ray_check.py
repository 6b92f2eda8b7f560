"""Whether a Ray takes our jobs: what it is, what its nodes have, and a job of a moment."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from . import keeper_command, ray_nodes
from .ray import hand_over
from .ray_head import Head
from .ray_job import Job
from .submissions import Refusal, Unavailable
from .words import Kind

JOB_WITHIN_S = 60.0


def check(head: Head, within_s: float = JOB_WITHIN_S) -> tuple[bool, str]:
    """Run a job of a moment through Ray and return whether it went well, and what was seen."""
    name = f"wk-doctor-{os.urandom(4).hex()}"
    try:
        version, _ = head.about()
        python = keeper_command.words(Path())[:5]
        hand_over(head, name, [*python, "-c", ""], {"request": {"entrypoint_num_cpus": 1}})
        job = _awaited(head, name, within_s)
    except (Unavailable, Refusal) as trouble:
        return False, str(trouble)
    about = ", ".join(one for one in (f"Ray {version}", _nodes(head), _in_clear(head)) if one)
    if job is None or job.kind is not Kind.ENDED:
        with suppress(Unavailable, Refusal):
            head.stop(name)
        said = job.text if job else "it knows no such job"
        return False, f"{about}; a job of a moment has not ended within {within_s:g} s: {said}"
    return job.exit_code == 0, f"{about}; a job of a moment {'ran' if job.exit_code == 0 else 'ended: ' + job.text}"


def _nodes(head: Head) -> str:
    with suppress(Unavailable, Refusal):  # a head that does not tell may take jobs all the same
        return ray_nodes.seen(head.cluster())
    return ""


def _awaited(head: Head, name: str, within_s: float) -> Job | None:
    deadline_s = time.monotonic() + within_s
    while (job := head.job(name)) is not None and job.kind is not Kind.ENDED and time.monotonic() < deadline_s:
        time.sleep(0.1)
    return job


def _in_clear(head: Head) -> str:
    return "the token travels unencrypted" if head.has_token and head.address.startswith("http://") else ""
