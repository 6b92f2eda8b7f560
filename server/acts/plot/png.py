"""Curves as a small PNG, with nothing but zlib: 480 x 300 pixels in nine colours. Pure.

An agent looks at it for the shape of a curve; the numbers stand in the text beside it. The same picture everywhere,
in a twentieth of a second; a plotting library takes more than a second of CPU to be imported (decision 0026).
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise

from .charts import Chart, Mark, spread

WIDTH, HEIGHT = 480, 300
LEFT, RIGHT, TOP, BOTTOM = 52, 8, 18, 18
MOST_CHARTS = 3
PAPER, INK, GRID, BLUE, ORANGE, GREEN, RED, GREY, PURPLE = range(9)
_COLOURS = ("ffffff", "17202b", "dfe3e9", "0067b8", "c4540a", "00796b", "b3300c", "6f7a86", "8a5fb0")
SERIES = (BLUE, ORANGE, GREEN, INK, PURPLE, GREY)
LETTER, LONGEST_TITLE, LONGEST_NAME = 8, 26, 18
"""Width of a letter, in dots; how many of a title and of a series' name are written."""
TONES = {"bad": RED, "warn": ORANGE}
# Glyphs of 3 x 5 dots, a digit a row from the top; its bits are the dots from left to right.
_GLYPHS = {
    "0": "75557", "1": "26227", "2": "71747", "3": "71717", "4": "55711", "5": "74717", "6": "74757", "7": "71122",
    "8": "75757", "9": "75717", "A": "25755", "B": "65656", "C": "34443", "D": "65556", "E": "74647", "F": "74644",
    "G": "34553", "H": "55755", "I": "72227", "J": "11152", "K": "55655", "L": "44447", "M": "57755", "N": "65555",
    "O": "25552", "P": "65644", "Q": "25563", "R": "65655", "S": "34216", "T": "72222", "U": "55557", "V": "55552",
    "W": "55775", "X": "55255", "Y": "55222", "Z": "71247", ".": "00002", "-": "00700", "+": "02720", ":": "02020",
    "/": "11244", "%": "51245", "_": "00007", "(": "24442", ")": "21112", "=": "07070", ",": "00024",
}  # fmt: skip
_SCALE = 2


