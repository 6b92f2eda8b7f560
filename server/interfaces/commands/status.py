"""`watchkeeper status`: the table of runs, once, or drawn again whenever something happens."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any

import anyio

from ...acts.desk import Desk, in_thread
from ...acts.poll import run_table, waker
from ...vocabulary.errors import PolicyInvalid
from ...vocabulary.sanitize import masked

FOLLOW = "draw the table again whenever something happens, until you end it; with --json a line each time"
AGAIN_S = 5.0
"""Running times pass without an event."""
APART_S = 1.0
_CLEAR = "\x1b[H\x1b[2J\x1b[3J"


def add_option(command: argparse.ArgumentParser) -> None:
    """Add the option to `status`."""
    command.add_argument("--follow", action="store_true", help=FOLLOW)


def show(desk: Desk, *, as_json: bool, follow: bool) -> int:
    """Print the table; with `follow` again and again, until somebody ends it."""
    if follow:
        return anyio.run(_follow, desk, as_json, print_again)
    _print(run_table.rows(desk), as_json=as_json)
    return 0


def _print(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    found = masked(rows)
    sys.stdout.write((json.dumps(found, ensure_ascii=False) if as_json else run_table.table(found)) + "\n")


def print_again(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    """Print a table in the place of the one before on a terminal, below it elsewhere."""
    if sys.stdout.isatty() and not as_json:
        sys.stdout.write(_CLEAR)
    _print(rows, as_json=as_json)
    sys.stdout.flush()


async def _follow(desk: Desk, as_json: bool, tell: Callable[..., None]) -> int:
    before: list[dict[str, Any]] | None = None
    async with waker.Waker([desk.workspace.ledger_path]) as changed:  # made first, so that nothing in between is missed
        while True:
            rows = await in_thread(run_table.rows, desk)
            if _told(rows) != _told(before) or (sys.stdout.isatty() and rows != before):
                tell(rows, as_json=as_json)
            before = rows
            await anyio.sleep(APART_S)
            await changed.wait(AGAIN_S)
            desk = await in_thread(_current, desk)


def _told(rows: list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
    """Return what is news in a pipe: times that pass are none."""
    return None if rows is None else [{**one, "elapsed": "", "cpu": ""} for one in rows]


def _current(desk: Desk) -> Desk:
    """Return the desk with the policy as it is now; a broken policy file keeps nobody from watching."""
    try:
        return desk.current()
    except PolicyInvalid:
        return desk
