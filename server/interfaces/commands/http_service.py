"""What `watchkeeper serve --http` serves, put together: MCP at /mcp, and room for further routes beside it.

Imported only by who serves over HTTP: what it imports is heavy.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import anyio
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route

from ....prompts import load
from ....tools import TOOLS
from ...acts.desk import open_desk
from ...storage.files.workspace import Workspace
from ...vocabulary.errors import Refused
from ..mcp.app import Brief, build
from ..mcp.streamable import PATH, Endpoint
from ..network import address, process, tokens
from ..network.address import Address, Names
from ..network.guard import Bearer, ExactNames
from ..network.tokens import Tokens

MADE = "Make one with `watchkeeper serve --make-tokens FILE`."


def serve(
    found: Workspace, where: str, tokens_file: Path, allowed: Sequence[str], version: str, brief: Brief
) -> NoReturn:
    """Serve a workspace until a signal comes; a line on standard error says where.

    :param where: `HOST:PORT`; empty for the usual one.
    :param allowed: names by which clients may call it, beside those of this machine alone.
    :raises InvalidArgument: the address, a name or the file of tokens is none.
    :raises Refused: they must not be used so, or the file has a token for no agent.
    """
    asked = address.parsed(where or address.USUAL)
    address.names(asked, allowed)  # what is refused is refused before anything is opened
    known = tokens.read(tokens_file, found.root, MADE).of_agents()
    if not known.roles:
        raise Refused(f"{str(tokens_file)[:200]!r} has no token of an agent: nobody could be served.", MADE)
    listening = address.listening(asked)
    here = replace(asked, port=listening.getsockname()[1])
    app, close = application(found, known, address.names(here, allowed), version, brief)
    process.serve(app, listening, close, lambda: _tell(found, here, known))


def _tell(found: Workspace, here: Address, known: Tokens) -> None:
    roles = ", ".join(known.roles)
    sys.stderr.write(f"watchkeeper: serving {found.root} at http://{here.shown}{PATH} for {roles}; Ctrl-C ends it.\n")
    if not here.loopback:
        sys.stderr.write("watchkeeper: tokens travel as they are; put a proxy that speaks TLS in front.\n")
    sys.stderr.flush()


def application(
    found: Workspace, known: Tokens, names: Names, version: str, brief: Brief, further: Sequence[BaseRoute] = ()
) -> tuple[Starlette, Callable[[], None]]:
    """Return the application, and what to call when it is about to end.

    :param further: routes that stand beside MCP's, behind the same check of Host and Origin.
    :raises PolicyInvalid: if watchkeeper.toml cannot be read.
    """
    closing = anyio.Event()
    desks = {role: open_desk(found, role, who=f"{role} over MCP and HTTP, pid {os.getpid()}") for role in known.roles}
    endpoint = Endpoint(
        {role: build(desk, TOOLS, load(), version, brief=brief, closing=closing) for role, desk in desks.items()}
    )

    @asynccontextmanager
    async def running(_app: Starlette) -> AsyncGenerator[None]:
        async with endpoint.running():
            yield

    app = Starlette(
        routes=[Route(PATH, Bearer(endpoint, known)), *further],
        middleware=[Middleware(ExactNames, names=names)],
        lifespan=running,
    )
    return app, closing.set
