"""A report: what the director sees, what it asks about, what happened to it."""

from __future__ import annotations

from dataclasses import dataclass

from ...acts.desk import Desk
from ...acts.report.reports import find_report
from ...documents import error_report
from ...storage.record import Event, Kind, Report, SubjectKind
from ..commands.following import Line, line_of

MOST_EVENTS = 60


@dataclass(frozen=True, slots=True)
class Change:
    """A change that waits for approval: its name, what it is, where it stands."""

    name: str
    text: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage:
    """Everything on a report's page.

    :ivar document: as the director reads it. :ivar course: what happened to it, in order.
    """

    report: Report
    document: str
    changes: tuple[Change, ...]
    course: tuple[tuple[Event, Line], ...]


def gather(desk: Desk, name: str) -> ReportPage:
    """Return what stands on the page of a report.

    :raises NotFound: there is no such report.
    """
    report = find_report(desk, name)
    document = error_report.document(report.id, report, desk.labels)
    return ReportPage(
        report=report, document=document, changes=tuple(changes(report)), course=tuple(_course(desk, report))
    )


def changes(report: Report) -> list[Change]:
    """Return the changes that a report asks about; an older release kept no names for them."""
    found: list[Change] = []
    for place, text in enumerate(report.changes):
        name = report.change_names[place] if place < len(report.change_names) else text
        found.append(Change(name=name, text=text, place=report.places[place] if place < len(report.places) else ""))
    return found


def _course(desk: Desk, report: Report) -> list[tuple[Event, Line]]:
    own: list[Event] = []
    seq = report.first_seq - 1
    while seq < report.last_seq and (events := desk.ledger.events(after=seq, run=report.run)):
        own += [one for one in events if one.subject == report.id and one.kind.subject is SubjectKind.REPORT]
        seq = events[-1].seq
    told = [(one, line_of(desk, one) or _plainly(one)) for one in own]
    return told[-MOST_EVENTS:]


def _plainly(event: Event) -> Line:
    words = {Kind.APPLIED: "its answer was carried out", Kind.CLOSED: "it was closed"}
    return Line(event.at, event.run, event.kind, words.get(event.kind, str(event.kind)))
