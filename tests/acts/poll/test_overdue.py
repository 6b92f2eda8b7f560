"""What lasts too long is flagged once: a report that nobody answers, a model that fails for hours."""

from __future__ import annotations

import time

import pytest
from watchkeeper.server.acts.poll import overdue

from ...play import FAILS, GOOD, Place

pytestmark = pytest.mark.anyio
TWO_HOURS_S = 7200.0


def messages(place: Place, kind: str) -> list[str]:
    return [one.message for one in place.findings() if one.kind == kind]


async def test_a_report_that_nobody_answered_in_time_is_a_flag_once(place: Place) -> None:
    place.policy("[report]\ndeadline_minutes = 0.0001\n").script(FAILS)
    async with place.trainer() as trainer:
        run = await trainer.trained()
        await trainer.ask("report_error", run=run, what_happened="it fails")
        for _ in range(3):
            await trainer.poll(run)
    (said,) = messages(place, "unanswered")
    assert "report 1-r1 of " in said
    assert "was not answered within 0.0001 minutes" in said


async def test_a_model_that_fails_for_two_hours_is_flagged_for_the_advisor(place: Place) -> None:
    place.script(FAILS)
    async with place.trainer() as trainer:
        run = await trainer.trained()
        await trainer.ask("report_error", run=run, what_happened="it fails")
    later = place.desk(clock=lambda: time.time() + TWO_HOURS_S + 60)
    try:
        overdue.note(later, None)
        overdue.note(later, None)
    finally:
        later.ledger.close()
    assert messages(place, "stuck") == ["model 1 has failed for more than 2 hours without a completed attempt"]
    (flag,) = [one for one in place.findings() if one.kind == "stuck"]
    assert (flag.run, flag.status, flag.advice.split(":")[0]) == (run, "flag", "Ask @advisor")


async def test_a_completed_attempt_is_progress(place: Place) -> None:
    place.script("import os\nassert os.environ['WATCHKEEPER_ATTEMPT'] != '1'\n" + GOOD)
    async with place.trainer() as trainer:
        first = await trainer.trained()
        await trainer.ask("report_error", run=first, what_happened="it fails")
        await trainer.trained(follows=first)
    later = place.desk(clock=lambda: time.time() + TWO_HOURS_S + 60)
    try:
        assert overdue.stuck_since(later, "1") is None
    finally:
        later.ledger.close()
