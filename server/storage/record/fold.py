"""From events to what they amount to: the present state of a run, a finding, a report. Pure.

A subject's body starts as the body of its first event; later events add to it or change its status. Whether it is
`open` (still asks for something) follows from the status alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .chain import Body, Event, Kind, SubjectKind

_ASKS_FOR_SOMETHING = frozenset({"active", "open", "answered", "applied"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """The present state of one subject, as JSON. `at` is the unix time of its first event."""

    kind: SubjectKind
    id: str
    run: str
    model: str
    open: bool
    first_seq: int
    last_seq: int
    at: float
    body: Mapping[str, Any]

    @property
    def status(self) -> str:
        """Where its life stands: a run is active or ended; a report open, answered, applied or closed."""
        return str(self.body.get("status", ""))


def _finding(previous: Body, event: Event) -> dict[str, Any]:
    body = {**previous, **event.body}
    if event.kind in (Kind.REPORTED, Kind.ACCEPTED):
        body["status"] = event.kind.value.split(".")[1]
    elif _grew(previous, body) or previous.get("status") not in ("reported", "accepted"):
        body["status"] = "open" if body.get("level") == "failure" else str(body.get("level"))
    return body


def _grew(previous: Body, body: Body) -> bool:
    """Whether a finding weighs more than what was reported or accepted: then it asks for that anew."""
    became_failure = body.get("level") == "failure" and previous.get("level") != "failure"
    return became_failure or (bool(body.get("emergency")) and not previous.get("emergency"))


def _run(previous: Body, event: Event) -> dict[str, Any]:
    if event.kind is Kind.START:
        return {**event.body, "status": "active"}
    if event.kind is Kind.STOP:
        return {**previous, "stop": dict(event.body)}
    if event.kind is Kind.PRUNED:
        return {**previous, "pruned": _pruned(previous.get("pruned", {}), event.body)}
    return {**previous, "end": dict(event.body), "status": "ended"}


def _pruned(before: Body, again: Body) -> dict[str, Any]:
    """Return all that was given up of a run: its evidence and, later, the checkpoints of its phase."""
    lines = max(before.get("log_line_ends", 0), again.get("log_line_ends", 0))
    freed = before.get("freed_bytes", 0) + again.get("freed_bytes", 0)
    what = sorted({*before.get("what", ()), *again.get("what", ())})
    kept = {name: again.get(name) or before[name] for name in ("tails", "gpu_s") if before.get(name)}
    return {**before, **again, "what": what, "freed_bytes": freed, "log_line_ends": lines, **kept}


def _report(previous: Body, event: Event) -> dict[str, Any]:
    match event.kind:
        case Kind.REPORT:
            return {**event.body, "status": "open", "times": 1}
        case Kind.REPORT_AGAIN:
            return {**_asked_anew(previous, event.body), **event.body, "times": int(previous.get("times", 1)) + 1}
        case Kind.ANSWER:
            return {**previous, "answer": dict(event.body), "answered_at": event.at, "status": "answered"}
        case Kind.APPLIED:
            return {**previous, "applied": dict(event.body), "status": "applied"}
        case _:
            return {**previous, "closed": dict(event.body), "status": "closed"}


def _asked_anew(previous: Body, again: Body) -> Body:
    """Return a report as it stands before something is added: other changes than were answered ask for an answer."""
    if again.get("compared", previous.get("compared")) == previous.get("compared"):
        return previous
    return {**{name: value for name, value in previous.items() if name != "answer"}, "status": "open"}


def fold(previous: Folded | None, event: Event) -> Folded:
    """Return what a subject amounts to after one more event."""
    before: Body = previous.body if previous else {}
    match event.kind.subject:
        case SubjectKind.RUN:
            body = _run(before, event)
        case SubjectKind.FINDING:
            body = _finding(before, event)
        case SubjectKind.REPORT:
            body = _report(before, event)
        case SubjectKind.VERDICT if event.kind is Kind.OVERRIDDEN:
            body = {**before, "override": dict(event.body)}
        case SubjectKind.DIARY if event.kind is Kind.PROVEN:
            body = {**before, **event.body}
        case SubjectKind.RERUN:
            started = event.kind is Kind.RERUN
            body = {**event.body, "status": "active"} if started else {**before, "compared": dict(event.body)}
            body["status"] = "active" if started else "kept"
        case _:
            body = {**event.body, "status": "kept"}
    return Folded(
        kind=event.kind.subject,
        id=event.subject,
        run=previous.run if previous else event.run,
        model=previous.model if previous else event.model,
        open=body.get("status") in _ASKS_FOR_SOMETHING,
        first_seq=previous.first_seq if previous else event.seq,
        last_seq=event.seq,
        at=previous.at if previous else event.at,
        body=body,
    )
