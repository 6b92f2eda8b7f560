"""Opening a report and answering it: the record first, then the Markdown beside it, which can be made again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace

from ...documents import error_report
from ...runtime.run_directory import RunStatus
from ...storage.record import Finding, Report, Run, Transaction, next_id
from ...storage.record.records import (
    FindingReported,
    ReportAgain,
    ReportOpened,
)
from ...vocabulary.errors import InvalidArgument, NotFound
from ...vocabulary.runs import ErrorType, Phase, RunState
from ...vocabulary.runs import Finding as Noticed
from ...vocabulary.sanitize import one_line, outgoing, outgoing_lines
from ..desk import Desk
from ..sections import publish
from ..watch import standing
from ..watch.look import find_run, status_of
from . import recurrence

_BLOCKING = "CRITICAL (training halted)"
_GOES_ON = "HIGH (training goes on)"
_ENDED_WELL = "MEDIUM (the run completed, no failure is on record)"
_NOT_STARTED = "HIGH (nothing was started)"


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


def failure_to_report(desk: Desk, run: str) -> Finding | None:
    """Return the failure of a run that a report should speak of: the newest that was not reported, else the newest.

    None where the director has accepted all of them: then the report is about something else, such as its results.
    """
    found = [one for one in standing.crashes(desk, run) if one.status != "accepted"]
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
    """Record a report, or add to the one there is about the same failure; one crash is one report.

    :param finding: what it is about; where that belongs to a crash, the report tells of the crash.
    :param words: what the trainer says.
    :return: the report, and whether it existed before.
    """
    finding = standing.crash_of(desk, finding) if finding is not None else None
    seen_before = recurrence.earlier(desk, finding) if finding is not None else None
    against = standing.quick_problems(desk, run) if run and run.completed and run.phase is Phase.QUICK else []
    with desk.ledger.transaction() as transaction:
        parts = standing.parts_of(transaction, finding) if finding is not None else []
        known = _same_report(transaction, model, run, parts, words)
        facts = _facts(desk, model, run, status, finding, words)
        if against:
            facts = replace(facts, state=f"{facts.state}, not passed: {one_line('; '.join(against), 400)}")
        if known is None:
            report_id = next_id(f"{model}-r", (one.id for one in transaction.reports(model=model)))
            if seen_before is not None:
                facts = replace(facts, seen_before=one_line(outgoing(seen_before.sentence, 600), 600))
            transaction.append(facts, report_id, run=run.id if run else "", model=model)
        else:
            report_id = known.id
            again = _again(known, facts, words, crash=finding is not None)
            if again is not None:
                transaction.add(known, again)
        for part in parts:
            if part.status == "open":
                transaction.add(part, FindingReported(report=report_id))
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


def _again(known: Report, facts: ReportOpened, words: Words, *, crash: bool) -> ReportAgain | None:
    """Return what the same report made again adds to the first one; None where it says nothing new."""
    if crash and _grew(known, facts):
        return _told_by_its_crash(facts)
    return ReportAgain(**asdict(words)) if _adds(known, words) else None


def _adds(known: Report, words: Words) -> bool:
    return any(text and getattr(known, name) != text for name, text in asdict(words).items())


def _grew(known: Report, facts: ReportOpened) -> bool:
    """Whether a failure is known to be more than when it was reported: a loss became NaN, then an exception came."""
    names = ("finding", "exception", "message", "line", "last_line")
    return any(getattr(known, name) != getattr(facts, name) for name in names)


def _told_by_its_crash(facts: ReportOpened) -> ReportAgain:
    """Return what a report says once it is known that its finding was the beginning of a crash.

    Its deadline stays: nobody gets more time because more is known.
    """
    told = {one.name: getattr(facts, one.name) for one in fields(ReportAgain) if one.name != "deadline_at"}
    return replace(ReportAgain(**told), error_type=facts.error_type.value)


def _same_report(
    transaction: Transaction, model: str, run: Run | None, parts: Sequence[Finding], words: Words
) -> Report | None:
    """Return the report that tells of the same: of the same crash, or in the same words where no failure is known.

    :param parts: the findings of the crash that is reported; none where only words are.
    """
    about = run.id if run else ""
    known = [one for one in transaction.reports(model=model) if one.status != "closed" and one.run == about]
    if not parts:
        return next((one for one in known if one.what_happened == words.what_happened), None)
    crash = {one.id for one in parts}
    return next((one for one in known if one.finding in crash and not _asks_anew(one, parts[0])), None)


def _asks_anew(report: Report, crash: Finding) -> bool:
    """Whether a crash grew after the answer to its beginning, so that it needs an answer of its own."""
    return crash.status == "open" and report.status != "open" and not _ends_the_run(report, crash)


def _ends_the_run(report: Report, crash: Finding) -> bool:
    """Whether an answer about the beginning of a crash covers the crash: what it asks for follows the run's end."""
    asked = report.answer.action if report.answer else None
    return report.finding != crash.id and asked not in (None, error_report.Action.CONTINUE)


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
        severity=_NOT_STARTED,
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
        severity=_severity(about, status),
        pid=status.pid,
        state=str(status.state),
        exit_code=status.exit_code,
        signal=status.signal,
        elapsed_s=status.elapsed_s,
    )


def _severity(about: ReportOpened, status: RunStatus) -> str:
    if not status.state.final:
        return _GOES_ON
    well = status.state is RunState.COMPLETED and not about.finding
    return _ENDED_WELL if well else _BLOCKING


def excerpt(finding: Noticed) -> str:
    """Return the lines of a finding with five lines before and after, numbered as `grep -n` counts, cleaned."""
    line = finding.line
    if line is None:
        return ""
    before, own, after = list(finding.before), finding.text.split("\n"), list(finding.after)
    shown = outgoing_lines([*before, *own, *after], 300)
    first, last = line - len(before), finding.last_line or line + len(own) - 1
    numbers = [*range(first, line), *range(line, line + len(own)), *range(last + 1, last + 1 + len(after))]
    marks = [" "] * len(before) + [">"] * len(own) + [" "] * len(after)
    numbered = [f"{mark} {number}: {text}" for mark, number, text in zip(marks, numbers, shown, strict=True)]
    return "\n".join(numbered)


def write_document(desk: Desk, report: Report) -> str:
    """Write a report's Markdown beside the ledger and return its path in the workspace."""
    path = document_path(desk, report)
    publish(desk, path, error_report.document(report.id, report, desk.labels))
    return path


def document_path(desk: Desk, report: Report) -> str:
    """Return where a report's Markdown lies, relative to the workspace."""
    folder = desk.workspace.reports(report.model) or desk.workspace.relative(str(desk.workspace.reports_dir))
    return f"{folder}/{report.id}.md"


def parse_error_type(text: str) -> ErrorType:
    """Return the error type that a word names, in any case.

    :raises InvalidArgument: naming the five there are.
    """
    try:
        return ErrorType(text.strip().lower())
    except ValueError:
        words = ", ".join(ErrorType)
        raise InvalidArgument(f"error_type takes {words}, not {text[:40]!r}.", "Call again with one of them.") from None
