"""The numbers of a run as charts: what its log and probe told, what its keeper measured, thinned for a screen."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from ...analysis.curves.series import History
from ...analysis.logs.metrics import COUNTERS
from ...runtime.gpu import reading
from ...runtime.samples import Sample, sampled
from ...storage.record import Finding, Run
from ...vocabulary.errors import WatchkeeperError
from ...vocabulary.runs import Level
from ..desk import Desk
from ..watch import histories

DRAWS, RANKS = "draw", "rank, % of all draws"
"""What the axes of the two charts of a parameter's chains count."""
MOST_POINTS = 600
MOST_SERIES = 6
LARGEST = 1e150
"""Numbers beyond are drawn at the edge."""
MOST_SAMPLES = 240
"""Of what a run used: CPU time is counted in hundredths of a second, and short samples show these."""
SAME_LOOK_S = 0.5
"""A look records a finding a moment before the numbers that it read with it."""
Column = list[float | None]
T = TypeVar("T")
LEVELS = {Level.FAILURE: "bad", Level.FLAG: "warn", Level.NOTICED: "idle"}
"""The tone of a finding's mark by its level."""
_TITLES: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("Loss", (("train_loss", "training"), ("val_loss", "validation"))),
    ("Gain", (("train_gain", "training"), ("val_gain", "validation"))),
    ("Metric", (("metric", "metric"),)),
    ("Gradient norm", (("grad_norm", "whole"), ("grad_layer_mean", "an early layer, mean"))),
)
CHAINS = (("Divergences", ("diverg",)), ("R-hat", ("rhat", "r_hat", "r-hat")), ("Effective sample size", ("ess",)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something on the axis of a chart: at `x`, or from `x` to `until`."""

    x: float
    until: float | None = None
    tone: str
    label: str
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One picture.

    :ivar time: whether `x` is unix time in seconds.
    :ivar series: (name, one value per x; None where there is none).
    :ivar own_x: the x of each series where they have different ones, all within `x`; else empty.
    """

    title: str
    x_name: str
    time: bool = False
    x: Sequence[float] = ()
    series: Sequence[tuple[str, Column]] = ()
    marks: Sequence[Mark] = field(default_factory=tuple[Mark, ...])
    unit: str = ""
    own_x: Sequence[Sequence[float]] = ()


def of_run(desk: Desk, run: Run, started_at: float | None, findings: Sequence[Finding]) -> list[Chart]:
    """Return the curves of a run, none where it told no numbers."""
    history = histories.of_run(desk, run, started_at)
    rows = desk.ledger.metric_rows(run.id)
    charts = [*(_of_history(history) if history else ()), *_chains(rows)]
    return [replace(one, marks=(*one.marks, *_beside(one, rows, findings))) for one in charts]


def _of_history(history: History) -> Iterator[Chart]:
    for title, columns in _TITLES:
        found = [(name, history.column(column)) for column, name in columns if any(history.column(column))]
        if not found:
            continue
        named = history.metric_name if title == "Metric" and history.metric_name else title
        x, series = _thin(history.epochs, found)
        if not x:
            continue
        yield Chart(title=named, x_name=history.counts, x=x, series=series, marks=tuple(_broken(history.epochs, found)))


def _broken(x: Sequence[float], series: Iterable[tuple[str, Column]]) -> Iterator[Mark]:
    """Mark where a curve stops to be numbers: no chart draws NaN."""
    for name, column in series:
        for at, value in zip(x, column, strict=True):
            if math.isfinite(at) and value is not None and not math.isfinite(value):
                yield Mark(x=at, tone="bad", label=f"{name} is {value}")
                break


def _thin(x: Sequence[float], series: Sequence[tuple[str, Column]]) -> tuple[list[float], list[tuple[str, Column]]]:
    """Return rows enough for a screen, in rising order of x, with None for what is no number; none at no finite x."""
    order = sorted((row for row, at in enumerate(x) if math.isfinite(at)), key=x.__getitem__)
    kept = thinned(order, MOST_POINTS)
    return [x[row] for row in kept], [(name, [_finite(column[row]) for row in kept]) for name, column in series]


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _chains(rows: Sequence[tuple[float, Mapping[str, float]]]) -> Iterator[Chart]:
    """Yield what a sampler told of its chains, by draw where it counts them, else in the order in which it came."""
    names = dict.fromkeys(name for _, values in rows for name in values)
    for title, words in CHAINS:
        wanted = [name for name in names if _about(name, words)][:MOST_SERIES]
        kept = [(place, values) for place, (_, values) in enumerate(rows) if any(name in values for name in wanted)]
        if not wanted or len(kept) < 2:
            continue
        counted = all("draws" in values for _, values in kept)
        x = [values["draws"] if counted else float(place) for place, values in kept]
        columns: list[tuple[str, Column]] = [(name, [values.get(name) for _, values in kept]) for name in wanted]
        thin_x, series = _thin(x, columns)
        yield Chart(title=title, x_name="draws" if counted else "row", x=thin_x, series=series)


def _about(name: str, words: Sequence[str]) -> bool:
    plain = name.lower()
    return any(plain == word or plain.startswith((word, f"min_{word}", f"max_{word}")) for word in words)


def _beside(
    chart: Chart, rows: Sequence[tuple[float, Mapping[str, float]]], findings: Sequence[Finding]
) -> Iterator[Mark]:
    """Mark findings of failures on a chart whose axis is no time: where the counter stood when each was read."""
    counter = chart.x_name if chart.x_name in COUNTERS else None
    counted = [(at, values[counter]) for at, values in rows if counter in values] if counter else []
    for one in findings:
        before = [value for at, value in counted if at <= one.at + SAME_LOOK_S]
        if before and one.level is Level.FAILURE and not one.belongs_to:
            yield Mark(x=before[-1], tone="bad", label=_label(one), line=one.line)


def _label(finding: Finding) -> str:
    return finding.exception or finding.kind


def usage(run_dir: Path, marks: Sequence[Mark]) -> list[Chart]:
    """Return what a run used, over time."""
    samples = sampled(run_dir, MOST_SAMPLES)
    if len(samples) < 2:
        return []
    x = [one.at for one in samples[1:]]
    steps = list(pairwise(samples))
    cores: Column = [_rate(one.cpu_s, two.cpu_s, one, two) for one, two in steps]
    memory: Column = [two.rss_bytes / 1e6 for _, two in steps]
    log: Column = [_rate((one.log_bytes or 0) / 1e3, (two.log_bytes or 0) / 1e3, one, two) for one, two in steps]
    named = (
        ("CPU", "cores busy", "cores", cores),
        ("Memory", "resident", "MB", memory),
        ("Log growth", "log", "kB/s", log),
    )
    charts = [
        Chart(title=title, x_name="time", time=True, x=x, series=[(name, column)], marks=marks, unit=unit)
        for title, name, unit, column in named
    ]
    return [*charts, *_gpu(run_dir, marks)]


def _rate(was: float, now: float, one: Sample, two: Sample) -> float | None:
    passed_s = two.boottime_s - one.boottime_s
    return _finite(max(0.0, now - was) / passed_s) if passed_s > 0 else None


def _gpu(run_dir: Path, marks: Sequence[Mark]) -> Iterator[Chart]:
    if not os.path.lexists(run_dir / reading.FILE):
        return
    found = [one for line in reading.lines(run_dir) if (one := reading.sample(line)) is not None]
    samples = thinned(found, MOST_POINTS)
    if len(samples) < 2:
        return
    busy: Column = [max((b.percent for b in one.boards if b.percent is not None), default=None) for one in samples]
    held: Column = [_sum_gb(b.memory_bytes for b in one.ours) for one in samples]
    x = [one.at for one in samples]
    for title, name, unit, column in (("GPU", "busiest board", "%", busy), ("GPU memory", "of this run", "GB", held)):
        if any(value is not None for value in column):
            yield Chart(title=title, x_name="time", time=True, x=x, series=[(name, column)], marks=marks, unit=unit)


def _sum_gb(sizes: Iterable[int | None]) -> float | None:
    """Return the sum of what is known; None where of something nothing is."""
    listed = list(sizes)
    known = [one for one in listed if one is not None]
    return sum(known) / 1e9 if len(known) == len(listed) else None


def marks_of(findings: Sequence[Finding]) -> list[Mark]:
    """Return the findings on the axis of time; a gap in the watch and a stall as a stretch of it."""
    return [_mark(one) for one in findings if not one.belongs_to]


def _mark(finding: Finding) -> Mark:
    label, tone = _label(finding), LEVELS[finding.level]
    if finding.kind == "watch_gap":
        begun = finding.id.rpartition("unwatched-")[2]
        begin = float(begun) if begun.isdigit() else finding.at
        return Mark(x=begin, until=finding.updated_at, tone="idle", label=finding.message)
    if finding.kind == "stall":
        over = finding.updated_at if finding.level is Level.NOTICED else None
        return Mark(x=finding.at, until=over, tone="warn", label="stalled")
    return Mark(x=finding.at, tone=tone, label=label, line=finding.line)


def safely(desk: Desk, run: Run, started_at: float | None, findings: Sequence[Finding]) -> list[Chart]:
    """Return the curves of a run; none where what it wrote cannot be read."""
    try:
        return of_run(desk, run, started_at, findings)
    except (WatchkeeperError, OSError, ValueError):
        return []


def together(one: Sequence[Chart], two: Sequence[Chart], names: tuple[str, str]) -> list[Chart]:
    """Return the charts that two runs have in common, by the same counter, the series of both in each."""
    other = {(chart.title, chart.x_name): chart for chart in two}
    pairs = [(chart, other.get((chart.title, chart.x_name))) for chart in one]
    return [_joined(first, second, names) for first, second in pairs if second is not None]


def _joined(one: Chart, two: Chart, names: tuple[str, str]) -> Chart:
    """Return a chart with as many series of either, each over the values of x at which its own run has rows."""
    kept = [
        (chart.x, f"{name}, {run}", column)
        for chart, run in zip((one, two), names, strict=True)
        for name, column in chart.series[: MOST_SERIES // 2]
    ]
    return Chart(
        title=one.title,
        x_name=one.x_name,
        x=sorted({*one.x, *two.x}),
        series=[(name, column) for _, name, column in kept],
        own_x=[x for x, _, _ in kept],
    )


def thinned(values: Sequence[T], most: int) -> tuple[T, ...]:
    """Return at most so many values, evenly chosen, the first and the last among them."""
    if len(values) <= most:
        return tuple(values)
    return tuple(values[round(place * (len(values) - 1) / (most - 1))] for place in range(most))


def spread(values: Sequence[float]) -> tuple[float, float]:
    """Return the lowest and the highest of finite numbers: never the same, never too far apart to be divided by."""
    low, high = max(-LARGEST, min(values)), min(LARGEST, max(values))
    least = max(abs(low), abs(high), 1e-300) * 1e-9
    return (low, high) if high - low > least else (low - least, high + least)
