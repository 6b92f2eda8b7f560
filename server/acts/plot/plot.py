"""The shape of a run for an agent: a line of blocks for each curve with the numbers that matter, and a PNG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ...storage.record import Run
from ...vocabulary.errors import InvalidArgument
from ...vocabulary.sanitize import one_line
from ..desk import Desk
from ..watch.look import Watcher, find_run
from . import charts, png
from .charts import Chart, spread, thinned

BLOCKS = "▁▂▃▄▅▆▇█"
MOST_BLOCKS = 24
MOST_MARKS = 6


class What(StrEnum):
    """What can be plotted."""

    LOSS = "loss"
    CHAINS = "chains"
    USAGE = "usage"


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot as text, and as a picture; without one where there is nothing to draw."""

    run: Run
    state: str
    text: str
    picture: bytes | None


def plot(desk: Desk, run_id: str, what: str) -> Plot:
    """Return a plot of a run.

    :raises NotFound: there is no such run.
    :raises InvalidArgument: nothing of that name can be plotted.
    """
    run = find_run(desk, run_id)
    status = Watcher(desk, run).glance().status
    found = _charts(desk, run, _what(what), status.started_at)
    lines = [line for one in found for line in text_of(one)]
    picture = png.picture(found) if lines else None
    return Plot(
        run, str(status.state), "\n".join(lines) or f"The run has told no numbers of {_what(what)} yet.", picture
    )


def _what(text: str) -> What:
    try:
        return What(text.strip().lower())
    except ValueError:
        raise InvalidArgument(
            f"what takes {', '.join(What)}, not {text[:40]!r}.", "Call plot_training again."
        ) from None


def _charts(desk: Desk, run: Run, what: What, started_at: float | None) -> list[Chart]:
    findings = desk.ledger.findings(run=run.id)
    if what is What.USAGE:
        return charts.usage(desk.workspace.run_dir(run.id), charts.marks_of(findings))
    every = charts.safely(desk, run, started_at, findings)
    chains = {title for title, _ in charts.CHAINS}
    return [one for one in every if (one.title in chains) == (what is What.CHAINS)]


def text_of(chart: Chart) -> list[str]:
    """Return a chart as text: a heading, a line a series, what was found on it."""
    told = [line for name, column in chart.series if (line := _line(chart, name, column))]
    if not told:
        return []
    span = f"{chart.x[-1] - chart.x[0]:.0f} s" if chart.time else f"{chart.x_name} {chart.x[0]:g}-{chart.x[-1]:g}"
    marks = dict.fromkeys(_mark(chart, one.x, one.label, one.line) for one in chart.marks if one.tone in png.TONES)
    unit = f", {chart.unit}" if chart.unit else ""
    return [f"{one_line(chart.title, 40)}{unit} ({span})", *told, *list(marks)[:MOST_MARKS]]


def _line(chart: Chart, name: str, column: Sequence[float | None]) -> str:
    known = [(value, at) for value, at in zip(column, chart.x, strict=True) if value is not None]
    if len(known) < 2:
        return ""
    (first, _), (last, _) = known[0], known[-1]
    (low, low_at), (high, high_at) = min(known), max(known)
    where = "" if chart.time else f" at {low_at:g}"
    other = "" if chart.time else f" at {high_at:g}"
    numbers = f"{first:.4g} to {last:.4g}, lowest {low:.4g}{where}, highest {high:.4g}{other}"
    return f"  {one_line(name, 30)} {blocks(column)} {numbers}"


def blocks(column: Sequence[float | None], most: int = MOST_BLOCKS) -> str:
    """Return a curve as blocks; a dot where a number is missing."""
    shown = thinned(column, most)
    known = [one for one in shown if one is not None and math.isfinite(one)]
    low, high = spread(known) if known else (0.0, 1.0)
    return "".join(_block(one, low, high) for one in shown)


def _block(value: float | None, low: float, high: float) -> str:
    if value is None or not math.isfinite(value):
        return "·"
    share = (min(high, max(low, value)) - low) / (high - low)
    return BLOCKS[min(len(BLOCKS) - 1, int(share * len(BLOCKS)))]


def _mark(chart: Chart, x: float, label: str, line: int | None) -> str:
    where = f"after {x - chart.x[0]:.0f} s" if chart.time else f"at {chart.x_name} {x:g}"
    return f"  ! {one_line(label, 80)} {where}" + (f", line {line}" if line else "")
