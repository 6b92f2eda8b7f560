"""What is new for a watcher since its cursor, shown as an agent may see it: cleaned, capped, marked as untrusted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...documents.error_report import Action
from ...storage.record import Event, Finding, Kind, Report
from ...vocabulary.runs import Level, Role
from ...vocabulary.sanitize import mask_secrets, one_line, outgoing
from ..desk import Desk
from ..report.answers import applied
from ..report.reports import document_path, excerpt

MOST_FINDINGS = 10
MOST_CHANGES = 20
_PLAIN_FRAME = re.compile(r"[\w./-]{1,100}:\d{1,7}")
"""A file's name may be anything; one that could carry words stays in the report's document."""
LONGEST_EXCERPT = 2_400
"""Characters of log that one finding may carry; the whole text stays in the log, whose lines are named."""

_FINDING_EVENTS = frozenset({Kind.SEEN, Kind.SETTLED, Kind.REPEATED, Kind.ACCEPTED})
_TRAINER_EVENTS = _FINDING_EVENTS | {Kind.ENDED, Kind.ANSWER, Kind.STOP}
_DIRECTOR_EVENTS = frozenset({Kind.SEEN, Kind.ENDED, Kind.REPORT, Kind.REPORT_AGAIN, Kind.VERDICT, Kind.STOP})


@dataclass(frozen=True, slots=True)
class News:
    """News for a watcher: findings as shown, whether anything else moved, and up to which event.

    :ivar answers: ids of the reports whose answers a trainer is to be told.
    """

    findings: tuple[dict[str, Any], ...]
    moved: bool
    seq: int
    answers: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.findings or self.answers) or self.moved


def interesting(desk: Desk) -> frozenset[Kind]:
    """Return the kinds of events that wake this desk's role."""
    return _TRAINER_EVENTS if desk.role is Role.TRAINER else _DIRECTOR_EVENTS


def since(desk: Desk, after: int | None, run: str | None, include_text: bool) -> News:
    """Return the news after an event number; for None everything not yet reported or accepted."""
    newest = desk.ledger.head()[0]
    if after is None:
        return _standing(desk, run, include_text, newest)
    every = [one for one in _events(desk, after, run) if one.seq <= newest and one.kind in interesting(desk)]
    events, seq = _page(every, newest)
    shown = _changed_findings(desk, events, include_text)
    answers = dict.fromkeys(one.subject for one in events if one.kind is Kind.ANSWER)
    moved = any(one.kind not in _FINDING_EVENTS for one in events)
    return News(tuple(shown), moved=moved, seq=seq, answers=tuple(answers))


def _page(events: Sequence[Event], newest: int) -> tuple[Sequence[Event], int]:
    """Cut behind the findings that fit into one answer; the next poll tells the rest at once."""
    found: set[str] = set()
    for place, event in enumerate(events):
        if event.kind in _FINDING_EVENTS:
            found.add(event.subject)
        if len(found) > MOST_FINDINGS:
            return events[:place], event.seq - 1
    return events, newest


def _standing(desk: Desk, run: str | None, include_text: bool, newest: int) -> News:
    """Return everything that is not settled: findings, answers for a trainer, reports for a director."""
    findings, seq = _standing_findings(desk, run, include_text, newest)
    reports = desk.ledger.reports(run=run, open_only=True)
    answers = [one.id for one in reports if one.status == "answered" and desk.role is Role.TRAINER]
    asked = any(one.status == "open" for one in reports) and desk.role is Role.DIRECTOR
    return News(tuple(findings), moved=asked, seq=seq, answers=tuple(answers))


def _events(desk: Desk, after: int, run: str | None) -> Sequence[Event]:
    found: list[Event] = []
    while batch := desk.ledger.events(after=after, run=run):
        found.extend(batch)
        after = batch[-1].seq
    return found


def _standing_findings(
    desk: Desk, run: str | None, include_text: bool, newest: int
) -> tuple[list[dict[str, Any]], int]:
    """Return the findings that fit into one answer, and up to which event they are all that there is."""
    if run is None:
        found = desk.ledger.findings(open_only=True)
    else:
        found = [one for one in desk.ledger.findings(run=run) if one.status in ("open", "flag")]
    seq = found[MOST_FINDINGS].first_seq - 1 if len(found) > MOST_FINDINGS else newest
    shown = _failures_first(found[:MOST_FINDINGS])
    return [finding_view(one, include_text, lines=run is not None) for one in shown], seq


