"""Opening a report and answering it: the record first, then the Markdown beside it, which can be made again."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from ...documents import error_report
from ...runtime.run_directory import RunStatus
from ...storage.record import Finding, Report, Run, Transaction
from ...storage.record.records import (
    FindingAccepted,
    FindingReported,
    ReportAgain,
    ReportAnswered,
    ReportApplied,
    ReportOpened,
    VerdictOverridden,
)
from ...vocabulary.errors import InvalidArgument, NotFound
from ...vocabulary.runs import ErrorType, Phase
from ...vocabulary.runs import Finding as Noticed
from ...vocabulary.sanitize import one_line, outgoing
from ..desk import Desk
from ..watch import standing
from ..watch.look import find_run, status_of
from . import recurrence

_BLOCKING = "CRITICAL (training halted)"
_GOES_ON = "HIGH (training goes on)"


@dataclass(frozen=True, slots=True)
class Words:
    """What the trainer says of a failure; empty where it says nothing."""

    what_happened: str
    hypothesis: str = ""
    recommended_action: str = ""
    trainer_type: str = ""


def find_report(desk: Desk, report: str) -> Report:
    """Return a report from the record.

    :raises NotFound: naming the open reports.
    """
    found = desk.ledger.report(report)
    if found is None:
        known = [one.id for one in desk.ledger.reports(open_only=True)]
        raise NotFound(f"There is no report {report[:60]!r}.", f"Open reports: {', '.join(known) or 'none'}.")
    return found


def decisive(desk: Desk, run: str) -> Finding | None:
    """Return the failure of a run that a report should speak of: the newest that was not reported, else the newest."""
    found = standing.failures(desk, run)
    unreported = [one for one in found if one.status == "open"]
    return (unreported or found or [None])[-1]


def open_report(
    desk: Desk,
    *,
    model: str,
    run: Run | None,
    status: RunStatus | None,
    finding: Finding | None,
    words: Words,
) -> tuple[Report, bool]:
    """Record a report, or add to the one there is about the same failure.

    :param words: what the trainer says.
    :return: the report, and whether it existed before.
    """
    seen_before = recurrence.earlier(desk, finding) if finding is not None else None
    with desk.ledger.transaction() as transaction:
        known = _same_report(transaction, model, run, finding, words)
        if known is None:
            report_id = f"{model}-r{1 + len(transaction.reports(model=model))}"
            facts = _facts(desk, model, run, status, finding, words)
            if seen_before is not None:
                facts = replace(facts, seen_before=one_line(outgoing(seen_before.sentence, 600), 600))
            transaction.append(facts, report_id, run=run.id if run else "", model=model)
        else:
            report_id = known.id
            if _adds(known, words):
                transaction.add(known, ReportAgain(**asdict(words)))
        if finding is not None and finding.status == "open":
            transaction.add(finding, FindingReported(report=report_id))
        report = transaction.report(report_id)
    assert report is not None  # noqa: S101 (recorded or found above)
    write_document(desk, report)
    return report, known is not None


def open_overdue(desk: Desk, run: str | None) -> None:
    """Report by ourselves what nobody reported, of one run or of all: a failure cannot be waited out."""
    due = desk.clock() - desk.policy.report.open_after_minutes * 60
    for finding in desk.ledger.findings(run=run, open_only=True):
        if finding.at <= due:
            with suppress(Exception):  # one run's trouble, which its own row tells; the next poll tries again
                _open_overdue(desk, finding)


def _open_overdue(desk: Desk, finding: Finding) -> None:
    status = status_of(desk, finding.run)
    words = Words("Nobody reported this failure in time; the server opened the report by itself.")
    run = find_run(desk, finding.run)
    open_report(desk, model=finding.model, run=run, status=status, finding=finding, words=words)


def _adds(known: Report, words: Words) -> bool:
    return any(text and getattr(known, name) != text for name, text in asdict(words).items())


def _same_report(
    transaction: Transaction, model: str, run: Run | None, finding: Finding | None, words: Words
) -> Report | None:
    """The same failure reported twice is one report: the same finding, or the same words about the same run."""
    for report in transaction.reports(model=model):
        if report.status == "closed" or report.run != (run.id if run else ""):
            continue
        if finding is not None and report.finding == finding.id:
            if finding.status == "open" and report.status != "open":
                continue  # it grew after the answer, and asks for another one
            return report
        if finding is None and report.what_happened == words.what_happened:
            return report
    return None


def _facts(
    desk: Desk, model: str, run: Run | None, status: RunStatus | None, finding: Finding | None, words: Words
) -> ReportOpened:
    """Fill in everything that can be measured; the trainer's words stand beside it, never in its place."""
    kind = (finding and finding.type) or ErrorType(words.trainer_type or ErrorType.INFRASTRUCTURE)
    care = error_report.CARE[kind]
    about = ReportOpened(
        **asdict(words),
        at=desk.clock(),
        model=model,
        phase=run.phase if run else Phase.QUICK,
        error_type=kind,
        owner=care.owner,
        resume_point=care.resume_point,
        state="not started",
        severity=_BLOCKING,
        deadline_at=desk.clock() + desk.policy.report.deadline_minutes * 60,
    )
    about = replace(about, run=run.id, log=run.log) if run else about
    about = _with_finding(about, finding) if finding else about
    about = _with_status(about, status) if status else about
    advised = words.recommended_action or f"Fix by {care.owner}, then resume {care.resume_point}."
    return replace(about, recommended_action=advised)


