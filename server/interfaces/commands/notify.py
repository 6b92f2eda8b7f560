"""`watchkeeper notify` shows and tries how a person is told; `watchkeeper watch` tells where no server lives."""

from __future__ import annotations

import argparse
import os
import sys

from ...storage.files.workspace import Workspace
from ...storage.policy.policy import read_policy
from ...vocabulary.errors import Refused
from ...vocabulary.sanitize import mask_secrets

COMMANDS: dict[str, tuple[str, str, str]] = {
    "notify": (
        "see how a person is told of failures and verdicts, and try it",
        "Look at [notify] of watchkeeper.toml: which things are told, over which ways, and what is wrong.\n"
        "docs/notify.md shows a set-up. URLs are never printed.",
        """\
  watchkeeper notify
  watchkeeper notify --test                              send a trial on every way

exit status: 0 all is well, 1 something is wrong or was not sent.""",
    ),
    "watch": (
        "watch all runs and tell a person, while no server lives",
        "Watch the active runs and tell what [notify] of watchkeeper.toml asks for, until you end it. A server does\n"
        "the same beside its work: then this one waits, and goes on when the server has ended.",
        """\
  watchkeeper watch
  nohup watchkeeper --workspace ~/project watch &        overnight, without a terminal""",
    ),
}
TEST = "send a trial message on every way, now, also in quiet hours"


def add_arguments(name: str, command: argparse.ArgumentParser) -> None:
    """Add the options of one of the two commands."""
    if name == "notify":
        command.add_argument("--test", action="store_true", help=TEST)


def run(name: str, options: argparse.Namespace, found: Workspace) -> int:
    """Run one of the two.

    :raises Refused: there is nobody to tell.
    """
    if name == "watch" or options.test:
        _require(found)
    if name == "watch":
        return _watch(found)
    return _test(found) if options.test else _show(found)


def _require(found: Workspace) -> None:
    if not read_policy(found).notify.wanted:
        what = "[notify] in watchkeeper.toml names neither a command nor URLs, so nobody can be told."
        raise Refused(what, "Name one: docs/notify.md shows a set-up.")


def _show(found: Workspace) -> int:
    from ..notify import examining  # noqa: PLC0415 (for these commands only)

    fine, seen, mend = examining.examine(found)
    _print(f"{seen}\n{mend}".strip())
    return 0 if fine else 1


def _test(found: Workspace) -> int:
    from ..notify import telling, ways  # noqa: PLC0415 (the same)

    going = ways.open_ways(read_policy(found).notify, found.root)
    failed = telling.trial(going, found.root.name)
    for way, why in failed.items():
        _print(f"{way}: {why or 'sent'}")
    if going.trouble:
        _print(going.trouble)
    return 1 if going.trouble or any(failed.values()) else 0


def _watch(found: Workspace) -> int:
    import anyio  # noqa: PLC0415 (the same)

    from ..notify.teller import Teller  # noqa: PLC0415 (the same)

    anyio.run(Teller(found, f"watchkeeper watch, uid {os.getuid()}, pid {os.getpid()}", _print).run)
    return 0


def _print(line: str) -> None:
    sys.stdout.write(mask_secrets(line) + "\n")
    sys.stdout.flush()
