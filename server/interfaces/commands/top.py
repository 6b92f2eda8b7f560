"""`watchkeeper top`: the overview and each run on a terminal, for people who live in ssh and tmux."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from importlib.util import find_spec

from ...acts.desk import open_desk
from ...storage.files.workspace import Workspace
from ...vocabulary.errors import Refused
from ...vocabulary.runs import Role

COMMAND = "top"
SHORT = "watch and answer on a terminal, as on the page"
ABOUT = (
    "Show what waits for somebody, what runs and what ended, and each run with its log, findings, curves and verdict; "
    "reports can be answered. It follows by itself; ? shows the keys. It ends no run."
)
EXAMPLES = """\
  watchkeeper top
  ssh -t MACHINE watchkeeper --workspace project top
  NO_COLOR=1 watchkeeper top

It needs Textual: pip install 'watchkeeper[tui]'. Without it, and in pipes: watchkeeper status --follow"""


def show(found: Workspace) -> int:
    """Show it until somebody quits.

    :raises Refused: what draws it is not installed, or there is no terminal.
    """
    require()
    from ..terminal.app import Top  # noqa: PLC0415 (needs what the extra installs)

    desk = open_desk(found, Role.PERSON, who=f"person over the terminal, uid {os.getuid()}")
    with closing(desk.ledger):
        app = Top(desk, colour=not os.environ.get("NO_COLOR"))
        app.run()
    return app.return_code or 0


def require() -> None:
    """Refuse where what draws it is not installed, or where there is no terminal.

    :raises Refused: with what to call.
    """
    follow = "`watchkeeper status --follow`"
    if find_spec("textual") is None:
        raise Refused(
            "`top` needs Textual.", f"Install it: pip install 'watchkeeper[tui]'; {follow} needs nothing more."
        )
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Refused("`top` draws on a terminal, and this is none.", f"In a pipe call {follow}.")
