"""The director's answers: what they accept, what they take back, that they were carried out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from ...documents import error_report
from ...storage.record import Finding, Report, Transaction
from ...storage.record.records import (
    FindingAccepted,
    FindingReported,
    ReportAnswered,
    ReportApplied,
    VerdictOverridden,
)
from ...vocabulary.errors import InvalidArgument, Refused
from ...vocabulary.runs import Phase
from ..desk import Desk
from ..watch import standing
from . import server_reports
from .reports import write_document


def parse_action(text: str) -> error_report.Action:
    """Return the action that a word names, in any case.

    :raises InvalidArgument: naming the four there are.
    """
    try:
        return error_report.Action(text.strip().upper())
    except ValueError:
        words = ", ".join(error_report.Action)
        raise InvalidArgument(f"action takes {words}, not {text[:40]!r}.", "Call answer_report again.") from None


def answer(desk: Desk, report: Report, given: error_report.Answer, seen_seq: int | None = None) -> Report:
    """Record the director's answer; CONTINUE accepts the finding, so that it no longer blocks a gate.

    The same answer given twice is one answer; a different one replaces it and counts from now on: what an earlier
    CONTINUE accepted is not accepted any more.

    :param seen_seq: number of the report's newest event that was known to who answers; None to answer whatever came.
    :raises InvalidArgument: if it approves something by a name that the report does not have, or another report took
        its place.
    :raises Refused: if something came to the report since, such as the answer of somebody else.
    """
    _check_current(desk, report)
    _check_approved(report, given.approve)
    full = ReportAnswered(**_values(replace(given, who=desk.who)))
    with desk.ledger.transaction() as transaction:
        known = transaction.report(report.id)
        if known is not None and seen_seq not in (None, known.last_seq) and not _same_answer(known.answer, full):
            raise Refused(f"Report {report.id} has changed since you read it.", "Read what came, then answer again.")
        if known is not None and not _same_answer(known.answer, full):
            transaction.add(report, full)
        if given.action is error_report.Action.CONTINUE:
            _accept(transaction, report, given.instructions)
            _override(desk, transaction, report, given.instructions)
        else:
            _take_back(desk, transaction, report)
        answered = transaction.report(report.id)
    assert answered is not None  # noqa: S101 (it was there before)
    write_document(desk, answered)
    return answered


def _values(answer: error_report.Answer) -> dict[str, Any]:
    return {one.name: getattr(answer, one.name) for one in fields(answer)}


def _same_answer(known: error_report.Answer | None, given: error_report.Answer) -> bool:
    """Whether two answers say the same, whichever server they were given through."""
    return known is not None and {**_values(known), "who": ""} == {**_values(given), "who": ""}


def _check_current(desk: Desk, report: Report) -> None:
    """Refuse an answer to changes that are not those of the start any more."""
    newer = server_reports.replaced_by(desk, report)
    if newer is not None:
        raise InvalidArgument(
            f"Report {report.id} is out of date: the start was changed once more, as {newer.id} shows.",
            f"Read {newer.id} (poll_training() shows it) and answer that.",
        )


def _check_approved(report: Report, approved: Sequence[str]) -> None:
    """Refuse an approval of what nobody asked for: it would be taken for one and approve nothing."""
    if not approved:
        return
    if not report.about_changes:
        raise InvalidArgument(
            f"Report {report.id} asks for no approval: no changes stand in it.", "Answer without `approve`."
        )
    known = {*report.changes, *report.change_names}
    unknown = [one for one in approved if one not in known and not _begins_one(one, report)]
    if unknown:
        names = ", ".join(report.change_names or report.changes)
        raise InvalidArgument(
            f"Report {report.id} has no change called {', '.join(one[:60] for one in unknown[:5])}.",
            f"Approve by name: {names[:1_000]}. Each is named; there is no word for all of them.",
        )


def _begins_one(approved: str, report: Report) -> bool:
    """Whether a name begins a change of a report that an older release wrote, which kept no names."""
    return not report.change_names and any(one.startswith(f"{approved} ") for one in report.changes)


def _accept(transaction: Transaction, report: Report, reason: str) -> None:
    for finding in _findings_of(transaction, report):
        if finding.status != "accepted":
            transaction.add(finding, FindingAccepted(accepted_because=reason, accepted_in=report.id))


def _findings_of(transaction: Transaction, report: Report) -> list[Finding]:
    finding = transaction.finding(report.finding) if report.finding else None
    return standing.parts_of(transaction, finding) if finding is not None else []


def _take_back(desk: Desk, transaction: Transaction, report: Report) -> None:
    """Undo what an earlier CONTINUE on this report did: the finding stands again, and so does the verdict alone."""
    for finding in _findings_of(transaction, report):
        if finding.status == "accepted" and finding.accepted_in == report.id:
            transaction.add(finding, FindingReported(report=report.id))
    verdict = transaction.verdict(report.verdict) if report.verdict else None
    if verdict is not None and verdict.override is not None and verdict.override.reason:
        transaction.add(verdict, VerdictOverridden(reason="", report=report.id, who=desk.who))


def _override(desk: Desk, transaction: Transaction, report: Report, reason: str) -> None:
    """Let a rejected verdict stand beside the director's reason, for ever; it is not computed anew by that."""
    verdict = transaction.verdict(report.verdict) if report.verdict else None
    if verdict is not None and (verdict.override is None or verdict.override.reason != reason):
        transaction.add(verdict, VerdictOverridden(reason=reason, report=report.id, who=desk.who))


def terminated(desk: Desk, model: str, phase: Phase) -> Report | None:
    """Return the report in which the director ended a phase of a model: TERMINATE, and nothing answered since.

    Whichever attempt it was about: an attempt that began before the answer came is ended by it as well.
    """
    answered = [one for one in desk.ledger.reports(model=model) if one.answer and one.run and one.phase is phase]
    newest = max((one for one in answered if not one.about_start), key=_answered_at, default=None)
    return newest if newest is not None and _ends(newest) else None


def _answered_at(report: Report) -> tuple[float, int]:
    return report.answered_at or 0.0, report.first_seq


def _ends(report: Report) -> bool:
    return report.answer is not None and report.answer.action is error_report.Action.TERMINATE


def applied(desk: Desk, report: Report, how: str) -> None:
    """Record that an answer was carried out, once."""
    with desk.ledger.transaction() as transaction:
        known = transaction.report(report.id)
        if known is not None and known.status == "answered":
            transaction.add(known, ReportApplied(by=desk.who, how=how))
