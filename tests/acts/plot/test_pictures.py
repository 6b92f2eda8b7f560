"""The picture of charts: by matplotlib in a process of its own where it is installed, else by our own writer."""

from __future__ import annotations

import io
import math
from collections import Counter
from dataclasses import replace

import pytest
from watchkeeper.server.acts.plot import pictures, png
from watchkeeper.server.acts.plot.charts import Chart, Mark

Image = pytest.importorskip("PIL.Image", reason="matplotlib and what it needs are not installed")
RED, BLUE = (0xB3, 0x30, 0x0C), (0x00, 0x67, 0xB8)
LOSS = Chart(
    title="_Loss $\\frac{1}{",
    x_name="epoch",
    x=[float(one) for one in range(50)],
    series=[
        ("_<b>training", [2.0 / (1 + one) for one in range(50)]),
        ("$x$ \u202e損失", [None, *(1.0,) * 49]),
    ],
    marks=[Mark(x=20.0, tone="bad", label="ValueError: $", line=3), Mark(x=900.0, tone="warn", label="outside")],
)
USED = Chart(
    title="CPU",
    x_name="time",
    time=True,
    x=[1.8e9 + one for one in range(60)],
    series=[("cores busy", [math.sin(one) ** 2 for one in range(60)])],
    marks=[
        Mark(x=1.8e9 + 9, until=1.8e9 + 20, tone="warn", label="stalled"),
        Mark(x=1.8e9 + 90, tone="bad", label="found after the last sample"),
    ],
    unit="cores",
)
UPPER, LOWER = range(png.HEIGHT // 2), range(png.HEIGHT // 2, png.HEIGHT)
ALONE = Chart(title="R-hat", x_name="draws", x=[1.0, 1.0, 1.0], series=[("rhat", [1.2, 1e300, -1e300])])


def dots(data: bytes, colour: tuple[int, int, int], rows: range) -> Counter[int]:
    """Return how many dots in each column are of a colour, or nearly."""
    seen = Image.open(io.BytesIO(data)).convert("RGB")
    assert seen.size == (png.WIDTH, png.HEIGHT)
    flat = seen.tobytes()
    found = Counter[int]()
    for y in rows:
        for x in range(png.WIDTH):
            place = 3 * (y * png.WIDTH + x)
            if sum(abs(flat[place + part] - colour[part]) for part in range(3)) < 50:
                found[x] += 1
    return found


def upright(found: Counter[int]) -> set[int]:
    """Return the columns in which something stands upright: a mark."""
    return {x for x, count in found.items() if count > 20}


def test_both_writers_draw_the_curves_with_what_was_found_on_them_whatever_the_names_say() -> None:
    by_matplotlib = pictures.picture([LOSS, USED])
    by_us = png.picture([LOSS, USED])
    assert by_matplotlib != by_us
    for data in (by_matplotlib, by_us):
        assert len(data) < pictures.LARGEST_BYTES
        assert len(dots(data, BLUE, UPPER)) > 150
        marks = upright(dots(data, RED, UPPER))  # one, at two fifths of the axis; the other one is no place of it
        assert marks
        assert 190 < min(marks) <= max(marks) < 240
        assert min(upright(dots(data, RED, LOWER))) > 440  # what came after the last sample, at the edge
    assert dots(pictures.picture([ALONE]), BLUE, range(png.HEIGHT))


def test_without_matplotlib_or_where_it_fails_our_own_writer_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pictures.by_matplotlib([LOSS], "-S") is None  # an interpreter that sees nothing that was installed
    odd = replace(LOSS, x=[math.nan, *LOSS.x[1:]])  # a probe may tell a counter that is no number
    assert pictures.picture([odd]) == png.picture([odd])
    monkeypatch.setattr(pictures, "find_spec", dict[str, None]().get)
    assert pictures.picture([LOSS, USED]) == png.picture([LOSS, USED])
    monkeypatch.setattr(pictures, "find_spec", bool)
    monkeypatch.setattr(pictures.sys, "executable", "/nowhere/python")
    assert pictures.picture([LOSS]) == png.picture([LOSS])


@pytest.mark.parametrize("value", [0.0, -0.049, 1600.0, 123456.0, -1.5e-7, 1e150, -9.87654e149, 0.098765])
def test_a_number_beside_an_axis_keeps_to_its_six_letters(value: float) -> None:
    said = png._short(value)  # pyright: ignore[reportPrivateUsage]
    assert len(said) <= 6
    assert math.isclose(float(said), value, rel_tol=0.5)
