"""What a person is told of what is on record: a message for each event that matters, and one text for several.

Nothing of it quotes a log, a script or an agent unless the policy asks for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from ...acts.desk import Desk
from ...acts.watch.look import Look
from ...acts.watch.standing import unaccepted_failures
from ...storage.record import Event, Kind
from ...vocabulary.runs import Level, Role, RunState
from ...vocabulary.sanitize import mask_secrets, one_line
from ..commands.following import line_of
from .outbox import Batch, Message, Outbox

OLDEST_S = 24 * 3600.0
"""What is older when somebody first looks at it is not told any more."""
SETTLES_S = 10.0
"""A failure that was seen is told after so long: it may be the run's end, which is told instead."""
MOST_LINES = 20
_WELL = (RunState.COMPLETED, RunState.STOPPED)


def of_events(desk: Desk, outbox: Outbox, events: Iterable[Event]) -> tuple[list[Message], Outbox]:
    """Return what to tell of events, in order, and which runs are in trouble by then."""
    found: list[Message] = []
    for event in events:
        if event.kind is Kind.ENDED:
            outbox = replace(outbox, troubled=tuple(one for one in outbox.troubled if one != event.run))
        if event.at < max(outbox.since, desk.clock() - OLDEST_S):
            continue
        message = _of(desk, outbox, event)
        if message is None:
            continue
        if message.passing.startswith("trouble "):
            outbox = replace(outbox, troubled=(*outbox.troubled, event.run))
        if message.kind in desk.policy.notify.on:
            found.append(message)
    return found, outbox


def _of(desk: Desk, outbox: Outbox, event: Event) -> Message | None:
    if event.kind is Kind.ENDED:
        return _ended(desk, event)
    if event.kind is Kind.REPORT:
        return _message(desk, event, "waits", f"report {event.subject}")
    if event.kind is Kind.VERDICT:
        return _message(desk, event, "verdict", "")
    if event.kind in (Kind.SEEN, Kind.SETTLED):
        return _found(desk, outbox, event)
    return None


def _ended(desk: Desk, event: Event) -> Message | None:
    run = desk.ledger.run(event.subject)
    state = run.end.state if run and run.end else None
    if state is RunState.COMPLETED and unaccepted_failures(desk, event.run):
        told = _message(desk, event, "failed", "")
        return replace(told, what=f"{told.what}; failures stand against it") if told else None
    return _message(desk, event, "done" if state in _WELL else "failed", "")


def _found(desk: Desk, outbox: Outbox, event: Event) -> Message | None:
    level, finding = event.body.get("level"), desk.ledger.finding(event.subject)
    if finding is None or level == Level.NOTICED:
        return None
    if event.subject == f"{event.run}:stall":  # its message is a sentence of ours with numbers in it
        told = _message(desk, event, "stalled", f"stall {event.run}")
        return replace(told, what=f"gets nowhere: {finding.message}") if told else None
    if level != Level.FAILURE or event.run in outbox.troubled:
        return None
    told = _message(desk, event, "failed", f"trouble {event.run}")
    what = f"goes on, and a failure was found: {finding.type or finding.kind}, {finding.id}"
    return replace(told, what=what, due_at=event.at + SETTLES_S) if told else None


def _message(desk: Desk, event: Event, kind: str, passing: str) -> Message | None:
    line = line_of(desk, event)
    if line is None:
        return None
    untrusted = line.untrusted if desk.policy.notify.log_text else ""
    return Message(
        kind=kind, at=event.at, what=line.what, run=event.run, model=event.model, untrusted=untrusted, passing=passing
    )


def of_gaps(desk: Desk, outbox: Outbox, looks: Sequence[Look]) -> tuple[list[Message], Outbox]:
    """Return what to tell of runs that go on while no trainer looks at them, each gap once."""
    found: list[Message] = []
    gaps: dict[str, float] = {}
    for look in looks:
        since, run = unwatched_since(desk, look), look.run
        if since is None:
            continue
        gaps[run.id] = since
        if outbox.gaps.get(run.id) != since and "unwatched" in desk.policy.notify.on:
            what = f"goes on, and no trainer has looked at it since {_clock(since)}"
            passing = f"watch {run.id}"
            told = Message(kind="unwatched", at=desk.clock(), what=what, run=run.id, model=run.model, passing=passing)
            found.append(told)
    return found, replace(outbox, gaps=gaps)


def unwatched_since(desk: Desk, look: Look) -> float | None:
    """Return since when no trainer looked at a run that goes on; None where that is not long."""
    if not look.status.state.running:
        return None
    last = desk.ledger.watched(look.run.id, Role.TRAINER) or look.run.at
    return last if desk.clock() - last > desk.policy.watch.gap_minutes * 60 else None


def stands(desk: Desk, message: Message) -> bool:
    """Whether what a message tells still holds, where it may pass before anybody was told."""
    about, _, subject = message.passing.partition(" ")
    if about == "report":
        report = desk.ledger.report(subject)
        return report is not None and report.status == "open"
    if about == "stall":
        finding = desk.ledger.finding(f"{subject}:stall")
        return finding is not None and finding.level is not Level.NOTICED and _goes_on(desk, subject)
    return about not in ("trouble", "watch") or _goes_on(desk, subject)


def _goes_on(desk: Desk, run: str) -> bool:
    known = desk.ledger.run(run)
    return known is not None and not known.ended


def content(batch: Batch, workspace: str) -> dict[str, Any]:
    """Return a batch as programs get it: title, body, and each thing by itself.

    :param workspace: the name of its folder.
    """
    lines = list(_lines(batch))
    title = f"{workspace}: {lines[0]}" if len(lines) == 1 else f"{workspace}: {len(batch.messages) + batch.more} news"
    told = [{name: value for name, value in asdict(one).items() if value != ""} for one in batch.messages]
    for one in told:
        one.pop("due_at", None)
        one.pop("passing", None)
    return {"title": one_line(mask_secrets(title), 200), "body": mask_secrets("\n".join(lines)), "told": told}


def _lines(batch: Batch) -> Iterator[str]:
    several = len(batch.messages) + batch.more > 1
    for one in batch.messages[-MOST_LINES:]:
        time = f"{_clock(one.at)} " if several else ""
        quoted = f' ("{one.untrusted}")' if one.untrusted else ""
        yield f"{time}{one.run} {one.what}{quoted}".strip()
    more = batch.more + max(0, len(batch.messages) - MOST_LINES)
    if more:
        yield f"and {more} before that; `watchkeeper status` shows where all stands"


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%H:%M")
