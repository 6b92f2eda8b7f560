"""What a statement says of a run, taken from the record, the verdict's evidence and the seal. No judgement."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import PurePath
from typing import Any

from ...analysis.evidence.evidence import Evidence
from ...analysis.witness.seen import Seen
from ...analysis.witness.values import text, whole
from ...documents.attestation import FOLDER, SHA256, Facts, Output, digest, sources_of
from ...storage.files.paths import ZARR
from ...storage.record import Run, Verdict
from ...vocabulary.sanitize import masked, one_line
from ..desk import Desk
from ..verify.verify import Verification
from ..watch import artefact_files

MOST_READ = 500
"""Files that the witness saw read and that a statement names; more are counted."""
_LONGEST = 2_000


def outputs(desk: Desk, evidence: Evidence) -> list[Output]:
    """Return what the run left, with its digests of today: results and model, then all else that the keeper sealed.

    The log, which later attempts go on with, stands in only where there is nothing else.
    """
    every = [one for one in evidence.artefacts if one.sha256 and one.size_bytes]
    found = {one.path: _output(desk, one.path, one.sha256 or "") for one in every if one.role != "log"}
    logs = {one.path for one in evidence.artefacts if one.role == "log"}
    sealed: Mapping[str, str] = evidence.seal.files if evidence.seal is not None else dict[str, str]()
    for path, then in sealed.items():
        if path not in found and path not in logs and _as_sealed(desk, path, then):
            found[path] = Output(readable(path), then)
    only_log = [Output(readable(one.path), one.sha256 or "") for one in every if one.role == "log"]
    return list(found.values()) or only_log


def _output(desk: Desk, path: str, sha256: str) -> Output:
    folder = path.endswith(ZARR) and desk.workspace.has_folder(path)
    return Output(readable(path), sha256, FOLDER if folder else SHA256)


def _as_sealed(desk: Desk, path: str, then: str) -> bool:
    return artefact_files.sha256(desk, path) == then


def readable(name: str) -> str:
    r"""Return a file's name as text that any JSON can hold: a byte that is no UTF-8 reads \xff."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def gather(desk: Desk, run: Run, found: Verification, kept: Verdict) -> Facts:
    """Return everything that a statement on a run says, secrets masked."""
    evidence = found.evidence
    position, head = desk.ledger.head()
    chain = evidence.chain_problem or "intact"
    return Facts(
        attested_at=_utc(desk.clock()) or "",
        watchkeeper={"version": metadata.version("watchkeeper")},
        run=masked(_run(desk, run, evidence)),
        command=masked(_command(desk, run)),
        inputs=masked([*_inputs(run), *_read(evidence.seen)]),
        witnessed=masked(_witnessed(evidence)),
        seal=masked(_seal(run, evidence)),
        verdict=masked(_verdict(found, kept)),
        ledger={
            "id": desk.ledger.id,
            "position": position,
            "head": head,
            "chain": chain,
        },
        policy={"digest": digest(SHA256, run.policy_sha256)} if run.policy_sha256 else {},
        design={"name": readable(run.design[0]), "digest": digest(SHA256, run.design[1])} if run.design else None,
    )


def _run(desk: Desk, run: Run, evidence: Evidence) -> dict[str, Any]:
    return {
        "id": run.id,
        "model": run.model,
        "phase": run.phase.value,
        "attempt": run.attempt,
        "follows": run.follows,
        "state": evidence.state.value,
        "exitStatus": evidence.exit_code,
        "startedAt": _utc(evidence.started_at),
        "endedAt": _utc(evidence.ended_at),
        "wallSeconds": round(evidence.wall_s, 3),
        "countedWallSeconds": round(evidence.counted_wall_s, 3),
        "cpuSeconds": None if evidence.cpu_s is None else round(evidence.cpu_s, 3),
        "cpuIsLowerBound": evidence.cpu_is_lower_bound,
        "recordedHere": recorded_here(desk, run),
    }


def recorded_here(desk: Desk, run: Run) -> bool | None:
    """Whether the run was started in this very folder; False where the workspace was copied or moved since.

    None where an older release did not note it.
    """
    return PurePath(run.cwd).is_relative_to(desk.workspace.root) if run.cwd else None


