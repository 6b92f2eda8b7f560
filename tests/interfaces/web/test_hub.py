"""The stream of events: numbered as in the record, nothing missed by who comes back, an end when the server ends."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import anyio
import pytest
from starlette.requests import Request
from starlette.responses import StreamingResponse
from watchkeeper.server.interfaces.views.hub import Hub
from watchkeeper.server.interfaces.web.service import open_person_desk
from watchkeeper.server.interfaces.web.stream import Streams
from watchkeeper.server.storage.files.workspace import Workspace

from ...limits import HANG_S
from ...play import Place
from .. import story

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def hub_of(place: Place) -> AsyncGenerator[Hub]:
    desk = open_person_desk(Workspace(place.root))
    hub = Hub(desk)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hub.run)
        yield hub
        tasks.cancel_scope.cancel()
    desk.ledger.close()


async def stream(hub: Hub, after: int) -> StreamingResponse:
    """Return the answer to a page that comes back with the last number it saw."""
    headers = [(b"last-event-id", str(after).encode())]
    scope = {"type": "http", "method": "GET", "path": "/events", "query_string": b"", "headers": headers}
    answer = await Streams(hub)(Request(scope))
    assert isinstance(answer, StreamingResponse)
    return answer


async def told(answer: StreamingResponse, enough: Callable[[list[dict[str, object]]], bool]) -> list[dict[str, object]]:
    """Return the records that a stream tells, until they are enough or it ends."""
    found: list[dict[str, object]] = []
    with anyio.fail_after(HANG_S):
        async for text in answer.body_iterator:
            lines = dict(line.split(": ", 1) for line in str(text).splitlines() if ": " in line)
            if lines.get("event") == "record":
                found.append({**json.loads(lines["data"]), "id": int(lines["id"])})
            if enough(found):
                break
    return found


async def test_who_comes_back_is_told_what_was_missed_and_then_what_comes(place: Place) -> None:
    await anyio.to_thread.run_sync(story.failing, place)
    every = place.desk().ledger.events()
    async with hub_of(place) as hub:
        following_told = list[dict[str, object]]()
        missed = await told(await stream(hub, 1), lambda found: len(found) == len(every) - 1)
        following = await stream(hub, every[-1].seq)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(
                anyio.to_thread.run_sync,
                lambda: story.run(place, "answer", "1-r1", "RESTART", "--instructions", "Drop them."),
            )
            following_told = await told(following, lambda found: len(found) == 1)
    assert [one["id"] for one in missed] == [one.seq for one in every[1:]]
    (answered,) = following_told
    assert (answered["kind"], answered["id"]) == ("report.answered", every[-1].seq + 1)
    assert answered["what"] == "report 1-r1 is answered: RESTART"
    assert answered["untrusted"] == "Drop them."


async def test_a_page_of_another_record_is_told_to_load_itself_and_the_end_of_the_server_ends_the_stream(
    place: Place,
) -> None:
    async with hub_of(place) as hub:
        answer = await stream(hub, 1_000_000)
        texts: list[str] = []
        with anyio.fail_after(HANG_S):
            async for text in answer.body_iterator:
                texts.append(str(text))
                hub.close()
    assert any("event: reload" in one for one in texts)


async def test_a_watch_of_the_page_finds_what_a_training_did_and_counts_as_no_trainer_s(place: Place) -> None:
    place.script(story.BROKEN)
    await anyio.to_thread.run_sync(story.run, place, "start", "1", "quick")
    async with hub_of(place) as hub:
        found = await told(await stream(hub, 0), lambda found: any(one["kind"] == "run.ended" for one in found))
    assert any(one["kind"] == "finding.seen" and one["run"] == "1-quick-1" for one in found)
    ledger = place.desk().ledger
    assert ledger.watched("1-quick-1", "person")
    assert not ledger.watched("1-quick-1", "trainer")