def _with_finding(about: ReportOpened, finding: Finding) -> ReportOpened:
    return replace(
        about,
        finding=finding.id,
        emergency=finding.emergency,
        message=outgoing(finding.message, 2_000),
        exception=finding.exception or "",
        frame=finding.frame or "",
        line=finding.line,
        last_line=finding.last_line,
        excerpt=excerpt(finding),
    )


def _with_status(about: ReportOpened, status: RunStatus) -> ReportOpened:
    return replace(
        about,
        severity=_BLOCKING if status.state.final else _GOES_ON,
        pid=status.pid,
        state=str(status.state),
        exit_code=status.exit_code,
        signal=status.signal,
        elapsed_s=status.elapsed_s,
    )


def excerpt(finding: Noticed) -> str:
    """Return the lines of a finding with five lines before and after, numbered as `grep -n` counts, cleaned."""
    line = finding.line
    if line is None:
        return ""
    own = finding.text.split("\n")
    first, last = line - len(finding.before), finding.last_line or line + len(own) - 1
    numbered = [f"  {first + place}: {outgoing(text, 300)}" for place, text in enumerate(finding.before)]
    numbered += [f"> {line + place}: {outgoing(text, 300)}" for place, text in enumerate(own)]
    numbered += [f"  {last + 1 + place}: {outgoing(text, 300)}" for place, text in enumerate(finding.after)]
    return "\n".join(numbered)


def write_document(desk: Desk, report: Report) -> str:
    """Write a report's Markdown beside the ledger and return its path in the workspace."""
    text = error_report.document(report.id, report, desk.labels)
    path = f"{desk.workspace.relative(str(desk.workspace.reports_dir))}/{report.id}.md"
    desk.workspace.write_text_atomically(path, text)
    return path


def parse_action(text: str) -> error_report.Action:
    """Return the action that a word names, in any case.

    :raises InvalidArgument: naming the four there are.
    """
    try:
        return error_report.Action(text.strip().upper())
    except ValueError:
        words = ", ".join(error_report.Action)
        raise InvalidArgument(f"action takes {words}, not {text[:40]!r}.", "Call answer_report again.") from None


def parse_error_type(text: str) -> ErrorType:
    """Return the error type that a word names, in any case.

    :raises InvalidArgument: naming the five there are.
    """
    try:
        return ErrorType(text.strip().lower())
    except ValueError:
        words = ", ".join(ErrorType)
        raise InvalidArgument(f"error_type takes {words}, not {text[:40]!r}.", "Call report_error again.") from None


def answer(desk: Desk, report: Report, given: error_report.Answer) -> Report:
    """Record the director's answer; CONTINUE accepts the finding, so that it no longer blocks a gate.

    The same answer given twice is one answer; a different one replaces it and counts from now on.
    """
    full = ReportAnswered(**_values(replace(given, who=desk.who)))
    with desk.ledger.transaction() as transaction:
        known = transaction.report(report.id)
        if known is not None and not _same_answer(known.answer, full):
            transaction.add(report, full)
        if given.action is error_report.Action.CONTINUE:
            _accept(transaction, report, given.instructions)
            _override(desk, transaction, report, given.instructions)
        answered = transaction.report(report.id)
    assert answered is not None  # noqa: S101 (it was there before)
    write_document(desk, answered)
    return answered


def _values(answer: error_report.Answer) -> dict[str, Any]:
    return {one.name: getattr(answer, one.name) for one in fields(answer)}


def _same_answer(known: error_report.Answer | None, given: error_report.Answer) -> bool:
    """Whether two answers say the same, whichever server they were given through."""
    return known is not None and {**_values(known), "who": ""} == {**_values(given), "who": ""}


def _accept(transaction: Transaction, report: Report, reason: str) -> None:
    finding = transaction.finding(report.finding) if report.finding else None
    if finding is not None and finding.status != "accepted":
        transaction.add(finding, FindingAccepted(accepted_because=reason, accepted_in=report.id))


def _override(desk: Desk, transaction: Transaction, report: Report, reason: str) -> None:
    """Let a rejected verdict stand beside the director's reason, for ever; it is not computed anew by that."""
    verdict = transaction.verdict(report.verdict) if report.verdict else None
    if verdict is not None and (verdict.override is None or verdict.override.reason != reason):
        transaction.add(verdict, VerdictOverridden(reason=reason, report=report.id, who=desk.who))


def applied(desk: Desk, report: Report, how: str) -> None:
    """Record that an answer was carried out, once."""
    with desk.ledger.transaction() as transaction:
        known = transaction.report(report.id)
        if known is not None and known.status == "answered":
            transaction.add(known, ReportApplied(by=desk.who, how=how))
