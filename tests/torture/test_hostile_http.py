"""Raw requests drawn from the tools' schemas and the page's addresses: answered or refused, never with a 500."""

from __future__ import annotations

import http.client
import json
import random
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

import pytest
from watchkeeper.server.interfaces.network import tokens
from watchkeeper.tools import TOOLS

from ..acts.prune.helpers import ended
from ..interfaces.network.helpers import Served, served
from ..interfaces.web.helpers import HOST, ORIGIN, Page, page
from ..limits import HANG_S
from ..play import Place
from . import shim
from .test_hostile_calls import TEXTS, anything, arguments

REQUESTS = max(60, shim.TRIES * 20)
PAGES = max(120, shim.TRIES * 40)
DEFECTS = (b"inside watchkeeper", b"Traceback", b"Internal Server Error")
METHODS = ("POST", "POST", "POST", "POST", "GET", "DELETE", "PUT", "OPTIONS", "X")
ADDRESSES = (
    "/", "/session", "/runs", "/runs/{}", "/runs/{}/log", "/runs/{}/charts", "/models", "/models/{}", "/reports/{}",
    "/compare", "/static/{}/{}", "/{}",
)  # fmt: skip
PARAMETERS = ("a", "b", "from", "to", "state", "model", "page", "runs", "run", "at", "find", "x")


class Drawn(NamedTuple):
    """A request. :ivar lawful: whether it names a host and a token that are let in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    lawful: bool


def header(text: str) -> str:
    """Return a text as a header can carry it."""
    return "".join(one for one in text if " " <= one <= "~")[:4000]


def drawn(draw: random.Random, server: Served) -> Drawn:
    tool = draw.choice(TOOLS)
    params: Any = {"name": tool.name, "arguments": arguments(tool, draw)}
    message: Any = {
        "jsonrpc": "2.0",
        "id": draw.choice((1, "x", None, 1.5, [])),
        "method": "tools/call",
        "params": params,
    }
    if draw.random() < 0.2:
        message["method"] = draw.choice(("initialize", "tools/list", "resources/read", "prompts/get", *TEXTS))
        message["params"] = anything(draw)
    body = json.dumps(anything(draw) if draw.random() < 0.1 else message).encode()
    if draw.random() < 0.1:
        place = draw.randrange(len(body) + 1)
        body = body[:place] + draw.randbytes(9) + body[place + 9 :]
    good_token, good_host = draw.random() < 0.8, draw.random() < 0.9
    token = (
        server.tokens[draw.choice(("trainer", "director", "observer"))] if good_token else header(draw.choice(TEXTS))
    )
    kind = "application/json" if draw.random() < 0.8 else header(draw.choice(TEXTS))
    host = urlsplit(server.url).netloc if good_host else draw.choice(("evil.example", "127.0.0.1:1", ""))
    headers = {"Authorization": f"Bearer {token}", "Host": host, "Content-Type": kind}
    headers["Accept"] = draw.choice(("application/json, text/event-stream", "*/*", "text/html", ""))
    if draw.random() < 0.2:
        headers[draw.choice(("Origin", "Mcp-Session-Id", "Mcp-Protocol-Version", "Last-Event-ID"))] = header(
            draw.choice(TEXTS)
        )
    path = "/mcp" if draw.random() < 0.9 else f"/{quote(draw.choice(TEXTS)[:200].encode('utf-8', 'replace'))}"
    return Drawn(draw.choice(METHODS), path, headers, body, good_token and good_host)


def answered(server: Served, one: Drawn) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=HANG_S)
    try:
        connection.request(one.method, one.path, one.body, one.headers)
        answer = connection.getresponse()
        streams = answer.getheader("content-type", "").startswith("text/event-stream") and one.method == "GET"
        return answer.status, b"" if streams else answer.read()
    finally:
        connection.close()


@pytest.mark.training
def test_any_request_to_the_server_is_answered_or_refused(
    place: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ended(place, "1-quick-1", lines=3)
    file = tmp_path_factory.mktemp("owner") / "http.tokens"
    tokens.make(file, place.root)
    draw, statuses = random.Random(shim.SEED), set[int]()
    place.policy("[watch]\nmax_wait_s = 0.1\nwait_s = 0.1\n")
    with served(place.root, file) as server:
        for number in range(REQUESTS):
            one = drawn(draw, server)
            status, body = answered(server, one)
            statuses.add(status)
            assert status < 500, (number, one, body[:500])
            assert not any(word in body for word in DEFECTS), (number, one, body[:500])
            assert one.lawful or status >= 400, (number, one, body[:500])
        assert server.process.status is None
        assert "Traceback" not in server.process.err
    assert 200 in statuses
    desk = place.desk()
    assert desk.ledger.broken() == []
    desk.ledger.close()


@pytest.mark.anyio
async def test_any_address_of_the_page_is_answered_or_refused(place: Place) -> None:
    ended(place, "1-quick-1", lines=3)
    draw, statuses = random.Random(shim.SEED), set[int]()
    with page(place.root) as one:
        for _ in range(PAGES):
            status = await _opened(one, draw)
            statuses.add(status)
    assert statuses & {200, 404} == {200, 404}


async def _opened(one: Page, draw: random.Random) -> int:
    names = ("1-quick-1", "1-r1", *TEXTS)
    parts = [
        quote(draw.choice(names)[:300].encode("utf-8", "replace"), safe="/" if draw.random() < 0.2 else "")
        for _ in "ab"
    ]
    path = draw.choice(ADDRESSES).format(*parts)
    fields = {
        draw.choice(PARAMETERS): draw.choice(names)[:2000].encode("utf-8", "replace") for _ in range(draw.randrange(3))
    }
    if draw.random() < 0.2:
        texts = {name: value.decode("utf-8", "replace") for name, value in fields.items()}
        origin = draw.choice((ORIGIN, f"http://{HOST}.evil", "null"))
        answer = await one.post(path, texts, origin=origin)
        let_in = origin == ORIGIN
    else:
        let_in = draw.random() < 0.9
        answer = await one.get(f"{path}?{urlencode(fields)}", signed_in=let_in)
    assert let_in or answer.status >= 300 or path.startswith("/static/"), (path, fields, answer.body[:500])
    assert answer.status < 500, (path, fields, answer.body[:500])
    assert not any(word in answer.body for word in DEFECTS), (path, fields)
    return answer.status
