"""What is still to be told, as it stands beside the record: collected, claimed, sent, settled. Pure.

One batch is on its way at a time. Whoever claims it has until `claimed_until`; a claim that nobody settled by then was
made by somebody who was killed, and is made again: then a message may come twice, and none is lost (decision 0034).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter, ValidationError

from ...storage.policy.notify_table import Notify

MOST_WAITING = 200
"""Of what waits the newest; of the others their number is told."""
AGAIN_S = (30.0, 120.0, 600.0, 1800.0)
"""How long after a sending that failed the next one is tried; after the last one the message is given up."""
HOUR_S = 3600.0
SLACK_S = 60.0
"""How much longer than its time limit a sending is believed to go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One thing to tell.

    :ivar kind: a word of `[notify] on`. :ivar at: unix time at which it happened. :ivar what: in our words.
    :ivar untrusted: what a training or an agent wrote of it, where the policy wants that told.
    :ivar due_at: unix time before which it is not told: something may follow that says more.
    :ivar passing: what may be over before it is told: "report ID", "stall RUN", "trouble RUN" or "watch RUN".
    """

    kind: str
    at: float
    what: str
    run: str = ""
    model: str = ""
    untrusted: str = ""
    due_at: float = 0.0
    passing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What is on its way as one message.

    :ivar more: of further things that were let go so many. :ivar left: the ways on which it is still to be sent.
    :ivar tries: how often it was claimed. :ivar claimed_until: unix time; 0 while nobody has it.
    """

    messages: tuple[Message, ...]
    more: int = 0
    left: tuple[str, ...]
    tries: int = 0
    claimed_until: float = 0.0
    due_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """All of it.

    :ivar ledger: the record that `seq`, the number of the last event that was looked at, belongs to.
    :ivar since: unix time; what happened before is not told.
    :ivar gaps: by run, the unix time since which nobody watched that was told already.
    :ivar troubled: runs that go on and of whose failure was told. :ivar sent: unix times of the last hour's batches.
    :ivar trouble: why the last sending failed, empty after one that did not.
    """

    ledger: str = ""
    seq: int = 0
    since: float = 0.0
    waiting: tuple[Message, ...] = ()
    more: int = 0
    batch: Batch | None = None
    gaps: dict[str, float] = field(default_factory=dict[str, float])
    troubled: tuple[str, ...] = ()
    sent: tuple[float, ...] = ()
    trouble: str = ""


_FORM = TypeAdapter(Outbox)


def read(text: str) -> Outbox | None:
    """Return what was written; None where there is nothing, or nothing that this release understands."""
    try:
        return _FORM.validate_json(text)
    except ValidationError:
        return None


def written(outbox: Outbox) -> str:
    """Return it as text; `read` gives it back."""
    return _FORM.dump_json(outbox).decode()


def collected(outbox: Outbox, found: Iterable[Message]) -> Outbox:
    """Return it with more that waits."""
    waiting = (*outbox.waiting, *found)
    let_go = max(0, len(waiting) - MOST_WAITING)
    return replace(outbox, waiting=waiting[let_go:], more=outbox.more + let_go)


def claimed(
    outbox: Outbox, policy: Notify, ways: tuple[str, ...], now: float, minute: int, stands: Callable[[Message], bool]
) -> Outbox:
    """Return it with its batch claimed; the same where nothing is to be sent now.

    :param ways: on which can be sent. :param minute: of the local day. :param stands: whether a message still holds.
    """
    if outbox.batch is None:
        outbox = _formed(outbox, policy, ways, now, minute, stands)
    batch = outbox.batch
    if batch is None or now < max(batch.claimed_until, batch.due_at) or not ways:
        return outbox
    if policy.quiet(minute) and not any(one.kind in policy.urgent for one in batch.messages):
        return outbox
    left = tuple(one for one in batch.left if one in ways) or ways  # the ways may be others than when it was formed
    until = now + policy.timeout_s * len(left) + SLACK_S
    return replace(outbox, batch=replace(batch, left=left, tries=batch.tries + 1, claimed_until=until))


def _formed(
    outbox: Outbox, policy: Notify, ways: tuple[str, ...], now: float, minute: int, stands: Callable[[Message], bool]
) -> Outbox:
    sent = tuple(at for at in outbox.sent if now - HOUR_S < at <= now)
    quiet = policy.quiet(minute)
    due = [one for one in outbox.waiting if one.due_at <= now and (not quiet or one.kind in policy.urgent)]
    waiting = tuple(one for one in outbox.waiting if one not in due)
    told = _without_repetition([one for one in due if stands(one)])
    if not told:
        return replace(outbox, waiting=waiting, sent=sent)
    if len(sent) >= policy.most_per_hour:
        return replace(outbox, sent=sent)
    batch = Batch(messages=tuple(told), more=outbox.more, left=ways)
    return replace(outbox, waiting=waiting, more=0, batch=batch, sent=(*sent, now))


def _without_repetition(messages: list[Message]) -> list[Message]:
    """Leave out that a run is in trouble where its end is told in the same breath."""
    ended = {one.run for one in messages if one.kind in ("failed", "done") and not one.passing}
    return [one for one in messages if not one.passing.startswith("trouble ") or one.run not in ended]


def settled(outbox: Outbox, mine: Batch, failed: dict[str, str], now: float) -> Outbox:
    """Return it after a batch was sent.

    :param failed: by way, why it could not be sent there; it is tried again on these alone.
    """
    if outbox.batch is None or outbox.batch.messages != mine.messages or outbox.batch.tries != mine.tries:
        return outbox  # somebody took it over, and settles it
    trouble = "; ".join(f"{way}: {why}" for way, why in failed.items())
    if not failed:
        return replace(outbox, batch=None, trouble="")
    if mine.tries > len(AGAIN_S):
        return replace(outbox, batch=None, trouble=f"given up after {mine.tries} tries: {trouble}")
    again = replace(mine, left=tuple(failed), claimed_until=0.0, due_at=now + AGAIN_S[mine.tries - 1])
    return replace(outbox, batch=again, trouble=trouble)
