"""The table: a row for each habit and tool set."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from toolset import MINUTES_PER_S

HEADING = (
    "| habit | tools | tokens a story (of them definitions) | failures known | median until known "
    '| false "done": believed/said | true "done" refused, false alarms | CPU wasted |\n'
    "|---|---|---|---|---|---|---|---|"
)


def shown(plays: Sequence[dict[str, Any]], habits: Sequence[str], sets: Sequence[str]) -> str:
    """Return the table in Markdown."""
    rows = [row(habit, tools, plays) for habit in habits for tools in sets]
    return "\n".join((HEADING, *rows))


def row(habit: str, tools: str, plays: Sequence[dict[str, Any]]) -> str:
    """Return the row of a habit with a tool set."""
    mine = [one for one in plays if one["habit"] == habit and one["tools"] == tools]
    broken = [one for one in mine if one["broken"]]
    known = [one["known_s"] for one in broken if one["known_s"] is not None]
    false = [one for one in mine if one["false"]]
    true = [one for one in mine if not one["false"] and not one["broken"]]
    cells = (
        habit,
        tools,
        f"{_mean(mine, 'tokens'):,.0f} ({_mean(mine, 'definitions'):,.0f})",
        f"{len(known)}/{len(broken)}",
        f"{statistics.median(known):.2f} s = {statistics.median(known) * MINUTES_PER_S:.0f} min" if known else "-",
        f"{sum(one['accepted'] for one in false)}/{len(false)}",
        f"{sum(one['alarm'] for one in true)}/{len(true)}",
        f"{sum(one['wasted_cpu_s'] for one in broken):.1f} s = "
        f"{sum(one['wasted_cpu_s'] for one in broken) * MINUTES_PER_S / 60:.0f} h",
    )
    return f"| {' | '.join(cells)} |"


def _mean(plays: Sequence[dict[str, Any]], name: str) -> float:
    return statistics.mean(one[name] for one in plays) if plays else 0.0
