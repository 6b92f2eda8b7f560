"""Whether a Slurm takes our jobs: its commands, partitions, what each phase asks for, a job of a moment, accounts."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence

from .slurm_commands import call
from .submissions import Refusal, Unavailable

COMMANDS = ("sbatch", "squeue", "scancel", "srun", "sinfo")
JOB_WITHIN_S = 60.0
_BELOW = ("--partition=", "--account=", "--qos=", "--reservation=")
"""Options that say where a job goes rather than how large it is."""


def check(phases: Mapping[str, Sequence[str]]) -> tuple[bool, str]:
    """Ask Slurm whether it would take the jobs of each phase, run one of a moment, and return whether all went well.

    :param phases: sbatch's options for the jobs of each phase that runs on Slurm.
    """
    lacking = [name for name in COMMANDS if shutil.which(name) is None]
    if lacking:
        return False, f"{', '.join(lacking)}: not on the PATH of this server"
    try:
        seen = [call("sbatch", "--version").strip(), f"partitions: {_partitions()}"]
    except (Unavailable, Refusal) as trouble:
        return False, str(trouble)
    wrong = [said for phase, options in phases.items() if (said := _refused(phase, options))]
    if not wrong:
        said = _moment(next(iter(phases.values()), ()))
        wrong = [said] if said else []
        seen += [] if said else ["a job of a moment ran"]
    return not wrong, "; ".join([*seen, *wrong, _accounting()])


def _partitions() -> str:
    listed = call("sinfo", "--noheader", "--format=%P %a").split("\n")
    return ", ".join(one for one in listed if one)


def _refused(phase: str, options: Sequence[str]) -> str:
    """Return why Slurm would not take a phase's jobs, in its words; empty where it would."""
    try:
        call("sbatch", "--test-only", "--job-name=wk-doctor", *options, stdin=b"#!/bin/sh\n")
    except (Unavailable, Refusal) as trouble:
        return f"[engine.{phase}] would be refused: {trouble}"
    return ""


def _moment(options: Sequence[str]) -> str:
    """Run this Python for a moment where the first phase's jobs go; return what went wrong."""
    where = [one for one in options if one.startswith(_BELOW)]
    moment = ("--immediate=20", "--time=1", "--job-name=wk-doctor", *where)
    try:
        call("srun", *moment, sys.executable, "-I", "-S", "-c", "", within_s=JOB_WITHIN_S)
    except (Unavailable, Refusal) as trouble:
        return f"a job of a moment did not run: {trouble}"
    return ""


def _accounting() -> str:
    """Return whether the site keeps accounts, from which the reason of a job that was forgotten can be told."""
    try:
        call("sacct", "--noheader", "--name=wk-doctor", "--starttime=now")
    except (Unavailable, Refusal) as trouble:
        return f"no accounting ({trouble})"
    return "with accounting"