class Canvas:
    """Dots in colours; what lies outside is left out."""

    def __init__(self) -> None:
        self._rows = [bytearray(WIDTH) for _ in range(HEIGHT)]

    def dot(self, x: int, y: int, colour: int) -> None:
        """Put one dot."""
        if 0 <= x < WIDTH and 0 <= y < HEIGHT:
            self._rows[y][x] = colour

    def line(self, begin: tuple[float, float], end: tuple[float, float], colour: int, wide: int = 1) -> None:
        """Draw a straight line, `wide` dots high."""
        steps = max(1, math.ceil(max(abs(end[0] - begin[0]), abs(end[1] - begin[1]))))
        for step in range(steps + 1):
            x = round(begin[0] + (end[0] - begin[0]) * step / steps)
            y = round(begin[1] + (end[1] - begin[1]) * step / steps)
            for more in range(wide):
                self.dot(x, y + more, colour)

    def text(self, x: int, y: int, text: str, colour: int = INK) -> None:
        """Write a text from its upper left corner on; letters are capitals, a sign that is not known is a blank."""
        for place, sign in enumerate(text.upper()):
            for row, bits in enumerate(_GLYPHS.get(sign, "00000")):
                for column in range(3):
                    if int(bits) & (4 >> column):
                        self._block(x + (place * 4 + column) * _SCALE, y + row * _SCALE, colour)

    def _block(self, x: int, y: int, colour: int) -> None:
        for right in range(_SCALE):
            for down in range(_SCALE):
                self.dot(x + right, y + down, colour)

    def png(self) -> bytes:
        """Return the picture (PNG, third edition: an indexed image without filters)."""
        palette = b"".join(bytes.fromhex(one) for one in _COLOURS)
        head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0)
        rows = b"".join(b"\0" + row for row in self._rows)
        parts = ((b"IHDR", head), (b"PLTE", palette), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def picture(charts: Sequence[Chart]) -> bytes:
    """Return the first charts, one below the other, as a PNG."""
    canvas = Canvas()
    shown = [one for one in charts if known(one)][:MOST_CHARTS]
    height = HEIGHT // max(1, len(shown))
    for place, one in enumerate(shown):
        _draw(canvas, one, place * height, height)
    return canvas.png()


def known(chart: Chart) -> list[float]:
    """Return all values of a chart that can be drawn."""
    return [value for _, column in chart.series for value in column if value is not None and math.isfinite(value)]


def _draw(canvas: Canvas, chart: Chart, above: int, height: int) -> None:
    values = known(chart)
    low, high = spread([0.0, *values] if chart.time else values)
    begin = chart.x[0]
    end = chart.x[-1] if chart.x[-1] > begin else begin + max(1.0, abs(begin) * 1e-9)
    top, bottom = above + TOP, above + height - BOTTOM

    def place(x: float, value: float) -> tuple[float, float]:
        across = LEFT + (WIDTH - LEFT - RIGHT) * min(1.0, max(0.0, (x - begin) / (end - begin)))
        return across, bottom - (bottom - top) * min(1.0, max(0.0, (value - low) / (high - low)))

    _frame(canvas, chart, (low, high), (top, bottom))
    for one in chart.marks:
        at = min(one.x, end) if chart.time else one.x  # what was found behind the last sample stands at the end
        until = at if one.until is None else one.until
        if begin <= until and at <= end:
            _mark(canvas, one, (place(at, low)[0], place(until, low)[0]), (top, bottom))
    for number, (_, column) in enumerate(chart.series):
        for one, two in _pieces(chart.x, column):
            canvas.line(place(*one), place(*two), SERIES[number % len(SERIES)], wide=2)


def _frame(canvas: Canvas, chart: Chart, span: tuple[float, float], sides: tuple[int, int]) -> None:
    """Draw a chart's title, names, axes and the numbers at their ends."""
    low, high = span
    top, bottom = sides
    title = (f"{chart.title}, {chart.unit}" if chart.time else chart.title)[:LONGEST_TITLE]
    canvas.text(LEFT, top - 15, title)
    x = LEFT + LETTER * (len(title) + 2)
    for number, name in enumerate(_names(chart, (WIDTH - RIGHT - x) // LETTER)):
        canvas.text(x, top - 15, name, SERIES[number % len(SERIES)])
        x += LETTER * (len(name) + 2)
    for share in (0.0, 0.5, 1.0):
        y = round(bottom - share * (bottom - top))
        canvas.line((LEFT, y), (WIDTH - RIGHT, y), GRID)
        said = _short(low + share * (high - low))
        canvas.text(LEFT - 4 - LETTER * len(said), y - 5, said, GREY)
    first = "0" if chart.time else f"{chart.x[0]:.6g}"
    last = f"{chart.x[-1] - chart.x[0]:.0f} s" if chart.time else f"{chart.x_name} {chart.x[-1]:.6g}"
    canvas.text(LEFT, bottom + 5, first, GREY)
    canvas.text(WIDTH - RIGHT - LETTER * len(last), bottom + 5, last, GREY)


def _short(value: float) -> str:
    """Return a number in at most six letters, which is what fits beside an axis."""
    texts = (f"{value:.{digits}g}" for digits in (4, 3, 2, 1))
    shorter = (one.replace("e+0", "e").replace("e+", "e").replace("e-0", "e-") for one in texts)
    return next((one for one in shorter if len(one) <= 6), "")


def _names(chart: Chart, room: int) -> list[str]:
    """Return what is written of the names of series, so many letters at most: their last words where room is short."""
    names = [name[:LONGEST_NAME] for name, _ in chart.series]
    if sum(len(name) + 2 for name in names) <= room + 2:
        return names
    return [name.rpartition(" ")[2][: max(1, room // len(names) - 2)] for name in names]


def _mark(canvas: Canvas, one: Mark, span: tuple[float, float], sides: tuple[int, int]) -> None:
    """Draw a dashed line where something was found; a stretch as a bar between two of them."""
    colour = TONES.get(one.tone, GREY)
    for x in set(span):
        for y in range(sides[0], sides[1], 6):
            canvas.line((x, y), (x, y + 3), colour)
    if span[0] != span[1]:
        canvas.line((span[0], sides[0]), (span[1], sides[0]), colour, wide=3)


def _pieces(
    x: Sequence[float], column: Sequence[float | None]
) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """Yield the straight pieces of a curve; none across a number that is missing."""
    points = [
        (at, value) if value is not None and math.isfinite(value) else None for at, value in zip(x, column, strict=True)
    ]
    for one, two in pairwise(points):
        if one is not None and two is not None:
            yield one, two
