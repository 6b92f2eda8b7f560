"""What a run's job on Ray is called, and which head has it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from ..keeper import records
from .ray_head import Head
from .submissions import asked, job_name

_NAME = re.compile(r"wk-(?P<place>[0-9a-f]{8})-[A-Za-z0-9_.-]{1,80}-[0-9a-f]{8}(?:\.[0-9]{1,9})?")
_TURN = re.compile(r"(?P<name>.+-[0-9a-f]{8})(?:\.(?P<turn>\d{1,9}))?")


def named(run_dir: Path, turn: int) -> str:
    """Return the name of a run's job: Ray takes each once, so after it gave one up the next needs another."""
    return job_name(run_dir) if turn == 1 else f"{job_name(run_dir)}.{turn}"


def is_of(name: str, place: str) -> bool:
    """Whether a job has a name that a workspace gives; a head tells of everybody's, and they may hold anything."""
    found = _NAME.fullmatch(name)
    return found is not None and found["place"] == place


def parts(name: str) -> tuple[str, int]:
    """Return a job's name without its turn, and the turn."""
    found = _TURN.fullmatch(name)
    return (found["name"], int(found["turn"] or 1)) if found else (name, 1)


def run_of(name: str) -> str:
    """Return the run that a job of a workspace is for."""
    return name.split("-", 2)[2].rpartition("-")[0]


def head_of(engine: Mapping[str, object], workspace: Path) -> Head:
    """Return the head that a start or the policy names."""
    address, file, name = (records.text(dict(engine), key) for key in ("address", "token_file", "token_env"))
    return Head(address, file, name, workspace)


def head(run_dir: Path) -> Head:
    """Return the head that a run was handed to."""
    return head_of(asked(run_dir), run_dir.absolute().parents[2])


def look_file(run_dir: Path) -> Path:
    """Return the file with the last answer of a run's head: the policy may name another one by now.

    One head that is asked with two tokens counts as two: what it refuses to one it tells the other.
    """
    words = "\n".join(records.text(asked(run_dir), key) for key in ("address", "token_file", "token_env"))
    return run_dir.parent.parent / f"engine-ray-{hashlib.sha256(words.encode()).hexdigest()[:8]}.json"
