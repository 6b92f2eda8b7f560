"""Opening a report and answering it: the record first, then the Markdown beside it, which can be made again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...documents import error_report
from ...runtime.run_directory import RunStatus
from ...storage.record import Kind, Subject, SubjectKind, Transaction
from ...vocabulary.errors import InvalidArgument, NotFound
from ...vocabulary.runs import ErrorType, Phase
from ...vocabulary.sanitize import one_line, outgoing
from ..desk import Desk
from ..watch import standing
from ..watch.look import look_at
from . import recurrence

_BLOCKING = "CRITICAL (training halted)"
_GOES_ON = "HIGH (training goes on)"


def find_report(desk: Desk, report: str) -> Subject:
    """Return a report from the record.

    :raises NotFound: naming the open reports.
    """
    found = desk.ledger.subject(SubjectKind.REPORT, report)
    if found is None:
        known = [one.id for one in desk.ledger.subjects(SubjectKind.REPORT, open_only=True)]
        raise NotFound(f"There is no report {report[:60]!r}.", f"Open reports: {', '.join(known) or 'none'}.")
    return found


def decisive(desk: Desk, run: str) -> Subject | None:
    """Return the failure of a run that a report should speak of: the newest that was not reported, else the newest."""
    found = standing.failures(desk, run)
    unreported = [one for one in found if one.status == "open"]
    return (unreported or found or [None])[-1]


def open_report(
    desk: Desk,
    *,
    model: str,
    run: Subject | None,
    status: RunStatus | None,
    finding: Subject | None,
    words: Mapping[str, str],
) -> tuple[Subject, bool]:
    """Record a report, or add to the one there is about the same failure.

    :param words: what the trainer says: what_happened, hypothesis, recommended_action, trainer_type.
    :return: the report, and whether it existed before.
    """
    seen_before = recurrence.earlier(desk, finding) if finding is not None else None
    with desk.ledger.transaction() as transaction:
        known = _same_report(transaction, model, run, finding, words)
        if known is None:
            facts = _facts(desk, model, run, status, finding, words)
            if seen_before is not None:
                facts["seen_before"] = one_line(outgoing(seen_before.sentence, 600), 600)
            number = 1 + len(transaction.subjects(SubjectKind.REPORT, model=model))
            report_id = f"{model}-r{number}"
            transaction.append(Kind.REPORT, report_id, run=run.id if run else "", model=model, body=facts)
        else:
            report_id = known.id
            if _adds(known, words):
                transaction.append(Kind.REPORT_AGAIN, report_id, run=known.run, model=model, body=dict(words))
        _mark_reported(transaction, finding, report_id)
        report = transaction.subject(SubjectKind.REPORT, report_id)
    assert report is not None  # noqa: S101 (recorded or found above)
    write_document(desk, report)
    return report, known is not None


def open_overdue(desk: Desk, run: str | None) -> None:
    """Report by ourselves what nobody reported, of one run or of all: a failure cannot be waited out."""
    due = desk.clock() - desk.policy.report.open_after_minutes * 60
    for finding in desk.ledger.subjects(SubjectKind.FINDING, run=run, open_only=True):
        if finding.at <= due:
            look = look_at(desk, finding.run)
            words = {"what_happened": "Nobody reported this failure in time; the server opened the report by itself."}
            open_report(desk, model=finding.model, run=look.run, status=look.status, finding=finding, words=words)


def _adds(known: Subject, words: Mapping[str, str]) -> bool:
    return any(known.body.get(name) != text for name, text in words.items())


def _mark_reported(transaction: Transaction, finding: Subject | None, report: str) -> None:
    if finding is not None and finding.status == "open":
        transaction.append(Kind.REPORTED, finding.id, run=finding.run, model=finding.model, body={"report": report})


def _same_report(
    transaction: Transaction, model: str, run: Subject | None, finding: Subject | None, words: Mapping[str, str]
) -> Subject | None:
    """The same failure reported twice is one report: the same finding, or the same words about the same run."""
    for report in transaction.subjects(SubjectKind.REPORT, model=model):
        if report.status == "closed" or report.run != (run.id if run else ""):
            continue
        if finding is not None and report.body.get("finding") == finding.id:
            if finding.status == "open" and report.status != "open":
                continue  # it grew after the answer, and asks for another one
            return report
        if finding is None and report.body.get("what_happened") == words["what_happened"]:
            return report
    return None


def _facts(
    desk: Desk,
    model: str,
    run: Subject | None,
    status: RunStatus | None,
    finding: Subject | None,
    words: Mapping[str, str],
) -> dict[str, Any]:
    """Fill in everything that can be measured; the trainer's words stand beside it, never in its place."""
    about: Mapping[str, Any] = finding.body if finding else {}
    kind = ErrorType(about.get("type") or words.get("trainer_type") or ErrorType.INFRASTRUCTURE)
    care = error_report.CARE[kind]
    halted = status is None or status.state.final
    facts: dict[str, Any] = {
        **words,
        "at": desk.clock(),
        "model": model,
        "run": run.id if run else None,
        "phase": run.body["phase"] if run else Phase.QUICK.value,
        "finding": finding.id if finding else None,
        "error_type": kind.value,
        "owner": care.owner,
        "resume_point": care.resume_point,
        "severity": _BLOCKING if halted else _GOES_ON,
        "emergency": bool(about.get("emergency")),
        "message": outgoing(str(about["message"]), 2_000) if about.get("message") else None,
        "exception": about.get("exception"),
        "frame": about.get("frame"),
        "line": about.get("line"),
        "last_line": about.get("last_line"),
        "log": run.body["log"] if run else None,
        "excerpt": excerpt(about),
        "pid": status.pid if status else None,
        "state": str(status.state) if status else "not started",
        "exit_code": status.exit_code if status else None,
        "signal": status.signal if status else None,
        "elapsed_s": status.elapsed_s if status else 0,
        "deadline_at": desk.clock() + desk.policy.report.deadline_minutes * 60,
    }
    facts.setdefault("recommended_action", "")
    facts["recommended_action"] = (
        facts["recommended_action"] or f"Fix by {care.owner}, then resume {care.resume_point}."
    )
    return {name: value for name, value in facts.items() if value is not None}


