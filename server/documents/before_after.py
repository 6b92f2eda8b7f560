"""What changed between a failing and a working attempt: the script's lines, the numbers, the ends. Pure."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..vocabulary.sanitize import outgoing
from .markdown import cell, fenced, inline, table

MOST_LINES = 120
LONGEST_LINE = 300
LARGEST_SCRIPT_BYTES = 256 << 10
"""Larger ones are not compared: what takes difflib a second belongs into a tool for that."""
MOST_METRICS = 12

Row = tuple[float, Mapping[str, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt as the record has it.

    :ivar source: the script's bytes; None when its snapshot is gone.
    :ivar rows: (unix time, values by name) of the numbers that its log printed, oldest first.
    """

    run: str
    script: str
    source: bytes | None
    args: tuple[str, ...] = ()
    state: str = ""
    exit_code: int | None = None
    wall_s: float | None = None
    rows: Sequence[Row] = field(default=())


def script_change(before: Attempt, after: Attempt) -> str:
    """Return the unified difference of two attempts' scripts as a fenced block, or one sentence why there is none.

    At most MOST_LINES lines; secrets are masked.
    """
    told = [_arguments(before, after)] if before.args != after.args else []
    return "\n\n".join([_compared(before, after), *told])


def _arguments(before: Attempt, after: Attempt) -> str:
    was, now = (inline(" ".join(one.args), 200) or "none" for one in (before, after))
    return f"Arguments: {was} → {now}"


def _compared(before: Attempt, after: Attempt) -> str:
    if before.source is None or after.source is None:
        return "The scripts cannot be compared: a snapshot is missing."
    if before.source == after.source:
        return "The script is the same to the byte: what changed lies outside it (arguments, data, modules, machine)."
    if max(len(before.source), len(after.source)) > LARGEST_SCRIPT_BYTES:
        return f"The scripts were changed and are too large to be shown (over {LARGEST_SCRIPT_BYTES >> 10} KB)."
    lines = list(
        difflib.unified_diff(
            _lines(before.source),
            _lines(after.source),
            f"{before.script} ({before.run})",
            f"{after.script} ({after.run})",
            lineterm="",
            n=2,
        )
    )
    if not lines:
        return "The scripts differ in their line ends only."
    left_out = [f"… (+{len(lines) - MOST_LINES} lines)"] if len(lines) > MOST_LINES else []
    shown = "\n".join(one[:LONGEST_LINE] for one in [*lines[:MOST_LINES], *left_out])
    return fenced(outgoing(shown, MOST_LINES * LONGEST_LINE), "diff")


def _lines(source: bytes) -> list[str]:
    return source.decode("utf-8", "replace").replace("\r\n", "\n").removesuffix("\n").split("\n")


def numbers_change(before: Attempt, after: Attempt) -> str:
    """Return a table of how both attempts ended and the last value of each number that their logs printed."""
    rows = [
        ["ended", cell(_end(before)), cell(_end(after))],
        ["wall time", _seconds(before.wall_s), _seconds(after.wall_s)],
    ]
    was, now = _last(before.rows), _last(after.rows)
    both = [name for name in now if name in was]
    names = [*both, *(name for name in now if name not in was), *(name for name in was if name not in now)]
    rows += [[cell(name, 60), _number(was.get(name)), _number(now.get(name))] for name in names[:MOST_METRICS]]
    return table(["Last value", f"{before.run} (failed)", f"{after.run} (worked)"], rows)


def _end(attempt: Attempt) -> str:
    code = "" if attempt.exit_code is None else f", exit code {attempt.exit_code}"
    return f"{attempt.state or 'active'}{code}"


def _last(rows: Sequence[Row]) -> dict[str, float]:
    return {name: value for _, values in rows for name, value in values.items()}


def _number(value: float | None) -> str:
    if value is None:
        return "not printed"
    return "NaN" if math.isnan(value) else f"{value:.6g}"


def _seconds(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.1f} s"
