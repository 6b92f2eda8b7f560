"""Reports that the server opens by itself about what is no failure of a run: changes to approve, a rejection."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...documents.error_report import CHANGES, VERDICT
from ...storage.record import Kind, Subject, SubjectKind
from ...vocabulary.runs import ErrorType
from ..desk import Desk
from .reports import write_document

_HOLDS = "HIGH (the phase cannot be completed)"


def open_changes(desk: Desk, model: str, base: Subject, compared: str, entries: Sequence[str]) -> Subject:
    """Ask the director to approve what a start changed; asked twice about the same it is one report.

    :param base: the attempt that the start was compared with; the report stands with it.
    :param compared: digest of everything that was compared; the approval is bound to it.
    :param entries: the changes, each a line that the director can name.
    """
    facts = {
        "kind": CHANGES,
        "compared": compared,
        "changes": list(entries),
        "error_type": ErrorType.IMPLEMENTATION.value,
        "resume_point": "when the changes are approved or taken back",
        "severity": "HIGH (the start waits)",
        "what_happened": f"A start changed {len(entries)} thing(s) since {base.id}: {'; '.join(entries)}",
        "recommended_action": "Approve each change by its name, or have it taken back.",
        "state": "awaiting_approval",
    }

    def same(report: Subject) -> bool:
        return report.body.get("kind") == CHANGES and report.run == base.id and report.status != "closed"

    return _opened(desk, base, model, facts, same)


def open_verdict(desk: Desk, run: Subject, verdict: str, word: str, why: str, actions: str) -> Subject:
    """Tell the director of a rejecting verdict, once for each verdict."""
    facts = {
        "kind": VERDICT,
        "verdict": verdict,
        "error_type": ErrorType.CONVERGENCE.value if "INCOMPLETE" in word else ErrorType.IMPLEMENTATION.value,
        "resume_point": "with a new attempt",
        "severity": _HOLDS,
        "what_happened": f"{word}: {why}",
        "recommended_action": actions or "Find the cause, then train again.",
        "state": str(run.part("end").get("state", "ended")),
    }

    def same(report: Subject) -> bool:
        if report.body.get("kind") != VERDICT or report.run != run.id:
            return False
        return report.status == "open" or report.body["verdict"] == verdict

    return _opened(desk, run, run.model, facts, same)


def _opened(desk: Desk, run: Subject, model: str, facts: Mapping[str, Any], same: Callable[[Subject], bool]) -> Subject:
    common = {
        "at": desk.clock(),
        "model": model,
        "run": run.id,
        "phase": run.body["phase"],
        "owner": "@director",
        "emergency": False,
        "log": run.body["log"],
        "elapsed_s": run.part("end").get("wall_s", 0),
        "deadline_at": desk.clock() + desk.policy.report.deadline_minutes * 60,
    }
    with desk.ledger.transaction() as transaction:
        reports = transaction.subjects(SubjectKind.REPORT, model=model)
        known = next((one for one in reversed(reports) if same(one)), None)
        report_id = known.id if known else f"{model}-r{1 + len(reports)}"
        if known is None:
            transaction.append(Kind.REPORT, report_id, run=run.id, model=model, body={**common, **facts})
        elif any(known.body.get(name) != value for name, value in facts.items()):
            again = {**facts, "deadline_at": common["deadline_at"]}
            transaction.append(Kind.REPORT_AGAIN, report_id, run=run.id, model=model, body=again)
        report = transaction.subject(SubjectKind.REPORT, report_id)
    assert report is not None  # noqa: S101 (recorded or found above)
    write_document(desk, report)
    return report
