"""What waits to be told: one batch at a time, tried again where it failed, held in quiet hours, never flooding."""

from __future__ import annotations

from dataclasses import replace

import pytest
from watchkeeper.server.interfaces.notify.outbox import (
    AGAIN_S,
    HOUR_S,
    MOST_WAITING,
    Message,
    Outbox,
    claimed,
    collected,
    read,
    settled,
    written,
)
from watchkeeper.server.storage.policy.notify_table import Notify

POLICY = Notify(command=("/bin/true",))
NOW = 1_000_000.0


def message(number: int = 1, kind: str = "failed", **more: object) -> Message:
    return replace(Message(kind=kind, at=NOW, what=f"thing {number}", run=f"{number}-quick-1"), **more)


def claim(box: Outbox, now: float = NOW, policy: Notify = POLICY, *, minute: int = 0, stand: bool = True) -> Outbox:
    return claimed(box, policy, ("command", "url 1"), now, minute, lambda _: stand)


def test_what_is_claimed_is_claimed_by_nobody_else_until_its_time_is_over_and_then_once_more() -> None:
    first = claim(collected(Outbox(), [message()]))
    assert first.batch is not None
    assert claim(first, NOW + 1) == first
    killed = claim(first, first.batch.claimed_until)
    assert killed.batch is not None
    assert (killed.batch.tries, killed.batch.messages) == (2, (message(),))
    assert settled(killed, first.batch, {}, NOW) == killed, "who was overtaken settles nothing"
    assert settled(killed, killed.batch, {}, NOW).batch is None


def test_what_failed_is_tried_again_on_the_ways_that_failed_and_given_up_after_so_many_times() -> None:
    box, now, tries = collected(Outbox(), [message()]), NOW, 0
    while (box := claim(box, now)).batch is not None:
        assert box.batch is not None
        tries += 1
        assert box.batch.left == (("command", "url 1") if tries == 1 else ("url 1",))
        box = settled(box, box.batch, {"url 1": "the service did not take it"}, now)
        if box.batch is not None:
            assert claim(box, box.batch.due_at - 1) == box, "not before its time"
            now = box.batch.due_at
    assert tries == len(AGAIN_S) + 1
    assert box.trouble == "given up after 5 tries: url 1: the service did not take it"


def test_what_came_together_is_one_message_and_the_end_of_a_run_takes_the_place_of_its_trouble() -> None:
    found = [message(1, passing="trouble 1-quick-1"), message(1), message(2, kind="done"), message(3, due_at=NOW + 10)]
    box = claim(collected(Outbox(), found))
    assert box.batch is not None
    assert [one.what for one in box.batch.messages] == ["thing 1", "thing 2"]
    assert not any(one.passing for one in box.batch.messages)
    assert [one.what for one in box.waiting] == ["thing 3"]


def test_what_is_over_before_it_was_told_is_not_told() -> None:
    box = claim(collected(Outbox(), [message(kind="stalled")]), stand=False)
    assert (box.batch, box.waiting) == (None, ())


def test_quiet_hours_hold_all_but_what_is_urgent_and_tell_it_in_one_at_their_end() -> None:
    policy = Notify(command=("/bin/true",), quiet_hours="22:00-07:00", urgent=("waits",))
    box = collected(Outbox(), [message(1), message(2, kind="waits"), message(3)])
    night = claim(box, policy=policy, minute=23 * 60)
    assert night.batch is not None
    assert [one.kind for one in night.batch.messages] == ["waits"]
    night = settled(night, night.batch, {}, NOW)
    assert claim(night, policy=policy, minute=6 * 60 + 59).batch is None
    morning = claim(night, policy=policy, minute=7 * 60)
    assert morning.batch is not None
    assert [one.what for one in morning.batch.messages] == ["thing 1", "thing 3"]


def test_a_retry_waits_for_the_end_of_quiet_hours_too() -> None:
    policy = Notify(command=("/bin/true",), quiet_hours="22:00-07:00")
    box = claim(collected(Outbox(), [message()]), policy=policy, minute=21 * 60)
    assert box.batch is not None
    box = settled(box, box.batch, {"command": "it ended with status 1"}, NOW)
    assert claim(box, NOW + HOUR_S, policy, minute=22 * 60) == box
    assert claim(box, NOW + HOUR_S, policy, minute=12 * 60) != box


def test_more_than_the_policy_allows_in_an_hour_waits_and_is_told_in_one() -> None:
    policy, box = Notify(command=("/bin/true",), most_per_hour=2), Outbox()
    for number in range(1, 6):
        box = claim(collected(box, [message(number)]), NOW + number, policy)
        box = settled(box, box.batch, {}, NOW + number) if box.batch else box
    assert len(box.waiting) == 3
    later = claim(box, NOW + HOUR_S + 1, policy)
    assert later.batch is not None
    assert len(later.batch.messages) == 3


def test_of_a_flood_the_newest_are_kept_and_the_others_counted() -> None:
    box = claim(collected(Outbox(), [message(number) for number in range(MOST_WAITING + 7)]))
    assert box.batch is not None
    assert (len(box.batch.messages), box.batch.more) == (MOST_WAITING, 7)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"seq": "x"}', '{"batch": {"left": 3}}'])
def test_what_cannot_be_read_is_begun_anew(text: str) -> None:
    assert read(text) is None


def test_what_is_written_is_read_back() -> None:
    box = claim(collected(Outbox(ledger="a", seq=7, gaps={"1-full-1": 2.5}), [message(), message(2)]))
    assert read(written(box)) == box
