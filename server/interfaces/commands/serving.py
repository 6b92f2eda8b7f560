"""`watchkeeper serve`: MCP for one client over standard input and output, or for many over HTTP.

The server's imports are heavy, so they happen only when it serves.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from ....tools import TOOLS
from ....tools.poll_training import poll_training
from ...acts.desk import Desk, open_desk
from ...acts.toolbox import outgoing_facts
from ...storage.files import leftovers
from ...storage.files.workspace import Workspace
from ...vocabulary.errors import InvalidArgument
from ...vocabulary.runs import Role
from ..mcp import instructions, late, thin_sdk
from ..notify import background
from ..replay import command as replay

_USUAL_ROLE = "trainer"


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the options of `serve`."""
    roles = [role.value for role in Role if role.agent]
    command.add_argument("--role", choices=roles, help=f"whose tools (default {_USUAL_ROLE}); over HTTP the token says")
    command.add_argument("--record", metavar="FILE", help=instructions.RECORD)
    command.add_argument("--http", metavar="HOST:PORT", nargs="?", const="", help=instructions.HTTP)
    command.add_argument("--tokens", metavar="FILE", help=instructions.TOKENS)
    command.add_argument(
        "--allow-host", metavar="NAME", action="append", default=[], help=f"with --http: {instructions.ALLOW_HOST}"
    )
    command.add_argument("--make-tokens", metavar="FILE", help=instructions.MAKE_TOKENS)


def serve(options: argparse.Namespace, found: Workspace, version: str) -> int:
    """Serve as the options say, until the process ends; or make a file of tokens and return 0.

    :raises InvalidArgument: the options do not belong together.
    :raises Refused: the address, the file of tokens or the names must not be used so.
    """
    if options.make_tokens:
        return _make_tokens(Path(options.make_tokens), found)
    leftovers.sweep(found.state_dir)
    thin_sdk.thin()
    if options.http is None:
        if options.tokens or options.allow_host:
            raise InvalidArgument("--tokens and --allow-host belong to --http.", "Add --http, or leave them out.")
        _over_stdio(options, found, version)
    return _over_http(options, found, version)


def _over_http(options: argparse.Namespace, found: Workspace, version: str) -> NoReturn:
    if not options.tokens:
        raise InvalidArgument(
            "serve --http needs --tokens FILE: who may act, and in which role.",
            "Make the file with `watchkeeper serve --make-tokens FILE`, outside the workspace.",
        )
    if options.role or options.record:
        raise InvalidArgument(
            "--role and --record are for one client, over standard input and output.",
            "Leave them out: over HTTP the token of each request says the role.",
        )
    _rest(found)
    from . import http_service  # noqa: PLC0415 (heavy, and for this way of serving only)

    http_service.serve(found, options.http, Path(options.tokens), options.allow_host, version, brief)


def _make_tokens(path: Path, found: Workspace) -> int:
    from ..network import tokens  # noqa: PLC0415 (for this command only)

    tokens.make(path, found.root)
    sys.stdout.write(
        f"Wrote {path}: a token for each role, for your eyes only.\n"
        f"Serve with: watchkeeper serve --http --tokens {path}\n"
    )
    return 0


def _over_stdio(options: argparse.Namespace, found: Workspace, version: str) -> NoReturn:
    # Nothing that an import makes is garbage; not looking for any while the SDK is imported makes the start shorter.
    gc.disable()
    from ....prompts import load  # noqa: PLC0415 (the server's imports are heavy; other commands do without)
    from ..mcp.app import build  # noqa: PLC0415 (the same)
    from ..mcp.stdio import serve  # noqa: PLC0415 (the same)

    role = Role(options.role or _USUAL_ROLE)
    desk = open_desk(found, role, who=f"{role} over MCP, pid {os.getpid()}")
    gc.freeze()
    gc.enable()
    told = replay.recorder(options.record, desk) if options.record else None
    serve(build(desk, TOOLS, load(), version, brief=brief, told=told), partial(_rest, found))


def _rest(found: Workspace) -> None:
    """Do what of a start a client need not wait for."""
    late.finish()
    background.start(found)


async def brief(desk: Desk) -> dict[str, Any]:
    """Return where everything stands, as an observer sees it: reading it is no watch."""
    return outgoing_facts(await poll_training(replace(desk, role=Role.OBSERVER), wait_s=0.0))
