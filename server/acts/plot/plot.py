"""The shape of a run for an agent: a line of blocks for each curve with the numbers that matter, and a PNG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ...storage.record import Finding, Run
from ...vocabulary.errors import InvalidArgument
from ...vocabulary.sanitize import one_line
from ..desk import Desk
from ..watch.look import Watcher, find_run
from . import charts, pictures, png
from .charts import DRAWS, RANKS, Chart, spread, thinned

BLOCKS = "▁▂▃▄▅▆▇█"
MOST_BLOCKS = 24
MOST_MARKS = 6
OF_TRACES = (DRAWS, RANKS)
MOST_LINES = 4
"""Series of one chart that are told as text; the rest is named."""


class What(StrEnum):
    """What can be plotted."""

    LOSS = "loss"
    CHAINS = "chains"
    USAGE = "usage"


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot as text, and the charts of its picture; none where there is nothing to draw."""

    run: Run
    state: str
    text: str
    charts: Sequence[Chart]

    def picture(self) -> bytes:
        """Return the picture; takes up to some seconds of another process."""
        return pictures.picture(self.charts)


def plot(desk: Desk, run_id: str, what: str | None) -> Plot:
    """Return a plot of a run: of one thing, or the first chart of each where none is named.

    :raises NotFound: there is no such run.
    :raises InvalidArgument: nothing of that name can be plotted.
    """
    wanted = _what(what) if what else None
    run = find_run(desk, run_id)
    status = Watcher(desk, run).glance().status
    found = _charts(desk, run, status.started_at, wanted)
    lines = [line for one in found.told for line in text_of(one, course=one.x_name not in OF_TRACES)] + list(found.said)
    about = wanted or ", ".join(What)
    text = "\n".join(lines) or f"The run has told no numbers of {about} yet."
    return Plot(run, str(status.state), text, found.told)


def _what(text: str) -> What:
    try:
        return What(text.strip().lower())
    except ValueError:
        raise InvalidArgument(
            f"what takes {', '.join(What)}, not {text[:40]!r}.", "Call plot_training again."
        ) from None


@dataclass(frozen=True, slots=True)
class _Found:
    """Charts, and what is said of others."""

    told: Sequence[Chart] = ()
    said: Sequence[str] = ()


def _charts(desk: Desk, run: Run, started_at: float | None, what: What | None) -> _Found:
    findings = desk.ledger.findings(run=run.id)
    if what is What.USAGE:
        return _Found(_usage(desk, run, findings))
    curves = _shown(charts.safely(desk, run, started_at, findings))
    titles = {title for title, _ in charts.CHAINS}
    chains = [one for one in curves if one.title in titles]
    loss = [one for one in curves if one.title not in titles]
    if what is What.LOSS:
        return _Found(loss)
    if what is What.CHAINS:
        left = _left_by(desk, run)
        return _Found([*left.told, *chains], left.said)
    return _Found([*loss[:1], *(chains or _left_by(desk, run).told)[:1], *_usage(desk, run, findings)[:1]])


def _usage(desk: Desk, run: Run, findings: Sequence[Finding]) -> list[Chart]:
    return _shown(charts.usage(desk.workspace.run_dir(run.id), charts.marks_of(findings)))


def _shown(found: Sequence[Chart]) -> list[Chart]:
    """Return the charts that hold enough for a curve."""
    return [one for one in found if text_of(one)]


def _left_by(desk: Desk, run: Run) -> _Found:
    """Return the draws and ranks of the parameter that mixed worst, from the trace that an ended run left."""
    from . import chains  # noqa: PLC0415 (heavy, and only once a run left a trace)

    if not chains.trace_of(desk, run):
        return _Found()
    drawn = chains.LEFT.of(desk, run)
    others = [one.title for one in drawn.charts[2::2]]
    also = [f"Also in the trace: {'; '.join(others)}."] if others else []
    return _Found(drawn.charts[:2], [*also, *drawn.said])


def text_of(chart: Chart, *, course: bool = True) -> list[str]:
    """Return a chart as text: a heading, a line a series, what was found on it.

    :param course: whether it matters from what to what a curve goes, and where it is lowest and highest.
    """
    told = [line for name, column in chart.series if (line := _line(chart, name, column, course=course))]
    if not told:
        return []
    if len(told) > MOST_LINES:
        told[MOST_LINES:] = [f"  and {len(told) - MOST_LINES} more"]
    span = f"{chart.x[-1] - chart.x[0]:.0f} s" if chart.time else f"{chart.x_name} {chart.x[0]:g}-{chart.x[-1]:g}"
    marks = dict.fromkeys(_mark(chart, one.x, one.label, one.line) for one in chart.marks if one.tone in png.TONES)
    unit = f", {chart.unit}" if chart.unit else ""
    return [f"{one_line(chart.title, 40)}{unit} ({span})", *told, *list(marks)[:MOST_MARKS]]


def _line(chart: Chart, name: str, column: Sequence[float | None], *, course: bool) -> str:
    known = [(value, at) for value, at in zip(column, chart.x, strict=True) if value is not None]
    if len(known) < 2:
        return ""
    (first, _), (last, _) = known[0], known[-1]
    (low, low_at), (high, high_at) = min(known), max(known)
    numbers = f"{low:.4g} to {high:.4g}"
    if course:
        where, other = ("", "") if chart.time else (f" at {low_at:g}", f" at {high_at:g}")
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
