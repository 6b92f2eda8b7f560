"""What is new for a watcher since its cursor, shown as an agent may see it: cleaned, capped, marked as untrusted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...documents.error_report import Action, is_about_changes
from ...storage.record import Event, Kind, Subject, SubjectKind
from ...vocabulary.runs import Role
from ...vocabulary.sanitize import mask_secrets, one_line, outgoing
from ..desk import Desk
from ..report.reports import excerpt

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
    """What a watcher was not yet told: findings as shown, whether anything else moved, and up to which event.

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
    reports = desk.ledger.subjects(SubjectKind.REPORT, run=run, open_only=True)
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
        found = desk.ledger.subjects(SubjectKind.FINDING, open_only=True)
    else:
        found = [one for one in desk.ledger.subjects(SubjectKind.FINDING, run=run) if one.status in ("open", "flag")]
    seq = found[MOST_FINDINGS].first_seq - 1 if len(found) > MOST_FINDINGS else newest
    shown = _failures_first(found[:MOST_FINDINGS])
    return [finding_view(one, include_text, lines=run is not None) for one in shown], seq


def _changed_findings(desk: Desk, events: Sequence[Event], include_text: bool) -> list[dict[str, Any]]:
    fresh = {one.subject for one in events if one.kind is Kind.SEEN}
    ids = dict.fromkeys(one.subject for one in events if one.kind in _FINDING_EVENTS)
    found = [desk.ledger.subject(SubjectKind.FINDING, one) for one in ids]
    changed = _failures_first([one for one in found if one is not None])
    return [finding_view(one, include_text, lines=one.id in fresh) for one in changed]


def _failures_first(findings: Sequence[Subject]) -> list[Subject]:
    return sorted(findings, key=lambda one: (one.body.get("level") != "failure", one.first_seq))


def finding_view(finding: Subject, include_text: bool, *, lines: bool = True) -> dict[str, Any]:
    """Return a finding as an agent sees it; what comes from the log stands under `untrusted`.

    :param lines: whether the lines of the log are shown too; they are told once, when the failure is new.
    """
    body = finding.body
    wanted = ("level", "type", "line", "last_line", "exception", "root_exception", "count", "emergency")
    view: dict[str, Any] = {"id": finding.id, **{name: body[name] for name in wanted if name in body}}
    for name in ("exception", "root_exception"):
        if name in view:
            view[name] = one_line(str(view[name]), 120)
    if view.get("count") == 1:
        del view["count"]
    if view.get("root_exception") == view.get("exception"):
        view.pop("root_exception", None)
    if body.get("status") in ("reported", "accepted"):
        view["status"] = body["status"]
    if body.get("line") is not None:
        view["log"] = body["log"]
    if body.get("advice"):
        view["advice"] = body["advice"]
    untrusted = _untrusted(body, lines) if include_text else {}
    return {**view, "untrusted": untrusted} if untrusted else view


def _untrusted(body: Mapping[str, Any], lines: bool) -> dict[str, str]:
    shown = {name: one_line(mask_secrets(str(body.get(name) or "")), 240) for name in ("message", "frame")}
    if lines:
        shown["lines"] = outgoing(excerpt(body), LONGEST_EXCERPT)
    return {name: text for name, text in shown.items() if text}


def pending_answer(desk: Desk, run: str) -> Subject | None:
    """Return the newest report of a run whose answer was not yet carried out."""
    reports = desk.ledger.subjects(SubjectKind.REPORT, run=run)
    return next((one for one in reversed(reports) if one.status == "answered"), None)


def answer_view(report: Subject) -> dict[str, Any]:
    """Return a director's answer as the trainer sees it."""
    answer = report.body["answer"]
    wanted = ("action", "instructions", "changes_applied", "next_steps", "approve")
    return {"report": report.id, **{name: answer[name] for name in wanted if answer.get(name)}}


def told_is_done(desk: Desk, report: Subject) -> bool:
    """Whether telling an answer carries it out: it asks for no start, and there is nothing (left) to stop."""
    action = report.body["answer"]["action"]
    if is_about_changes(report.body):
        return False  # the same start, made again, carries it out
    run = desk.ledger.subject(SubjectKind.RUN, report.run) if report.run else None
    return action == Action.CONTINUE or (action == Action.TERMINATE and (run is None or run.status == "ended"))


def report_view(desk: Desk, report: Subject) -> dict[str, Any]:
    """Return a report in short for a brief: facts, and the trainer's words marked as an agent's text."""
    body = report.body
    wanted = ("run", "error_type", "exception", "owner")
    status = "changes_pending" if is_about_changes(report.body) and report.status == "open" else report.status
    view: dict[str, Any] = {"report": report.id, "status": status}
    view.update({name: one_line(str(body[name]), 120) for name in wanted if body.get(name)})
    if body.get("emergency"):
        view["emergency"] = True
    frame = str(body.get("frame") or "").removeprefix(f"{desk.workspace.root}/")
    if _PLAIN_FRAME.fullmatch(frame):
        view["frame"] = frame
    if body.get("changes"):
        view["changes"] = list(body["changes"])[:MOST_CHANGES]
    if report.status == "open":
        view["path"] = f".watchkeeper/reports/{report.id}.md"
    if report.status == "open" and body.get("hypothesis"):
        view["trainer_says"] = one_line(str(body["hypothesis"]), 160)
    if report.status != "open" and body.get("answer"):
        view["answer"] = {name: text for name, text in answer_view(report).items() if name != "report"}
    return view
