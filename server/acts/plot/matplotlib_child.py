"""The process that draws charts with matplotlib: JSON on standard input, a PNG on standard output.

Run as a file, with `-I`: what is drawn is data and nothing else, so no name is read as a formula, and no settings of
the account's own change the picture. The exit status says whether there is one.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any

NOT_INSTALLED = 3
LONGEST_CPU_S = 20
INCHES, DOTS, COLOURS = (4.8, 3.0), 100, 160
"""So few colours make a third of the bytes that go through a client."""
PAPER, INK, GRID, GREY = "#ffffff", "#17202b", "#dfe3e9", "#5f6b78"
SERIES = ("#0067b8", "#c4540a", "#00796b", "#17202b", "#8a5fb0", "#8a94a0")
TONES = {"bad": "#b3300c", "warn": "#c4540a", "idle": "#8a94a0"}
DASHES = ("-", (0, (5, 2)), (0, (1, 1.5)), "-.", "-", (0, (3, 3)))
CROWDED, EDGE = 120, 0.012
OFFSET: dict[str, Any] = {"textcoords": "offset points", "fontsize": 6, "color": GREY}
LEGEND: dict[str, Any] = {"frameon": False, "fontsize": 6, "borderpad": 0, "handlelength": 1.6, "columnspacing": 1.0}
LONGEST_TITLE, LONGEST_NAME, LONGEST_LABEL = 40, 22, 26
SETTINGS: dict[Any, Any] = {
    "axes.edgecolor": GREY,
    "axes.facecolor": PAPER,
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.facecolor": PAPER,
    "font.size": 7.0,
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": GREY,
    "ytick.color": GREY,
}


def main() -> int:
    """Draw, and return the exit status."""
    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST_CPU_S, LONGEST_CPU_S))
    charts: list[dict[str, Any]] = json.load(sys.stdin)
    try:
        import matplotlib as mpl  # noqa: PLC0415 (takes more than a second of CPU, in this process only)
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
        from matplotlib.figure import Figure  # noqa: PLC0415
        from PIL import Image  # noqa: PLC0415 (matplotlib needs it)
    except ImportError:
        return NOT_INSTALLED
    mpl.rcdefaults()
    mpl.rcParams.update(SETTINGS)
    figure = Figure(figsize=INCHES, dpi=DOTS, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.02, hspace=0.03)  # pyright: ignore # a layout was asked for
    axes: Any = figure.subplots(len(charts), 1, squeeze=False)
    for (place,), chart in zip(axes, charts, strict=True):
        _draw(place, chart)
    canvas.draw()
    seen = Image.frombuffer("RGBA", canvas.get_width_height(), bytes(canvas.buffer_rgba())).convert("RGB")
    seen.quantize(COLOURS).save(sys.stdout.buffer, "PNG", optimize=True)
    return 0


def _draw(axes: Any, chart: dict[str, Any]) -> None:  # noqa: ANN401 (its types are partly unknown)
    begin = chart["x"][0]
    x = [one - begin for one in chart["x"]] if chart["time"] else chart["x"]
    end = x[-1] if x[-1] > x[0] else x[0] + 1
    many = len(chart["series"]) > 1
    crowded = many and len(x) > CROWDED
    for number, (name, values) in enumerate(chart["series"]):
        style = {"color": SERIES[number % len(SERIES)], "linestyle": "-" if crowded else DASHES[number % len(DASHES)]}
        known = [float("nan") if one is None else one for one in values]
        label = f" {name[:LONGEST_NAME]}"  # "_" in front would hide it
        axes.plot(x, known, linewidth=0.7 if crowded else 1.2, label=label, **style)
    axes.set_xlim(x[0] - EDGE * (end - x[0]), end + EDGE * (end - x[0]))
    if chart["time"]:
        axes.set_ylim(bottom=0)
    axes.grid(color=GRID, linewidth=0.5)
    axes.tick_params(length=2, width=0.5, labelsize=6.5)
    axes.locator_params(axis="y", nbins=4)
    unit = f", {chart['unit']}" if chart["time"] else ""  # elsewhere the names of series stand there
    title = f"{chart['title'][:LONGEST_TITLE]}{unit} ({'s' if chart['time'] else chart['x_name'][:LONGEST_NAME]})"
    axes.set_title(title, loc="left", fontsize=7.5, fontweight="bold", pad=3)
    for one in chart["marks"]:
        _mark(axes, one, begin if chart["time"] else None, (x[0], end))
    if many:
        legend = axes.legend(loc="lower right", bbox_to_anchor=(1, 0.98), ncols=len(SERIES), **LEGEND)
        for line in legend.get_lines():
            line.set_linewidth(1.4)


def _mark(axes: Any, mark: dict[str, Any], begin: float | None, within: tuple[float, float]) -> None:  # noqa: ANN401
    """Draw where something was found: a dashed line with its name, or a stretch of time.

    :param begin: of a chart of time, whose marks behind the last sample stand at its end.
    """
    at, colour = mark["x"] - (begin or 0.0), TONES.get(mark["tone"], GREY)
    if mark["until"] is not None:
        until = min(mark["until"] - (begin or 0.0), within[1])
        axes.axvspan(max(at, within[0]), until, color=colour, alpha=0.18, linewidth=0)
        return
    at = at if begin is None else min(at, within[1])
    if not within[0] <= at <= within[1]:
        return
    axes.axvline(at, color=colour, linewidth=1.0, linestyle=(0, (4, 2)))
    right = at < (within[0] + within[1]) / 2
    beside = {**OFFSET, "color": colour, "ha": "left" if right else "right", "va": "top"}
    place = (2 if right else -2, -1)
    axes.annotate(mark["label"][:LONGEST_LABEL], (at, 1), place, xycoords=("data", "axes fraction"), **beside)


if __name__ == "__main__":
    sys.exit(main())
