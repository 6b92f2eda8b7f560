"""Charts as SVG that needs no script: sparklines, curves, the line of time, parallel coordinates.

Colours come from classes, so that they follow the page's theme; series differ by dashes too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from xml.sax.saxutils import quoteattr

from markupsafe import Markup, escape

from ...acts.plot.charts import Chart, Mark
from ...documents.error_report import clock_time

WIDTH, HEIGHT = 640, 238
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 10, 44
LANES_HEIGHT = 56
Values = Sequence[float | None]


def spark(values: Values, width: int = 140, height: int = 32, label: str = "loss") -> Markup:
    """Return a small curve with a dot at its end; a dash where there is nothing to draw."""
    known = [one for one in values if one is not None and math.isfinite(one)]
    if len(known) < 2:
        return Markup('<span class="none" aria-label="no curve yet">–</span>')
    low, high = _robust(known)
    x = [3 + place * (width - 6) / (len(values) - 1) for place in range(len(values))]
    y = [_scaled(one, low, high, height - 3, 3) for one in values]
    last = max(place for place, one in enumerate(y) if one is not None)
    said = f"{label}, from {known[0]:.4g} to {known[-1]:.4g}"
    dot = f'<circle class="end" cx="{x[last]:.1f}" cy="{y[last]:.1f}" r="2.5"/>'
    path = f'<path class="line s1" d="{_path(x, y)}"/>'
    return Markup(  # noqa: S704 (numbers and an escaped label)
        f'<svg class="spark" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f"aria-label={quoteattr(said)}>{path}{dot}</svg>"
    )


def _robust(known: Sequence[float]) -> tuple[float, float]:
    """Return a range in which a single wild value does not flatten all others."""
    ordered = sorted(known)
    low, high = ordered[0], ordered[-1]
    if len(ordered) >= 10:
        inner = ordered[round(0.95 * (len(ordered) - 1))]
        high = min(high, inner + 3 * (inner - low)) if inner > low else high
    return low, high


def _scaled(value: float | None, low: float, high: float, bottom: float, top: float) -> float | None:
    if value is None or not math.isfinite(value):
        return None
    share = 0.5 if high <= low else min(1.0, max(0.0, (value - low) / (high - low)))
    return bottom - share * (bottom - top)


def _path(x: Sequence[float], y: Sequence[float | None]) -> str:
    parts: list[str] = []
    pen = "M"
    for across, up in zip(x, y, strict=True):
        if up is None:
            pen = "M"
            continue
        parts.append(f"{pen}{across:.1f} {up:.1f}")
        pen = "L"
    return "".join(parts)


def chart(one: Chart) -> Markup:
    """Return a chart with its axes, marks and names."""
    values = [value for _, column in one.series for value in column if value is not None and math.isfinite(value)]
    if len(one.x) < 2 or not values:
        return Markup('<p class="empty">Too few numbers for a curve yet.</p>')
    low, high = (0.0, max(values) or 1.0) if one.time else _padded(*_robust(values))
    begin, end = one.x[0], one.x[-1]
    parts = [*_grid(one, low, high, begin, end), *_marks(one.marks, begin, end), *_lines(one, low, high, begin, end)]
    names = ", ".join(name for name, _ in one.series)
    said = f"{one.title}: {names}, {values[0]:.4g} to {values[-1]:.4g}, by {one.x_name}"
    return _picture(parts, HEIGHT, said)


def _picture(parts: Iterable[str], height: int, said: str, lanes: str = "") -> Markup:
    head = f'<svg class="plot{lanes}" viewBox="0 0 {WIDTH} {height}" role="img" aria-label={quoteattr(said)}>'
    return Markup(f"{head}{''.join(parts)}</svg>")  # noqa: S704 (parts of numbers and escaped words)


def _padded(low: float, high: float) -> tuple[float, float]:
    room = 0.06 * (high - low) or abs(high) * 0.1 or 1.0
    return low - room, high + room


def _across(value: float, begin: float, end: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * min(1.0, max(0.0, (value - begin) / ((end - begin) or 1.0)))


def _grid(one: Chart, low: float, high: float, begin: float, end: float) -> Iterator[str]:
    bottom = HEIGHT - BOTTOM
    for tick in ticks(low, high, 4):
        y = _scaled(tick, low, high, bottom, TOP) or 0.0
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text class="tick" x="{LEFT - 6}" y="{y + 3.5:.1f}" text-anchor="end">{tick:.4g}</text>'
    for tick in ticks(begin, end, 5):
        x = _across(tick, begin, end)
        said = _passed(tick - begin, end - begin) if one.time else f"{tick:.6g}"
        yield f'<text class="tick" x="{x:.1f}" y="{HEIGHT - 26}" text-anchor="middle">{said}</text>'
    across = (LEFT + WIDTH - RIGHT) / 2
    yield f'<text class="tick" x="{across:.1f}" y="{HEIGHT - 6}" text-anchor="middle">{escape(one.x_name[:60])}</text>'


def _passed(seconds: float, of_s: float) -> str:
    """Return how long after the begin; in seconds where all of it is short."""
    return f"{seconds:.3g} s" if of_s < 10 else clock_time(seconds)


def _lines(one: Chart, low: float, high: float, begin: float, end: float) -> Iterator[str]:
    for number, (_, column) in enumerate(one.series, start=1):
        x = [_across(value, begin, end) for value in (one.own_x[number - 1] if one.own_x else one.x)]
        y = [_scaled(value, low, high, HEIGHT - BOTTOM, TOP) for value in column]
        yield f'<path class="line s{number}" d="{_path(x, y)}"/>'


def _marks(marks: Iterable[Mark], begin: float, end: float) -> Iterator[str]:
    bottom = HEIGHT - BOTTOM
    for one in marks:
        if one.x > end or (one.until or one.x) < begin:
            continue
        x = _across(one.x, begin, end)
        title = f"<title>{escape(one.label)}</title>"
        if one.until is not None:
            yield _box(one.tone, x, _across(one.until, begin, end), (TOP, bottom), title)
        else:
            yield f'<line class="mark {one.tone}" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}">{title}</line>'


def _box(tone: str, x: float, until: float, sides: tuple[float, float], title: str) -> str:
    top, bottom = sides
    size = f'width="{max(2.0, until - x):.1f}" height="{bottom - top}"'
    return f'<rect class="mark {tone}" x="{x:.1f}" y="{top}" {size}>{title}</rect>'


def ticks(low: float, high: float, about: int) -> list[float]:
    """Return round values between two, about so many."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return []
    raw = (high - low) / about
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= raw * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    found = [round(first * step + place * step, 12) for place in range(3 * about)]
    return [one for one in found if one <= high + step * 1e-9]


