"""Token x Host x Origin x method x address: only the right cell has any effect, and all others are refused in words."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import product

import pytest
from starlette.applications import Starlette
from watchkeeper.server.interfaces.commands.http_service import application
from watchkeeper.server.interfaces.commands.serving import brief
from watchkeeper.server.interfaces.mcp.streamable import LARGEST_BODY_BYTES
from watchkeeper.server.interfaces.network.address import names, parsed
from watchkeeper.server.interfaces.network.budget import BURST
from watchkeeper.server.interfaces.network.tokens import Tokens
from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.vocabulary.runs import Role

from ...play import Place
from .helpers import JSON, Pairs, asked, call

pytestmark = pytest.mark.anyio

TRAINERS, DIRECTORS = "trainer-" * 5, "director-" * 5
OWN = {"127.0.0.1:8765": "127.0.0.1:8765", "[::1]:8765": "localhost:8765", "0.0.0.0:8765": "train.example:8765"}
"""By address, a name under which its server may be called."""
TOKENS = {"none": [], "wrong": ["w" * 40], "other role": [DIRECTORS], "right": [TRAINERS], "two": [TRAINERS, TRAINERS]}
HOSTS = ("own", "evil.example", "127.0.0.1:1.evil.example", "0.0.0.0:8765", "none", "twice")
ORIGINS = ("none", "own", "https://evil.example", "null", "twice")
METHODS = ("POST", "GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


@asynccontextmanager
async def at(place: Place, where: str) -> AsyncGenerator[Starlette]:
    """Give the application as it is served at an address."""
    address = parsed(where)
    known = Tokens({Role.TRAINER: TRAINERS, Role.DIRECTOR: DIRECTORS})
    called = names(address, [] if address.loopback else [OWN[where]])
    app, _ = application(Workspace(place.root), known, called, "0", brief)
    async with app.router.lifespan_context(app):
        yield app


def headers(token: str, host: str, origin: str, own: str) -> Pairs:
    hosts = {"own": [own], "none": [], "twice": [own, own]}.get(host, [host])
    origins = {"own": [f"http://{own}"], "none": [], "twice": [f"http://{own}"] * 2}.get(origin, [origin])
    return [
        *(("host", one) for one in hosts),
        *(("origin", one) for one in origins),
        *(("authorization", f"Bearer {one}") for one in TOKENS[token]),
        *JSON,
    ]


def expected(token: str, host: str, origin: str, method: str) -> int:
    """Return the status of a cell: the first thing that is wrong with it says so."""
    if host != "own":
        return 421
    if origin not in ("none", "own"):
        return 403
    if method != "POST":
        return 405
    return 200 if token in ("right", "other role") else 401


@pytest.mark.parametrize("where", OWN)
async def test_only_the_right_cell_has_any_effect(place: Place, where: str) -> None:
    done: list[str] = []
    async with at(place, where) as app:
        for token, host, origin, method in product(TOKENS, HOSTS, ORIGINS, METHODS):
            cell = f"{token}, {host}, {origin}, {method}"
            body = call("report_error", model="1", what_happened=cell)
            answer = await asked(app, method, headers(token, host, origin, OWN[where]), body)
            assert answer.status == expected(token, host, origin, method), cell
            assert not [name for name in answer.headers if name.startswith("access-control-")], cell
            assert b"Bearer" not in answer.body
            if answer.status != 200 and method != "HEAD":
                assert answer.body.startswith(b"watchkeeper: "), cell
            if answer.status == 200 and token == "other role":
                assert b"There is no tool 'report_error' for the role director" in answer.body
            elif answer.status == 200:
                done.append(cell)
    assert done == ["right, own, none, POST", "right, own, own, POST"]
    assert [one.what_happened for one in place.reports()] == done


async def test_nothing_is_served_beside_the_endpoint(place: Place) -> None:
    async with at(place, "127.0.0.1:8765") as app:
        for path in ("/", "/mcp/x", "/.well-known/oauth-protected-resource", "/sse"):
            answer = await asked(app, "POST", headers("right", "own", "none", "127.0.0.1:8765"), b"", path)
            assert answer.status == 404, path


async def test_a_body_above_one_mebibyte_is_refused_whatever_its_length_says(place: Place) -> None:
    body = call("report_error", model="1", what_happened="x" * LARGEST_BODY_BYTES)
    async with at(place, "127.0.0.1:8765") as app:
        for said in ([], [("content-length", "10")], [("content-length", str(len(body)))]):
            given = [*headers("right", "own", "none", "127.0.0.1:8765"), *said]
            assert (await asked(app, "POST", given, body)).status == 413
    assert place.reports() == []


async def test_a_flood_shuts_out_its_own_role_only_and_one_without_a_token_nobody(place: Place) -> None:
    async with at(place, "127.0.0.1:8765") as app:

        async def status(token: str) -> int:
            given = headers(token, "own", "none", "127.0.0.1:8765")
            return (await asked(app, "POST", given, b"{}")).status

        assert {await status("wrong") for _ in range(3 * BURST)} == {401}
        flood = [await status("right") for _ in range(3 * BURST)]
        assert 429 in flood
        assert flood[0] != 429
        assert await status("other role") != 429
