"""Compute the verdict on a run from the gathered evidence, and keep it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from ...analysis.evidence.evidence import Evidence
from ...analysis.verdict.effort import intensity
from ...analysis.verdict.text import check_table, not_met_message, verification_block
from ...analysis.verdict.verdict import Verdict, decide
from ...storage.record import head_copy, next_id
from ...storage.record.records import VerdictKept
from ...vocabulary.sanitize import outgoing
from ..desk import Desk
from ..sections import publish
from ..start import provenance
from ..watch import artefact_files
from ..watch.look import find_run
from ..watch.verdict_rules import rules_of
from .evidence import RULE_TABLES, gather
from .pruned import require_evidence

LONGEST_TEXT = 20_000
"""Characters; no text of ours comes near it."""
_NOT_OF_THE_RUN = frozenset({"integrity", "policy", "inputs", "completion handoff"})
"""Checks whose evidence moves without anything about the run having changed."""


@dataclass(frozen=True, slots=True)
class Verification:
    """A verdict with its evidence, its two texts, its id and where it is kept.

    :ivar message: what the director is told when it is not met; empty when it is.
    """

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
    :raises Refused: if what a verdict looks at was pruned.
    """
    require_evidence(desk, find_run(desk, run))
    desk = _bound(desk, run)
    evidence = gather(desk, run)
    rules = rules_of(desk.policy, evidence.phase)
    verdict = decide(evidence, rules)
    block = outgoing(verification_block(evidence, rules, verdict), LONGEST_TEXT)
    message = "" if verdict.word.met else outgoing(not_met_message(evidence, rules, verdict), LONGEST_TEXT)
    verdict_id = _record(desk, evidence, verdict)
    head_copy.keep(desk.ledger, evidence.head_copy)
    folder = desk.workspace.verdicts(evidence.model) or desk.workspace.relative(str(desk.workspace.verdicts_dir))
    path = f"{folder}/{verdict_id}.md"
    parts = [one for one in (block, outgoing(check_table(verdict), LONGEST_TEXT), message) if one]
    publish(desk, path, "\n".join(parts))
    return Verification(verdict_id, evidence, verdict, block, message, intensity(evidence), path)


def _bound(desk: Desk, run: str) -> Desk:
    """Return the desk with the rules of the policy that the run started under.

    None can be relaxed once it is known what it refuses. Without the snapshot those of today hold, and the check of
    the policy says so.
    """
    started = provenance.policy(desk, provenance.of(find_run(desk, run)))
    if started is None:
        return desk
    reading = {name: getattr(desk.policy.compute, name) for name in ("read_memory_mb", "read_s")}
    then = {name: getattr(started, name) for name in RULE_TABLES}
    then["compute"] = started.compute.model_copy(update=reading)
    policy = desk.policy.model_copy(update=then)
    return replace(desk, policy=policy, workspace=desk.workspace.named(policy.names))


def _record(desk: Desk, evidence: Evidence, verdict: Verdict) -> str:
    """Keep a verdict; asked twice about the same facts, it is the same verdict."""
    found = VerdictKept(
        word=verdict.word.value,
        code=verdict.code,
        why=verdict.why,
        checks=tuple(
            (one.name, one.outcome.value, one.evidence) for one in verdict.checks if one.name not in _NOT_OF_THE_RUN
        ),
        artefacts=artefact_files.recorded(evidence.artefacts),
    )
    with desk.ledger.transaction() as transaction:
        kept = [one for one in transaction.verdicts(model=evidence.model) if one.run == evidence.run]
        if kept and all(getattr(kept[-1], one.name) == getattr(found, one.name) for one in fields(found)):
            return kept[-1].id
        verdict_id = next_id(f"{evidence.run}-v", (one.id for one in kept))
        transaction.append(found, verdict_id, run=evidence.run, model=evidence.model)
    return verdict_id
