"""Gather the evidence for a verdict, compute it, and keep it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import gates, rundir, watch
from .compute.checks import Limits
from .compute.evidence import Artefact, Evidence, idle_share
from .compute.text import intensity, not_met_message, verification_block
from .compute.verdict import Verdict, decide
from .desk import Desk
from .errors import PathRefused
from .ledger import Kind, Subject, SubjectKind
from .runs import Phase
from .untrusted import mask_secrets, one_line


@dataclass(frozen=True, slots=True)
class Verification:
    """A verdict with its evidence, its two texts, its id and where it is kept."""

    id: str
    evidence: Evidence
    verdict: Verdict
    block: str
    message: str
    intensity: str
    path: str


def verify(desk: Desk, run: str) -> Verification:
    """Compute the verdict on a run from what was measured and what lies on disk, and record it.

    :raises NotFound: if there is no such run.
    """
    evidence = gather(desk, run)
    limits = limits_of(desk, evidence.phase)
    verdict = decide(evidence, limits)
    block = verification_block(evidence, limits, verdict)
    message = "" if verdict.word.met else not_met_message(evidence, limits, verdict)
    verdict_id = _record(desk, evidence, verdict)
    path = f"{desk.workspace.relative(str(desk.workspace.verdicts_dir))}/{verdict_id}.md"
    desk.workspace.write_text_atomically(path, block + (f"\n{message}" if message else ""))
    return Verification(verdict_id, evidence, verdict, block, message, intensity(evidence), path)


def limits_of(desk: Desk, phase: Phase) -> Limits:
    """Return what the policy asks of a phase, in seconds."""
    idle = desk.policy.compute.max_idle_share
    if phase is Phase.QUICK:
        return Limits(0.0, desk.policy.quick.max_minutes * 60, idle, "watchkeeper.toml [quick]")
    full = desk.policy.full
    return Limits(full.min_hours * 3600, full.max_hours * 3600, idle, "watchkeeper.toml [full]")


def gather(desk: Desk, run_id: str) -> Evidence:
    """Collect everything that the verdict on a run is computed from."""
    look = watch.look_at(desk, run_id)
    run, status = look.run, look.status
    failures = gates.failures(desk, run.id)
    broken = desk.ledger.broken()
    return Evidence(
        run=run.id,
        model=run.model,
        phase=Phase(run.body["phase"]),
        state=status.state,
        reason=status.reason,
        exit_code=status.exit_code,
        started_at=status.started_at,
        ended_at=status.ended_at,
        wall_s=status.elapsed_s,
        cpu_s=status.cpu_s,
        cpu_is_lower_bound=status.cpu_is_lower_bound,
        idle_share=idle_share(rundir.usage(desk.workspace.run_dir(run.id), None), desk.policy.compute.idle_below_cores),
        artefacts=_artefacts(desk, run),
        open_failures=tuple(_failure(one) for one in failures if one.status != "accepted"),
        accepted_failures=tuple(one.id for one in failures if one.status == "accepted"),
        script=run.body["script"],
        script_sha256_at_start=run.body["script_sha256"],
        script_sha256_now=_sha256(desk, run.body["script"]),
        chain_head=desk.ledger.head()[1],
        chain_problem=f"event {broken[0].seq}: {broken[0].why}" if broken else "",
    )


def _failure(finding: Subject) -> tuple[str, str, str]:
    body = finding.body
    text = " ".join(str(body[name]) for name in ("exception", "message") if body.get(name))
    return finding.id, str(body.get("type", "")), one_line(mask_secrets(text), 160)


def _artefacts(desk: Desk, run: Subject) -> tuple[Artefact, ...]:
    wanted = [("log", run.body["log"]), ("results", run.body["results"])]
    if run.body["phase"] == Phase.FULL:
        wanted.append(("model", desk.workspace.final_model(run.model)))
    return tuple(_artefact(desk, role, path) for role, path in wanted)


def _artefact(desk: Desk, role: str, path: str) -> Artefact:
    try:
        about = desk.workspace.about(path)
    except PathRefused:  # a folder, a FIFO or a link out of the workspace is no artefact
        about = None
    if about is None:
        return Artefact(role, path)
    return Artefact(role, path, about.size_bytes, about.modified_at, _sha256(desk, path))


def _sha256(desk: Desk, path: str) -> str | None:
    try:
        return desk.workspace.sha256(path)
    except PathRefused:
        return None


def _record(desk: Desk, evidence: Evidence, verdict: Verdict) -> str:
    """Keep a verdict; asked twice about the same facts, it is the same verdict."""
    body: dict[str, Any] = {
        "word": verdict.word.value,
        "code": verdict.code,
        "why": verdict.why,
        "checks": [[one.name, one.outcome.value, one.evidence] for one in verdict.checks if one.name != "integrity"],
    }
    with desk.ledger.transaction() as transaction:
        kept = [
            one for one in transaction.subjects(SubjectKind.VERDICT, model=evidence.model) if one.run == evidence.run
        ]
        if kept and all(kept[-1].body.get(name) == value for name, value in body.items()):
            return kept[-1].id
        verdict_id = f"{evidence.run}-v{len(kept) + 1}"
        transaction.append(Kind.VERDICT, verdict_id, run=evidence.run, model=evidence.model, body=body)
    return verdict_id
