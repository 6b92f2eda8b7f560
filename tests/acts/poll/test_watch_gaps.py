"""Hours in which nobody looked are on record: per run, and only while it went on."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import anyio
import pytest

from ...play import GOOD, WAITS, Place

pytestmark = pytest.mark.anyio


def in_hours(hours: float) -> Callable[[], float]:
    """Return a clock that is ahead of the others."""
    return lambda: time.time() + hours * 3600


def gaps(place: Place) -> list[str]:
    found = place.findings()
    return [str(one.message) for one in found if one.kind == "watch_gap"]


async def test_a_trainer_who_comes_back_too_late_is_told_how_long_nobody_watched(place: Place) -> None:
    place.script(WAITS)
    async with place.trainer() as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        await trainer.poll(run)
    async with place.agent("trainer", clock=in_hours(2)) as late:
        seen = await late.poll(run)
        again = await late.poll(run, cursor=seen["cursor"])
        place.go()
        await late.watch(run)
    (gap,) = [one for one in seen["findings"] if "unwatched" in str(one)]
    assert gap["level"] == "flag"
    assert re.fullmatch(r"unwatched \d\d:\d\d-\d\d:\d\d UTC", gap["untrusted"]["message"])
    assert again["findings"] == []
    assert len(gaps(place)) == 1


async def test_polls_within_the_time_that_the_policy_allows_leave_no_gap(place: Place) -> None:
    place.script(WAITS)
    async with place.trainer() as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        await trainer.poll(run)
    for hours in (0.2, 0.4, 0.6):
        async with place.agent("trainer", clock=in_hours(hours)) as later:
            await later.poll(run)
    place.go()
    async with place.trainer() as trainer:
        await trainer.watch(run)
    assert gaps(place) == []


async def test_a_director_who_looks_is_no_watch(place: Place) -> None:
    place.script(WAITS)
    async with place.trainer() as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
    async with place.agent("director", clock=in_hours(1)) as director:
        await director.poll(run)
    async with place.agent("trainer", clock=in_hours(1.1)) as late:
        await late.poll()
        place.go()
        await late.watch(run)
    assert len(gaps(place)) == 1


@pytest.mark.parametrize("director_came_first", [False, True])
async def test_the_time_after_its_end_counts_for_nothing(place: Place, director_came_first: bool) -> None:
    place.script(GOOD)
    async with place.trainer() as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
    await anyio.to_thread.run_sync(place.ends, run)
    if director_came_first:
        async with place.agent("director", clock=in_hours(9)) as director:
            await director.poll(run)
    async with place.agent("trainer", clock=in_hours(10)) as late:
        await late.poll(run)
    assert gaps(place) == []


async def test_a_run_that_ended_unwatched_was_unwatched_until_its_end(place: Place) -> None:
    place.policy("[watch]\ngap_minutes = 0.001\n").script(GOOD)
    async with place.trainer() as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        await anyio.to_thread.run_sync(place.ends, run)
    async with place.director() as director:
        await director.poll(run)
    async with place.agent("trainer", clock=in_hours(10)) as late:
        seen = await late.poll(run)
    (gap,) = [one for one in place.findings() if one.kind == "watch_gap"]
    assert gap.updated_at == pytest.approx(place.ending(run).ended_at)
    assert [one["id"] for one in seen["findings"]] == [gap.id]
