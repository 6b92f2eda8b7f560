"""Slurm by its own commands: argument lists, an environment of ours, named fields, a time limit on each call."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from .submissions import Refusal, Unavailable
from .words import Kind

WITHIN_S = 20.0
"""squeue without a controller gives up after 9 s, scontrol after 18 s (22.05); what takes longer is no answer."""
_KEPT = ("PATH", "HOME", "USER", "LOGNAME", "SLURM_CONF")
_KINDS = {
    Kind.QUEUED: "PENDING CONFIGURING REQUEUED REQUEUE_HOLD REQUEUE_FED RESV_DEL_HOLD SPECIAL_EXIT",
    Kind.ENDED: "COMPLETED FAILED CANCELLED TIMEOUT PREEMPTED NODE_FAIL BOOT_FAIL OUT_OF_MEMORY DEADLINE REVOKED"
    " LAUNCH_FAILED RECONFIG_FAIL",
}
_KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names.split()}
_STUCK = re.compile(
    r"held|NeverSatisfied|BadConstraints|InvalidAccount|InvalidQOS|PartitionTimeLimit|PartitionNodeLimit|AssocMax"
    r"|QOSMax\w*PerJob|ReqNodeNotAvail",
    re.IGNORECASE,
)
_NO_ANSWER = re.compile(
    r"unable to contact|timed out|connection refused|communication|zero bytes|temporarily|try again"
    r"|configuration source|slurm\.conf",
    re.IGNORECASE,
)
FIELDS = "%i|%T|%r|%j"


@dataclass(frozen=True, slots=True)
class Job:
    """One line of squeue."""

    id: str
    state: str
    reason: str
    name: str

    @property
    def kind(self) -> Kind:
        """What the state amounts to; one that is not known here is no end."""
        return _KIND_OF.get(self.state, Kind.RUNNING)

    @property
    def text(self) -> str:
        """Slurm's own words."""
        return self.state if self.reason in ("", "None") else f"{self.state} ({self.reason})"

    @property
    def stuck(self) -> bool:
        """Whether it waits for something that never comes by itself."""
        return self.kind is Kind.QUEUED and _STUCK.search(self.reason) is not None


def call(*words: str, stdin: bytes = b"", within_s: float = 0.0) -> str:
    """Run one of Slurm's commands and return what it printed.

    :param within_s: it has so long; 0: WITHIN_S.
    :raises Unavailable: if Slurm cannot be asked now.
    :raises Refusal: if it says no.
    """
    try:
        done = subprocess.run(  # noqa: S603 (an argument list of our own)
            words, input=stdin, capture_output=True, timeout=within_s or WITHIN_S, check=False, env=environment()
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{words[0]}: {error}") from error
    if done.returncode == 0:
        return done.stdout.decode("utf-8", "replace")
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    said = (
        " ".join(line.split(": ", 1)[-1].strip() for line in lines[-3:]) or f"{words[0]} ended with {done.returncode}"
    )
    raise Unavailable(said) if _NO_ANSWER.search(said) else Refusal(said)


def environment() -> dict[str, str]:
    """Return the environment of Slurm's commands: SBATCH_* and SQUEUE_* of an agent's shell must change nothing."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ}


def jobs(*only: str) -> list[Job]:
    """Return this user's jobs as squeue lists them, those that ended a short while ago too.

    :param only: options that narrow it down.
    :raises Unavailable: if Slurm cannot be asked now.
    """
    try:
        said = call("squeue", "--noheader", "--me", "--states=all", f"--format={FIELDS}", *only)
    except Refusal as refusal:
        raise Unavailable(str(refusal)) from refusal  # a question that fails refuses no job
    return [job for line in said.splitlines() if (job := _job(line)) is not None]


def accounted(name: str, since_s_ago: float, within_s: float) -> Job | None:
    """Return how a job ended that the controller has forgotten; None where accounting knows no end of it, or is absent.

    A job that was put back has the state REQUEUED there until it begins again, which is no end.

    :param since_s_ago: how long ago it was submitted; sacct asks for the time, and takes midnight where none is named.
    """
    since = f"--starttime=now-{max(60, int(since_s_ago) + 60)}seconds"
    fields = ("--noheader", "--parsable2", "--allocations", "--format=JobID,State,Reason,JobName")
    try:
        said = call("sacct", *fields, f"--name={name}", since, within_s=within_s)
    except (Unavailable, Refusal):
        return None
    found = [job for line in said.splitlines() if (job := _job(line)) is not None and job.name == name]
    ended = [job for job in found[-1:] if job.kind is Kind.ENDED]
    return ended[0] if ended else None


def _job(line: str) -> Job | None:
    number, _, rest = line.strip().partition("|")
    state, _, rest = rest.partition("|")
    reason, bar, name = rest.rpartition("|")
    return Job(number, state.split()[0], reason, name) if bar and state.strip() else None


def submitted(script: bytes, options: Sequence[str]) -> str:
    """Hand a script to Slurm and return the job's number.

    :raises Unavailable: if it is not known whether it was taken: look for its name.
    :raises Refusal: if it was not taken.
    """
    said = call("sbatch", "--parsable", *options, stdin=script)
    # Sites print banners before it, and `;cluster` stands behind it.
    number = said.strip().rpartition("\n")[2].partition(";")[0].strip()
    if not number.isdigit():
        raise Unavailable(f"sbatch said {said[-80:]!r}")
    return number


def cancel(number: str, name: str, *options: str) -> None:
    """Cancel or signal a job; nothing where the number is another job's by now: Slurm gives numbers again."""
    call("scancel", *options, f"--name={name}", number)