def _changed_findings(desk: Desk, events: Sequence[Event], include_text: bool) -> list[dict[str, Any]]:
    fresh = {one.subject for one in events if one.kind is Kind.SEEN}
    ids = dict.fromkeys(one.subject for one in events if one.kind in _FINDING_EVENTS)
    found = [desk.ledger.finding(one) for one in ids]
    changed = _failures_first([one for one in found if one is not None])
    return [finding_view(one, include_text, lines=one.id in fresh) for one in changed]


def _failures_first(findings: Sequence[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda one: (one.level is not Level.FAILURE, one.first_seq))


def finding_view(finding: Finding, include_text: bool, *, lines: bool = True) -> dict[str, Any]:
    """Return a finding as an agent sees it; what comes from the log stands under `untrusted`.

    :param lines: whether the lines of the log are shown too; they are told once, when the failure is new.
    """
    root = finding.root_exception if finding.root_exception != finding.exception else None
    view: dict[str, Any] = {
        "id": finding.id,
        "level": finding.level,
        "type": finding.type,
        "line": finding.line,
        "last_line": finding.last_line,
        "exception": one_line(finding.exception or "", 120),
        "root_exception": one_line(root or "", 120),
        "count": finding.count if finding.count > 1 else None,
        "emergency": finding.emergency,
        "status": finding.status if finding.status in ("reported", "accepted") else None,
        "log": finding.log if finding.line is not None else None,
        "advice": finding.advice,
    }
    view = {name: value for name, value in view.items() if value not in (None, "", False)}
    untrusted = _untrusted(finding, lines) if include_text else {}
    return {**view, "untrusted": untrusted} if untrusted else view


def _untrusted(finding: Finding, lines: bool) -> dict[str, str]:
    told = {"message": finding.message, "frame": finding.frame or ""}
    shown = {name: one_line(mask_secrets(text), 240) for name, text in told.items()}
    if lines:
        shown["lines"] = outgoing(excerpt(finding), LONGEST_EXCERPT)
    return {name: text for name, text in shown.items() if text}


def pending_answer(desk: Desk, run: str) -> Report | None:
    """Return the newest report of a run whose answer was not yet carried out."""
    reports = desk.ledger.reports(run=run)
    return next((one for one in reversed(reports) if one.status == "answered"), None)


def answer_view(report: Report) -> dict[str, Any]:
    """Return a director's answer as the trainer sees it."""
    view: dict[str, Any] = {"report": report.id}
    if report.answer is not None:
        view |= {
            "action": report.answer.action,
            "instructions": report.answer.instructions,
            "changes_applied": report.answer.changes_applied,
            "next_steps": report.answer.next_steps,
            "approve": list(report.answer.approve),
        }
    return {name: value for name, value in view.items() if value}


def carry_out_told(desk: Desk, run: str | None, after: int) -> None:
    """Carry out the answers that ask for no act but to be told, where a trainer has them.

    :param after: the event number in the cursor that the trainer hands in: it came with all that was told up to there.
        An answer of a server says less, it may never have arrived.
    """
    for report in desk.ledger.reports(run=run, open_only=True):
        if report.status == "answered" and report.last_seq <= after and told_is_done(desk, report):
            applied(desk, report, "told the trainer")


def told_is_done(desk: Desk, report: Report) -> bool:
    """Whether telling an answer carries it out: it asks for no start, and there is nothing (left) to stop."""
    action = report.answer.action if report.answer else None
    if report.about_changes:
        return False  # the same start, made again, carries it out
    run = desk.ledger.run(report.run) if report.run else None
    return action == Action.CONTINUE or (action == Action.TERMINATE and (run is None or run.status == "ended"))


def report_view(desk: Desk, report: Report) -> dict[str, Any]:
    """Return a report in short for a brief: facts, and the trainer's words marked as an agent's text."""
    is_open = report.status == "open"
    frame = report.frame.removeprefix(f"{desk.workspace.root}/")
    answer = {name: text for name, text in answer_view(report).items() if name != "report"}
    view: dict[str, Any] = {
        "report": report.id,
        "status": "changes_pending" if report.about_changes and is_open else report.status,
        "run": report.run,
        "error_type": str(report.decided_type),
        "exception": one_line(report.exception, 120),
        "owner": report.decided_owner,
        "emergency": report.emergency,
        "state": one_line(report.state, 300) if is_open and "not passed: " in report.state else "",
        "frame": frame if _PLAIN_FRAME.fullmatch(frame) else "",
        "changes": list(report.changes[:MOST_CHANGES]),
        "places": [one_line(one, 120) for one in report.places[:MOST_CHANGES]]
        if is_open and any(report.places)
        else [],
        "path": document_path(desk, report) if is_open else "",
        "trainer_says": one_line(report.hypothesis, 160) if is_open else "",
        "answer": answer if not is_open else {},
    }
    return {name: value for name, value in view.items() if value}
