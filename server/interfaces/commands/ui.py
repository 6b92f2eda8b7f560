"""`watchkeeper ui`: the page for people, served on this machine unless somebody says otherwise."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from ...storage.files import leftovers
from ...storage.files.workspace import Workspace
from ...vocabulary.errors import InvalidArgument, Refused
from ...vocabulary.runs import Role
from ..mcp import instructions
from ..notify import background

if TYPE_CHECKING:
    from ..network.address import Address

COMMAND = "ui"
USUAL = "127.0.0.1:8764"
SHORT = "serve the page on which people watch and answer"
ABOUT = (
    "Serve a page that shows every run as it goes on, and on which a person answers reports. It prints the link that "
    "opens it. It works without a network; only this machine can reach it unless you say otherwise."
)
EXAMPLES = """\
  watchkeeper ui
  watchkeeper --workspace ~/project ui 127.0.0.1:9000
  watchkeeper ui --make-tokens ~/.config/page.tokens
  watchkeeper ui 0.0.0.0:8764 --tokens ~/.config/page.tokens --allow-host train.example.org

On another machine, `ssh -L 8764:127.0.0.1:8764 MACHINE` is all that is needed: the link stays the same."""
_NEEDED = ("jinja2", "markdown_it")


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the options of `ui`."""
    command.add_argument("address", metavar="HOST:PORT", nargs="?", default=USUAL, help=f"(default {USUAL})")
    command.add_argument(
        "--tokens", metavar="FILE", help="the token of the person, a file of mode 0600 outside the workspace"
    )
    command.add_argument("--allow-host", metavar="NAME", action="append", default=[], help=instructions.ALLOW_HOST)
    command.add_argument("--make-tokens", metavar="FILE", help="write a file with a new token, and do nothing else")


def serve(options: argparse.Namespace, found: Workspace, version: str) -> int:
    """Serve as the options say, until the process ends; or make a file with a token and return 0.

    :raises InvalidArgument: the address, a name or the file of the token is none.
    :raises Refused: they must not be used so, or what draws pages is not installed.
    """
    from ..network import tokens  # noqa: PLC0415 (for this command only)

    if not options.make_tokens:
        require()
        _serve(options, found, version)
    tokens.make(Path(options.make_tokens), found.root, (Role.PERSON,))
    sys.stdout.write(f"Wrote {options.make_tokens}: the token of the page, for your eyes only.\n")
    return 0


def _serve(options: argparse.Namespace, found: Workspace, version: str) -> NoReturn:
    from ..network import address, process  # noqa: PLC0415 (heavy, and for this command only)
    from ..web import door, service  # noqa: PLC0415 (needs what the extra installs)

    asked = address.parsed(options.address)
    address.names(asked, options.allow_host)
    if not asked.loopback and not options.tokens:
        raise InvalidArgument(
            f"{asked.shown} can be reached from other machines.",
            "Say who may come in with --tokens FILE; `watchkeeper ui --make-tokens FILE` makes one.",
        )
    token = door.token_of(Path(options.tokens), found.root) if options.tokens else door.usual_token(found.root)
    leftovers.sweep(found.state_dir)
    listening = address.listening(asked)
    here = replace(asked, port=listening.getsockname()[1])
    desk = service.open_person_desk(found)
    with closing(desk.ledger):
        app, close = service.application(
            desk, door.Door(token, here.port), address.names(here, options.allow_host), version
        )
        background.start(found)
        process.serve(app, listening, close, lambda: _tell(found, here, token, options.allow_host))


def _tell(found: Workspace, here: Address, token: str, allowed: list[str]) -> None:
    host = here.shown if here.loopback or not allowed else allowed[0]
    sys.stdout.write(f"watchkeeper: the page of {found.root} is at\n\n  http://{host}/#token={token}\n\n")
    if not here.loopback:
        sys.stdout.write("It travels as it is; put a proxy that speaks TLS in front.\n")
    sys.stdout.write("Whoever has the link may answer reports. Ctrl-C ends the page, never a run.\n")
    sys.stdout.flush()


def require() -> None:
    """Refuse where what draws pages is not installed.

    :raises Refused: with what to call.
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise Refused("The page needs Jinja2 and markdown-it-py.", "Install them: pip install 'watchkeeper[ui]'.")
