"""verify_compute: was the compute really done?"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from ..server.acts.desk import Desk, in_thread
from ..server.acts.poll import next_step
from ..server.acts.toolbox import Tool
from ..server.acts.watch import look
from ..server.analysis.evidence.words import Outcome, Word
from ..server.vocabulary.errors import Refused
from ..server.vocabulary.runs import Role
from ..server.vocabulary.sanitize import mask_secrets, one_line

_LONGEST = {Outcome.PASSED: 160, Outcome.FAILED: 400, Outcome.NOT_INSPECTED: 240}
"""Characters of a check's evidence; all of it stands in the file at `path`."""


class Verified(BaseModel):
    """A verdict."""

    verdict: str
    met: bool
    reason_code: str
    why: str
    run: str
    phase: str
    wall_s: float
    cpu_s: float | None = None
    cores_busy: float | None = None
    idle_share: float | None = None
    intensity: str
    checks: list[dict[str, Any]]
    required_actions: list[str] | None = None
    override: str | None = None
    report: str | None = None
    handoff: dict[str, str] | None = None
    verdict_id: str
    chain_head: str
    path: str
    text: str
    next: str


async def verify_compute(desk: Desk, run: str, rerun: bool = False) -> Verified:
    """Compute whether a run's work was really done, from the keeper's measurements and the files on disk.

    Call it when a run has completed. Paste `text` into the completion report; when it is not met, the director is told
    (`report`): poll for the answer. `handoff` names what other agents read. A quick run never satisfies the full phase.
    `rerun` plays its first minutes again in a copy and compares.
    """
    return await in_thread(_verify, desk, run, rerun)


def _verify(desk: Desk, run_id: str, rerun: bool) -> Verified:
    from ..server.acts.verify import consequences  # noqa: PLC0415 (heavy: a server that only watches does without)
    from ..server.acts.verify.rerun import again  # noqa: PLC0415 (the same)

    if rerun and desk.role is Role.OBSERVER:
        what = "An observer starts nothing, and playing a run again starts its script."
        raise Refused(what, f"Call verify_compute(run={run_id[:60]!r}) without rerun, or ask the trainer or director.")
    playing = again(desk, run_id) if rerun else None
    if playing is not None:
        return _going_on(desk, run_id, f"played again for {playing.elapsed_s:.0f} s of at most {playing.limit_s:.0f} s")
    concluded = consequences.conclude(desk, run_id)
    found = concluded.verification
    evidence, verdict = found.evidence, found.verdict
    standing = next_step.standing(desk, look.find_run(desk, run_id), evidence.state, evidence.wall_s)
    return Verified(
        verdict=verdict.word,
        met=verdict.word.met,
        reason_code=verdict.code,
        why=one_line(mask_secrets(verdict.why), 400),
        run=evidence.run,
        phase=evidence.phase,
        wall_s=round(evidence.wall_s, 2),
        cpu_s=round(evidence.cpu_s, 2) if evidence.cpu_s is not None else None,
        cores_busy=round(evidence.cores_busy, 2) if evidence.cores_busy is not None else None,
        idle_share=round(evidence.idle_share, 3) if evidence.idle_share is not None else None,
        intensity=found.intensity,
        checks=[_check(one.name, one.outcome, one.evidence) for one in verdict.checks],
        required_actions=list(verdict.actions) or None,
        override=concluded.override or None,
        report=concluded.report,
        handoff=dict(concluded.handover) or None,
        verdict_id=found.id,
        chain_head=evidence.chain_head,
        path=found.path,
        text=found.message or found.block,
        next=next_step.next_call(desk, standing, "")
        if verdict.word.met or concluded.report or not evidence.state.final
        else "mend what required_actions names, train again",
    )


def _going_on(desk: Desk, run_id: str, how_far: str) -> Verified:
    """Answer while a run is played again: a verdict is computed once that is over."""
    run = look.find_run(desk, run_id)
    return Verified(
        verdict=Word.IN_PROGRESS,
        met=False,
        reason_code="rerun",
        why=how_far,
        run=run.id,
        phase=run.phase,
        wall_s=round(run.end.wall_s, 2) if run.end is not None else 0.0,
        intensity="",
        checks=[],
        verdict_id="",
        chain_head="",
        path="",
        text="",
        next=f"verify_compute(run={run.id!r}, rerun=true)",
    )


def _check(name: str, outcome: Outcome, evidence: str) -> dict[str, Any]:
    return {"check": name, "outcome": outcome.value, "evidence": one_line(mask_secrets(evidence), _LONGEST[outcome])}


TOOL = Tool(verify_compute, "verify", Verified, frozenset(Role), idempotent=True)
