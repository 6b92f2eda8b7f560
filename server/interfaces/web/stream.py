"""Server-sent events: the record as it grows, to a page that stays open (https://html.spec.whatwg.org/#server-sent-events)."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from ..views.hub import Hub

STILL_HERE_S = 15.0
AGAIN_MS = 1_000
MOST_STREAMS = 64
"""Beyond these a page is asked to come back later: each holds a connection."""


class Streams:
    """Gives streams of a hub's news, so many at once."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._open = 0

    async def __call__(self, request: Request) -> Response:
        """Answer a request for the stream, from the event behind the last one that the page has seen."""
        if self._open >= MOST_STREAMS:
            return PlainTextResponse("watchkeeper: too many pages are open\n", 503, {"retry-after": "10"})
        asked = request.headers.get("last-event-id") or request.query_params.get("after", "")
        after = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 16 else self._hub.seq
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(self._lines(after), media_type="text/event-stream", headers=headers)

    async def _lines(self, after: int) -> AsyncGenerator[str]:
        self._open += 1
        try:
            yield f"retry: {AGAIN_MS}\n\n"
            async for text in _news(self._hub, after):
                yield text
        finally:
            self._open -= 1


async def _news(hub: Hub, after: int) -> AsyncGenerator[str]:
    sizes = dict[str, int]()
    if after > hub.seq:  # of another record, that lay here before
        yield message("reload", {}, hub.seq)
        after = hub.seq
    while not hub.closed:
        events = await hub.since(after)
        if events is None:
            yield message("reload", {}, hub.seq)
            after = hub.seq
        for one in events or ():
            yield f"id: {one.seq}\nevent: record\ndata: {one.text}\n\n"
            after = one.seq
        if sizes != hub.log_bytes:
            grown = {run: size for run, size in hub.log_bytes.items() if sizes.get(run) != size}
            sizes = dict(hub.log_bytes)
            yield message("log", grown)
        if after >= hub.seq:
            await hub.news(STILL_HERE_S)
            yield ": still here\n\n"


def message(event: str, data: object, seq: int | None = None) -> str:
    """Return a message of the stream; a number makes it what a page asks to go on from."""
    number = "" if seq is None else f"id: {seq}\n"
    return f"{number}event: {event}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
