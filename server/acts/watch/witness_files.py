"""What a run's witness and its keeper's seal left in the run directory, read within bounds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, cast

from ...analysis.evidence.evidence import Seal
from ...analysis.witness import Process, gathered, read_process
from ...analysis.witness.seen import Seen
from ...runtime.samples import size
from ...storage.record import Run
from ...vocabulary.errors import PathRefused
from ..desk import Desk

FOLDER, SEAL = "witness", "seal.json"
MOST_FILES = 2_000
MOST_BYTES = 96 << 20
"""Of all lines of a run that are read; a run that wrote more is not witnessed as a whole."""
_LARGEST_SEAL_BYTES = 16 << 20


def seen(desk: Desk, run: Run) -> Seen | None:
    """Return what was witnessed of a run; None where nothing was."""
    return read(desk, _inside(desk, run, FOLDER), run.nonce, nodes(run))


def nodes(run: Run) -> int:
    """Return on how many machines a run has its command."""
    return size(run.engine, "nodes") or 1


def read(desk: Desk, folder: str, nonce: str, ranks: int = 1) -> Seen | None:
    """Return what a folder of witnesses' files says, whose chains begin with a nonce; None where there are none."""
    try:
        names = [one for one in desk.workspace.list_dir(folder) if one.endswith(".jsonl")]
    except PathRefused:
        return None
    left, processes = MOST_BYTES, list[Process]()
    for name in names[:MOST_FILES]:
        try:
            data = desk.workspace.read_bytes(f"{folder}/{name}", left)
        except PathRefused as refusal:
            processes.append(Process(file=name, broken=refusal.what))
            continue
        left -= len(data)
        processes.append(read_process(name, data, nonce))
    return Seen(gathered(processes), ranks) if processes else None


def seal(desk: Desk, run: Run) -> Seal | None:
    """Return what the keeper sealed at the end of a run; None where it sealed nothing."""
    told = run.end.seal if run.end is not None else ""
    try:
        data = desk.workspace.read_bytes(_inside(desk, run, SEAL), _LARGEST_SEAL_BYTES)
    except PathRefused as refusal:
        return Seal(failed=refusal.what) if told else None
    if told and hashlib.sha256(data).hexdigest() != told:
        return Seal(failed=f"{SEAL} is not what the record says: somebody changed it")
    try:
        record: object = json.loads(data)
    except (ValueError, RecursionError):
        return Seal(failed=f"{SEAL} is no JSON")
    files = cast("Mapping[str, Any]", record).get("files") if isinstance(record, dict) else None
    if not isinstance(files, dict):
        return Seal()
    every = cast("Mapping[str, Any]", files)
    return Seal(files=_sealed(every), there=tuple(path for path, one in every.items() if _is_file(one)))


def _is_file(about: object) -> bool:
    """Whether something lay there that was looked at: a file, or the folder of a Zarr store."""
    return isinstance(about, dict) and "bytes" in about


def _sealed(files: Mapping[str, Any]) -> dict[str, str]:
    """Return the digests of files that were hashed whole; links and larger files are judged elsewhere."""
    whole = ((path, cast("Mapping[str, Any]", one)) for path, one in files.items() if isinstance(one, dict))
    return {path: str(one["sha256"]) for path, one in whole if isinstance(one.get("sha256"), str)}


def _inside(desk: Desk, run: Run, name: str) -> str:
    return desk.workspace.relative(str(desk.workspace.run_dir(run.id) / name))
