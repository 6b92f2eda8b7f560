"""Reports that the server opens by itself about what is no failure of a run: changes to approve, a rejection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

from ...documents.error_report import BUDGET, CHANGES, VERDICT, ReportFacts
from ...storage.record import Report, Run, next_id
from ...storage.record.records import ReportAgain, ReportClosed, ReportOpened
from ...vocabulary.runs import ErrorType, Phase
from ...vocabulary.sanitize import outgoing
from ..desk import Desk
from .reports import write_document

LONGEST_DIFFERENCE = 12_000
"""Characters of the diff that the director sees in the report."""
_HOLDS = "HIGH (the phase cannot be completed)"


@dataclass(frozen=True, slots=True)
class Changes:
    """What a start changed.

    :ivar compared: digest of everything that was compared; an approval is bound to it.
    :ivar entries: the changes, each a line that the director can name; `names` are short for them.
    :ivar features: whether one of them changes which features the model sees.
    :ivar places: where each of them stands, as file:line, empty where it has no place.
    :ivar difference: of the sources, as a unified diff.
    """

    compared: str
    entries: tuple[str, ...]
    names: tuple[str, ...]
    features: bool
    places: tuple[str, ...] = ()
    difference: str = ""


def open_changes(desk: Desk, model: str, base: Run, found: Changes) -> Report:
    """Ask the director to approve what a start changed; asked twice about the same it is one report.

    Other changes are another report, and close the one that waits: an answer to what the director read must never
    approve what was put in its place meanwhile.

    :param base: the attempt that the start was compared with; the report stands with it.
    """
    things = f"{len(found.entries)} thing{'s' if len(found.entries) != 1 else ''}"
    facts = ReportAgain(
        kind=CHANGES,
        compared=found.compared,
        changes=found.entries,
        change_names=found.names,
        features_changed="YES" if found.features else "NO",
        places=found.places,
        difference=outgoing(found.difference, LONGEST_DIFFERENCE),
        error_type=ErrorType.IMPLEMENTATION.value,
        resume_point="when the changes are approved or taken back",
        severity="HIGH (the start waits)",
        what_happened=f"A start changed {things} since {base.id}: {'; '.join(found.entries)}",
        recommended_action="Approve each change by its name, or have it taken back.",
        state="awaiting_approval",
    )

    def same(report: Report) -> bool:
        return _asks(report, base.id) and report.compared == found.compared and report.status != "closed"

    opened = _opened(desk, base, model, facts, same)
    with desk.ledger.transaction() as transaction:
        for one in transaction.reports(run=base.id, open_only=True):
            if _asks(one, base.id) and one.status == "open" and one.id != opened.id:
                transaction.add(one, ReportClosed(by=desk.who))
    return opened


def replaced_by(desk: Desk, report: Report) -> Report | None:
    """Return the report that took the place of one, because the start that it is about was changed once more."""
    if not report.about_changes or report.status != "closed":
        return None
    others = desk.ledger.reports(run=report.run, open_only=True)
    return next((one for one in reversed(others) if _asks(one, report.run) and one.status == "open"), None)


def _asks(report: Report, base: str) -> bool:
    return report.about_changes and report.run == base


def open_budget(desk: Desk, model: str, base: Run | None, beyond: str) -> Report:
    """Ask the director whether one more attempt may start beyond a budget; asked twice it is one report.

    :param base: the run of this model that the report stands with, None where it has none that ended.
    :param beyond: which budget is used up, and by how much.
    """
    facts = ReportAgain(
        kind=BUDGET,
        error_type=ErrorType.RESOURCE.value,
        resume_point="with one more attempt",
        severity="HIGH (the start waits)",
        what_happened=f"A start was refused: {beyond}",
        recommended_action="CONTINUE lets one more attempt start, TERMINATE ends it here; [budget] gives more room.",
        state="refused",
    )

    def same(report: Report) -> bool:
        return report.kind == BUDGET and report.status != "closed"

    return _opened(desk, base, model, facts, same)


def open_verdict(desk: Desk, run: Run, verdict: str, word: str, why: str, actions: str) -> Report:
    """Tell the director of a rejecting verdict, once for each verdict."""
    facts = ReportAgain(
        kind=VERDICT,
        verdict=verdict,
        error_type=ErrorType.CONVERGENCE.value if "INCOMPLETE" in word else ErrorType.IMPLEMENTATION.value,
        resume_point="with a new attempt",
        severity=_HOLDS,
        what_happened=f"{word}: {why}",
        recommended_action=actions or "Find the cause, then train again.",
        state=str(run.end.state) if run.end else "ended",
    )

    def same(report: Report) -> bool:
        if report.kind != VERDICT or report.run != run.id:
            return False
        return report.status == "open" or report.verdict == verdict

    return _opened(desk, run, run.model, facts, same)


def _opened(desk: Desk, run: Run | None, model: str, facts: ReportAgain, same: Callable[[Report], bool]) -> Report:
    deadline_at = desk.clock() + desk.policy.report.deadline_minutes * 60
    with desk.ledger.transaction() as transaction:
        reports = transaction.reports(model=model)
        known = next((one for one in reversed(reports) if same(one)), None)
        report_id = known.id if known else next_id(f"{model}-r", (one.id for one in reports))
        if known is None:
            transaction.append(
                _first(desk, run, model, facts, deadline_at), report_id, run=run.id if run else "", model=model
            )
        elif _tells_more(known, facts):
            transaction.add(known, replace(facts, deadline_at=deadline_at))
        report = transaction.report(report_id)
    assert report is not None  # noqa: S101 (recorded or found above)
    write_document(desk, report)
    return report


def _tells_more(known: ReportFacts, facts: ReportAgain) -> bool:
    told = {one.name: getattr(facts, one.name) for one in fields(facts)}
    return any(getattr(known, name) != value for name, value in told.items() if value)


def _first(desk: Desk, run: Run | None, model: str, facts: ReportAgain, deadline_at: float) -> ReportOpened:
    return ReportOpened(
        kind=facts.kind,
        at=desk.clock(),
        model=model,
        run=run.id if run else "",
        phase=run.phase if run else Phase.QUICK,
        verdict=facts.verdict,
        compared=facts.compared,
        changes=facts.changes,
        places=facts.places,
        difference=facts.difference,
        change_names=facts.change_names,
        features_changed=facts.features_changed,
        error_type=ErrorType(facts.error_type),
        owner="@director",
        resume_point=facts.resume_point,
        severity=facts.severity,
        what_happened=facts.what_happened,
        recommended_action=facts.recommended_action,
        log=run.log if run else "",
        state=facts.state,
        elapsed_s=run.end.wall_s if run and run.end else 0.0,
        deadline_at=deadline_at,
    )