def timeline(marks: Sequence[Mark], begin: float, end: float, run: str = "") -> Markup:
    """Return the line of time of a run with what was found on it; each mark with a line number leads to that line.

    :param run: whose lines they are, in a file that holds several logs.
    """
    parts = [f'<rect class="lane" x="{LEFT}" y="18" width="{WIDTH - LEFT - RIGHT}" height="14" rx="3"/>']
    parts += [_stretch(one, begin, end) for one in marks if one.until is not None]
    parts += [_point(one, begin, end, run) for one in marks if one.until is None]
    for tick in ticks(0.0, end - begin, 5):
        x, y = _across(tick, 0.0, end - begin), LANES_HEIGHT - 8
        anchor = "end" if x > WIDTH - 40 else "middle"
        parts.append(
            f'<text class="tick" x="{x:.1f}" y="{y}" text-anchor="{anchor}">{_passed(tick, end - begin)}</text>'
        )
    begun = datetime.fromtimestamp(begin, UTC)
    said = f"{len(marks)} marks from {begun:%H:%M} UTC on, over {clock_time(end - begin)}"
    return _picture(parts, LANES_HEIGHT, said, " lanes")


def _stretch(one: Mark, begin: float, end: float) -> str:
    title = f"<title>{escape(one.label)}</title>"
    return _box(one.tone, _across(one.x, begin, end), _across(one.until or one.x, begin, end), (16, 34), title)


def _point(one: Mark, begin: float, end: float, run: str) -> str:
    x = _across(one.x, begin, end)
    shape = {
        "bad": f'<path d="M{x - 5:.1f} 20l10 10m0 -10l-10 10"/>',
        "warn": f'<path d="M{x:.1f} 19l6 12h-12z"/>',
    }.get(one.tone, f'<circle cx="{x:.1f}" cy="25" r="3"/>')
    drawn = f'<g class="mark {one.tone}"><title>{escape(one.label)}</title>{shape}</g>'
    line = f"#{escape(run)}-L{one.line}" if run else f"?line={one.line}#L{one.line}"
    return drawn if one.line is None else f'<a href="{line}">{drawn}</a>'


def parallel(columns: Sequence[tuple[str, Sequence[float | None]]], best: int | None) -> Markup:
    """Return trials as lines across one axis a parameter, the best one above the others."""
    if len(columns) < 2:
        return Markup("")
    height, top, bottom = 240, 30, 210
    xs = [40 + place * (WIDTH - 80) / (len(columns) - 1) for place in range(len(columns))]
    spans = [_span(column) for _, column in columns]
    parts: list[str] = []
    for (name, _), x, (low, high) in zip(columns, xs, spans, strict=True):
        parts += [
            f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}"/>',
            f'<text class="tick" x="{x:.1f}" y="14" text-anchor="middle">{escape(name[:18])}</text>',
            f'<text class="tick" x="{x:.1f}" y="26" text-anchor="middle">{high:.3g}</text>',
            f'<text class="tick" x="{x:.1f}" y="{bottom + 14}" text-anchor="middle">{low:.3g}</text>',
        ]
    trials = len(columns[0][1])
    order = [*(place for place in range(trials) if place != best), *([best] if best is not None else [])]
    for place in order:
        y = [_scaled(column[place], *span, bottom, top) for (_, column), span in zip(columns, spans, strict=True)]
        parts.append(f'<path class="trial{" best" if place == best else ""}" d="{_path(xs, y)}"/>')
    return _picture(parts, height, f"{trials} trials over {', '.join(name for name, _ in columns)}")


def _span(column: Sequence[float | None]) -> tuple[float, float]:
    known = [one for one in column if one is not None]
    return min(known), max(known)
