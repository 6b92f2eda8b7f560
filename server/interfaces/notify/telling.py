"""One step of telling: look at what is new on record, claim what is due, send it, record that it was sent.

Each move of the outbox is a transaction that puts it in place of what was read, so two servers never both take one
message. Nothing that goes wrong here is any tool's trouble.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from ...acts.desk import Desk
from ...acts.watch.look import Look
from ...storage.record import Event
from . import outbox as boxes
from . import words
from .outbox import Batch, Outbox
from .ways import Ways

NOTE = "notify"
MOST_TRIES = 5
"""Another server that moved the outbox was faster; after so many of them the next step goes on."""


def step(
    desk: Desk, looks: Sequence[Look], ways: Ways, since: float, say: Callable[[str], None] = lambda _: None
) -> bool:
    """Collect, and send what is due.

    :param looks: at the runs that go on. :param say: is told a line of each sending.
    :param since: unix time before which nothing is told where nobody ever told anything of this record.
    :return: whether something was sent, so that more may be due.
    :raises StorageFailed: the record cannot be written; nothing is lost.
    """
    _move(desk, since, lambda box: _collected(desk, box, looks))
    before, after = _move(desk, since, lambda box: _claimed(desk, box, ways))
    batch = after.batch
    if batch is None or batch.tries == (before.batch.tries if before.batch else 0):
        return False
    failed = _sent(desk, batch, ways)
    _move(desk, since, lambda box: boxes.settled(box, batch, failed, desk.clock()))
    title = words.content(batch, desk.workspace.root.name)["title"]
    say("; ".join(f"{way}: {why}" for way, why in failed.items()) + ": not told yet" if failed else f"told: {title}")
    return True


def outbox(desk: Desk) -> Outbox | None:
    """Return the outbox as it stands; None where nobody was ever to be told."""
    return boxes.read(desk.ledger.note(NOTE))


def _move(desk: Desk, since: float, move: Callable[[Outbox], Outbox]) -> tuple[Outbox, Outbox]:
    """Put the outbox that `move` makes in place of the one that stands; return both, twice the same where it failed."""
    for _ in range(MOST_TRIES):
        text = desk.ledger.note(NOTE)
        before = _now(desk, text, since)
        after = move(before)
        if boxes.written(after) == text:
            return after, after
        with desk.ledger.transaction() as transaction:
            if transaction.swap_note(NOTE, expected=text, value=boxes.written(after)):
                return before, after
    standing = _now(desk, desk.ledger.note(NOTE), since)
    return standing, standing


def _now(desk: Desk, text: str, since: float) -> Outbox:
    """Return the outbox that stands; the first one, and that of a record that was made anew, begins at a time."""
    found = boxes.read(text) or Outbox(ledger=desk.ledger.id, since=since)
    if found.ledger == desk.ledger.id and found.seq <= desk.ledger.head()[0]:
        return found
    return replace(found, ledger=desk.ledger.id, seq=0, since=desk.clock())


def _collected(desk: Desk, box: Outbox, looks: Sequence[Look]) -> Outbox:
    events: list[Event] = []
    while batch := desk.ledger.events(after=events[-1].seq if events else box.seq):
        events += batch
    found, box = words.of_events(desk, box, events)
    unwatched, box = words.of_gaps(desk, box, looks)
    box = replace(box, seq=events[-1].seq if events else box.seq)
    return boxes.collected(box, [*found, *unwatched])


def _claimed(desk: Desk, box: Outbox, ways: Ways) -> Outbox:
    now = desk.clock()
    local = datetime.fromtimestamp(now).astimezone()
    minute = local.hour * 60 + local.minute
    return boxes.claimed(box, ways.policy, ways.names, now, minute, lambda one: words.stands(desk, one))


def _sent(desk: Desk, batch: Batch, ways: Ways) -> dict[str, str]:
    """Send a batch on the ways that are left; return why that failed, by way."""
    message = words.content(batch, desk.workspace.root.name)
    tried = {way: ways.send(way, message) for way in batch.left}
    return {way: why for way, why in tried.items() if why}


def trial(ways: Ways, workspace: str) -> dict[str, str]:
    """Send a message that says it is a trial on every way; return by way why that failed, empty where it did not."""
    text = "This is a trial: word of your trainings arrives here."
    told = [{"kind": "test", "what": text}]
    message = {"title": f"{workspace}: a trial of watchkeeper", "body": text, "told": told}
    return {way: ways.send(way, message) for way in ways.names}
