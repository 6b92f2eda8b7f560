"""`watchkeeper prune`: what is typed, and what is printed of what would be given up or was."""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from ...acts.desk import Desk
from ...analysis.evidence.words import Word
from ...storage.record import Run
from ...vocabulary.errors import InvalidArgument
from ...vocabulary.runs import Role
from ...vocabulary.sanitize import mask_secrets, masked

COMMAND = "prune"
SHORT = "give up the heavy part of old runs; the record stays"
ABOUT = """\
Show what of ended runs could be given up to make room, and with --yes give it up: what was witnessed and sampled, the
numbers and the part of the log, copies that were played again, what had lain in the place of its directory, snapshots
that no other run names, checkpoints of phases that are over. What the record says of a run, its verdicts, reports,
entries, results and models stay.

Never given up: what goes on, waits for a report, an answer, an entry, a verdict or a person, and what the next start
is compared with or goes on from. A pruned run keeps its verdict; a new one cannot be computed."""
EXAMPLES = """\
  watchkeeper prune                                      what could go, of all runs; changes nothing
  watchkeeper prune --older-than 90d                     of those that ended 90 days ago or earlier
  watchkeeper prune --older-than 30d --larger-than 1GB --verdict APPROVE --yes

All conditions must hold. Doing it again finishes what was interrupted. exit status: 0 done, 1 something was left."""
_UNITS_S = {"m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0, "": 86400.0}
_UNITS_BYTES = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_SHOWN = (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3))
_NO_VERDICT = "none"
Opener = Callable[[argparse.Namespace, Role], AbstractContextManager[Desk]]


def add_arguments(command: argparse.ArgumentParser, desk: Opener) -> None:
    """Add the arguments of the command.

    :param desk: opens the workspace.
    """
    command.add_argument("--older-than", metavar="TIME", help="since they ended: 90d, 12h, 4w; a number is days")
    command.add_argument("--larger-than", metavar="SIZE", help="what would be freed of one run: 500MB, 2GB")
    words = [one.value for one in Word if one not in (Word.IN_PROGRESS, Word.NO_DATA)]
    command.add_argument(
        "--verdict",
        metavar="WORD",
        action="append",
        choices=[*words, _NO_VERDICT],
        help=f"the newest verdict: {', '.join(words)}, or {_NO_VERDICT}; may be given several times",
    )
    command.add_argument("--dry-run", action="store_true", help="only show what would go, as without --yes")
    command.add_argument("--yes", action="store_true", help="give it up")
    command.add_argument("--json", action="store_true", help="print the result, or the error, as JSON")
    command.set_defaults(command=partial(_prune, desk))


def _prune(desk: Opener, options: argparse.Namespace) -> int:
    from ...acts.prune import plan, prune  # noqa: PLC0415 (heavy: the other commands do without)

    if options.yes and options.dry_run:
        raise InvalidArgument("--yes and --dry-run ask for two things.", "Leave one of them out.")
    wanted = plan.Wanted(
        older_than_s=_seconds(options.older_than),
        larger_than_bytes=_bytes(options.larger_than),
        verdicts=frozenset(options.verdict or ()),
    )
    with desk(options, Role.DIRECTOR) as opened:
        if not options.yes:
            found = plan.make(opened, wanted)
            told: dict[str, Any] = {"done": False, **_told(found.chosen), "kept": dict(found.kept)}
        else:
            done = prune.prune(opened, wanted)
            told = {"done": True, **_told(done.done), "snapshots_bytes": done.snapshots_bytes, "left": list(done.left)}
    print(json.dumps(masked(told), ensure_ascii=False) if options.json else mask_secrets(_shown(told)))  # noqa: T201 (a command prints)
    return 1 if told.get("left") else 0


def _told(chosen: Iterable[Any]) -> dict[str, Any]:
    runs = [_row(one.run, one.parts, one.total_bytes) for one in chosen]
    return {"runs": runs, "bytes": sum(one["bytes"] for one in runs)}


def _row(run: Run, parts: dict[str, int], total_bytes: int) -> dict[str, Any]:
    ended = run.end.ended_at if run.end is not None else None
    day = time.strftime("%Y-%m-%d", time.gmtime(ended)) if ended is not None else ""
    return {"run": run.id, "ended": day, "bytes": total_bytes, "parts": dict(parts)}


def _shown(told: dict[str, Any]) -> str:
    runs, done = told["runs"], told["done"]
    lines = [
        f"{one['run']:<24} {one['ended']:<10} {_size(one['bytes']):>9}  "
        + ", ".join(f"{name} {_size(size)}" for name, size in one["parts"].items())
        for one in runs
    ]
    if kept := told.get("kept"):
        lines += ["", "Kept, though the conditions fit:", *(f"{run:<24} {why}" for run, why in kept.items())]
    lines += ["", *(f"LEFT {one}" for one in told.get("left", ()))] if told.get("left") else []
    freed = told["bytes"] + told.get("snapshots_bytes", 0)
    if done:
        return "\n".join([*lines, f"Gave up {_size(freed)} of {len(runs)} runs; the record says so."])
    how = "Nothing was changed. The same with --yes gives it up." if runs else "Nothing to give up."
    return "\n".join([*lines, f"{_size(freed)} of {len(runs)} runs could go. {how}"])


def _size(count_bytes: int) -> str:
    unit, factor = next(((name, size) for name, size in _SHOWN if count_bytes >= size), ("B", 1))
    return f"{count_bytes / factor:.1f} {unit}" if factor > 1 else f"{count_bytes} B"


def _seconds(text: str | None) -> float:
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)([mhdw]?)", text or "0")
    if match is None:
        raise InvalidArgument(f"--older-than takes a time such as 90d, 12h or 4w, not {str(text)[:40]!r}.", "Try 30d.")
    return float(match[1]) * _UNITS_S[match[2]]


def _bytes(text: str | None) -> int:
    match = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,3})?) ?([KMGT]?B|)", (text or "0").upper())
    if match is None:
        raise InvalidArgument(f"--larger-than takes a size such as 500MB or 2GB, not {str(text)[:40]!r}.", "Try 1GB.")
    return int(float(match[1]) * _UNITS_BYTES[match[2]])