def excerpt(finding: Mapping[str, Any]) -> str:
    """Return the lines of a finding with five lines before and after, numbered as `grep -n` counts, cleaned."""
    line = finding.get("line")
    if line is None:
        return ""
    before, after = list(finding.get("before", ())), list(finding.get("after", ()))
    own = str(finding.get("text", "")).split("\n")
    numbered = [f"  {line - len(before) + place}: {outgoing(text, 300)}" for place, text in enumerate(before)]
    numbered += [f"> {line + place}: {outgoing(text, 300)}" for place, text in enumerate(own)]
    last = finding.get("last_line") or line + len(own) - 1
    numbered += [f"  {last + 1 + place}: {outgoing(text, 300)}" for place, text in enumerate(after)]
    return "\n".join(numbered)


def write_document(desk: Desk, report: Subject) -> str:
    """Write a report's Markdown beside the ledger and return its path in the workspace."""
    text = error_report.document(report.id, report.body, desk.labels)
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


def answer(desk: Desk, report: Subject, body: Mapping[str, Any], approve: Sequence[str]) -> Subject:
    """Record the director's answer; CONTINUE accepts the finding, so that it no longer blocks a gate.

    The same answer given twice is one answer; a different one replaces it and counts from now on.
    """
    full = {**body, "approve": list(approve), "who": desk.who}
    with desk.ledger.transaction() as transaction:
        known = transaction.subject(SubjectKind.REPORT, report.id)
        if known is not None and not _same_answer(known.part("answer"), full):
            transaction.append(Kind.ANSWER, report.id, run=report.run, model=report.model, body=full)
        if body["action"] == error_report.Action.CONTINUE:
            _accept(transaction, report, str(body["instructions"]))
            _override(desk, transaction, report, str(body["instructions"]))
        answered = transaction.subject(SubjectKind.REPORT, report.id)
    assert answered is not None  # noqa: S101 (it was there before)
    write_document(desk, answered)
    return answered


def _same_answer(known: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    """Whether two answers say the same, whichever server they were given through."""
    return {**known, "who": ""} == {**given, "who": ""}


def _accept(transaction: Transaction, report: Subject, reason: str) -> None:
    finding_id = report.body.get("finding")
    finding = transaction.subject(SubjectKind.FINDING, finding_id) if finding_id else None
    if finding is not None and finding.status != "accepted":
        body = {"accepted_because": reason, "accepted_in": report.id}
        transaction.append(Kind.ACCEPTED, finding.id, run=finding.run, model=finding.model, body=body)


def _override(desk: Desk, transaction: Transaction, report: Subject, reason: str) -> None:
    """Let a rejected verdict stand beside the director's reason, for ever; it is not computed anew by that."""
    verdict_id = report.body.get("verdict")
    verdict = transaction.subject(SubjectKind.VERDICT, verdict_id) if verdict_id else None
    if verdict is not None and verdict.part("override").get("reason") != reason:
        body = {"reason": reason, "report": report.id, "who": desk.who}
        transaction.append(Kind.OVERRIDDEN, verdict.id, run=verdict.run, model=verdict.model, body=body)


def applied(desk: Desk, report: Subject, how: str) -> None:
    """Record that an answer was carried out, once."""
    with desk.ledger.transaction() as transaction:
        known = transaction.subject(SubjectKind.REPORT, report.id)
        if known is not None and known.status == "answered":
            transaction.append(
                Kind.APPLIED, report.id, run=report.run, model=report.model, body={"by": desk.who, "how": how}
            )