def _command(desk: Desk, run: Run) -> dict[str, Any]:
    root = f"{desk.workspace.root}{os.sep}"
    return {
        "argv": [one_line(readable(one).removeprefix(root), _LONGEST) for one in run.argv],
        "cwd": one_line(readable(run.cwd).removeprefix(root), _LONGEST) if run.cwd != str(desk.workspace.root) else ".",
        "script": readable(run.script),
    }


def _inputs(run: Run) -> Iterator[dict[str, Any]]:
    """Yield what the run was made from, with the digests of its start."""
    for number, (path, sha256) in enumerate(run.sources or ((run.script, run.script_sha256),)):
        yield _input("module" if number else "script", path, sha256)
    for role, one in (("design", run.design), ("features", run.features)):
        if one is not None:
            yield _input(role, *one)
    for path, sha256 in run.named or ():
        yield _input("named", path, sha256)


def _input(role: str, path: str, sha256: str) -> dict[str, Any]:
    return {"role": role, "name": readable(path), "digest": digest(SHA256, sha256)}


def _read(seen: Seen | None) -> Iterator[dict[str, Any]]:
    """Yield the files that the witness saw read, each state of one once, with the digest of that moment."""
    told: set[tuple[str, str]] = set()
    for line in seen.witnessed.of("read") if seen is not None else ():
        one = text(line.facts, "path"), text(line.facts, "sha256")
        whole_file = one[1] and line.facts.get("sampled") is not True
        if whole_file and one not in told and len(told) < MOST_READ:
            told.add(one)
            yield _input("read", *one)


def _witnessed(evidence: Evidence) -> dict[str, Any]:
    """Return in short what the recorder saw in the run's processes; `was` is false where it wrote nothing."""
    seen = evidence.seen
    if seen is None:
        return {"was": False}
    found = seen.witnessed
    kinds = Counter(line.kind for line in found.lines)
    return {
        "was": True,
        "whole": seen.whole,
        "processes": len(found.processes),
        "broken": [one_line(one, 200) for one in found.broken[:20]],
        "kinds": list(seen.kinds),
        "inShort": one_line(seen.describe(), _LONGEST),
        "lines": dict(sorted(kinds.items())),
        "files": {"read": kinds["read"], "written": len(seen.written)},
        "libraries": sorted({_library(line.facts) for line in found.of("hooked")})[:50],
        "untold": sum(whole(line.facts, "count") or 0 for line in found.of("more")),
    }


def _library(facts: Mapping[str, object]) -> str:
    return one_line(f"{text(facts, 'library')} {text(facts, 'version')}".strip(), 80)


def _seal(run: Run, evidence: Evidence) -> dict[str, Any]:
    """Return what the keeper hashed when the run ended; `was` is false where it sealed nothing."""
    sealed = evidence.seal
    if sealed is None:
        return {"was": False, "guard": evidence.guard}
    told = run.end.seal if run.end is not None else ""
    files = [{"name": readable(path), "digest": digest(SHA256, one)} for path, one in sorted(sealed.files.items())]
    return {
        "was": not sealed.failed,
        "failed": sealed.failed,
        "digest": digest(SHA256, told) if told else {},
        "files": files,
        "guard": evidence.guard,
    }


def _verdict(found: Verification, kept: Verdict) -> dict[str, Any]:
    verdict, override = found.verdict, kept.override
    checks = [
        {
            "name": one.name,
            "outcome": one.outcome.value,
            "sources": sources_of(one.evidence),
            "evidence": one_line(one.evidence, _LONGEST),
        }
        for one in verdict.checks
    ]
    told = {"reason": one_line(override.reason, _LONGEST), "report": override.report} if override else None
    return {
        "id": found.id,
        "word": verdict.word.value,
        "met": verdict.word.met,
        "code": verdict.code,
        "why": one_line(verdict.why, _LONGEST),
        "checks": checks,
        "override": told if override is not None and override.reason else None,
    }


def _utc(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
