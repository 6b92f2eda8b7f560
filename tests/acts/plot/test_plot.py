"""plot_training: the shape of a run as text with the numbers that matter, and as a small PNG."""

from __future__ import annotations

import base64
import math
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp_types import ImageContent, TextContent
from watchkeeper.server.acts.plot import charts, plot, png
from watchkeeper.server.acts.plot.charts import Chart, Mark
from watchkeeper.server.analysis.curves.series import from_records

from ...play import Place, script

SHAPE = script("""
for epoch in range(1, 41):
    print(f"epoch {epoch}/40 loss={2 / epoch:.4f} val_loss={2.2 / epoch + (epoch > 30) * 0.02 * epoch:.4f}", flush=True)
    draws = 100 * epoch
    print(f"draws={draws} of 4000 divergences={epoch // 2} rhat={1 + 0.8 / epoch:.3f} ess={4 * epoch}", flush=True)
work(0.3)
leave_what_the_phase_asks_for()
""")
VALUES = st.lists(st.none() | st.floats(), min_size=2, max_size=40)
PLACES = st.sampled_from([(0.0, 1.0), (1e9, 0.0), (1.8e9, -1.0), (-1e308, 1e307)])
"""Where an axis begins, and how far from one place to the next: a counter that stands still, a clock that goes back."""


def pixels(data: bytes) -> tuple[int, int, list[bytes]]:
    """Return width, height and rows of a PNG of ours, each check sum proven."""
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    place, parts = 8, dict[bytes, bytes]()
    while place < len(data):
        (size,) = struct.unpack(">I", data[place : place + 4])
        name, body = data[place + 4 : place + 8], data[place + 8 : place + 8 + size]
        assert struct.unpack(">I", data[place + 8 + size : place + 12 + size])[0] == zlib.crc32(name + body)
        parts[name] = body
        place += 12 + size
    width, height = struct.unpack(">II", parts[b"IHDR"][:8])
    raw = zlib.decompress(parts[b"IDAT"])
    assert len(raw) == height * (width + 1)
    return width, height, [raw[row * (width + 1) + 1 : (row + 1) * (width + 1)] for row in range(height)]


@pytest.mark.anyio
async def test_an_agent_sees_the_shape_as_text_and_as_a_picture_with_nothing_structured_beside_it(place: Place) -> None:
    place.script(SHAPE)
    async with place.trainer() as trainer:
        run = await trainer.trained()
        seen = await trainer.client.call_tool("plot_training", {"run": run, "what": "loss"})
        usage = await trainer.client.call_tool("plot_training", {"run": run, "what": "usage"})
        chains = await trainer.client.call_tool("plot_training", {"run": run, "what": "chains"})
        every = await trainer.client.call_tool("plot_training", {"run": run})
        refused = await trainer.refused("plot_training", run=run, what="money")
    assert seen.structured_content is None
    text, image = seen.content
    assert isinstance(text, TextContent)
    assert isinstance(image, ImageContent)
    assert "Loss (epoch 1-40)" in text.text
    assert "training █" in text.text
    assert "2 to 0.05, lowest 0.05 at 40, highest 2 at 1" in text.text
    assert len(text.text) / 4 < 200
    width, height, _ = pixels(base64.b64decode(image.data))
    assert (image.mime_type, width, height) == ("image/png", 480, 300)
    assert isinstance(usage.content[0], TextContent)
    assert "Memory, MB" in usage.content[0].text
    assert [type(one) for one in chains.content] == [type(one) for one in every.content] == [TextContent, ImageContent]
    told, whole = chains.content[0], every.content[0]
    assert isinstance(told, TextContent)
    for words in ("Divergences (draws 100-4000)", "0 to 20", "R-hat (draws", "1.8 to 1.02", "Effective sample size"):
        assert words in told.text
    assert isinstance(whole, TextContent)
    assert [one for one in ("Loss (", "Divergences (", "CPU, cores (") if one not in whole.text] == []
    assert len(whole.text) / 4 < 250
    assert "loss, chains, usage" in refused


def test_a_history_that_counts_to_infinity_is_drawn_where_its_places_are_numbers() -> None:
    told = [(1.0, 2.0), (2.0, 1.0), (math.inf, math.nan)]
    history = from_records([{"epoch": epoch, "loss": loss} for epoch, loss in told], ["epoch", "loss"])
    (drawn,) = charts._of_history(history)  # pyright: ignore[reportPrivateUsage]
    assert (drawn.x, drawn.series, drawn.marks) == ([1.0, 2.0], [("training", [2.0, 1.0])], ())


@given(VALUES, st.booleans(), st.text(max_size=12), PLACES)
def test_a_picture_is_sound_whatever_the_numbers_and_names(
    values: list[float | None], time: bool, name: str, places: tuple[float, float]
) -> None:
    begin, apart = places
    x = [begin + apart * place for place in range(len(values))]
    marks = [Mark(x=1.0, tone="bad", label=name), Mark(x=99.0, until=120.0, tone="idle", label=name)]
    drawn = Chart(title=name, x_name="epoch", time=time, x=x, series=[(name, values)], marks=marks)
    width, height, rows = pixels(png.picture([drawn, drawn, drawn]))
    assert (width, height) == (png.WIDTH, png.HEIGHT)
    assert max(dot for row in rows for dot in row) <= png.PURPLE


@given(VALUES)
def test_blocks_are_few_and_a_missing_number_is_a_dot(values: list[float | None]) -> None:
    drawn = plot.blocks(values)
    assert len(drawn) == min(len(values), plot.MOST_BLOCKS)
    assert set(drawn) <= set(plot.BLOCKS) | {"·"}
    if len(values) <= plot.MOST_BLOCKS:
        assert [one == "·" for one in drawn] == [one is None or not math.isfinite(one) for one in values]
