"""Pictures that need no script: whatever the numbers are, they are well-formed and no text gets out of them."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.acts.plot.charts import Chart, Mark, thinned, together
from watchkeeper.server.interfaces.web import svg
from watchkeeper.server.interfaces.web.model_page import trials

VALUES = st.lists(st.none() | st.floats(), min_size=0, max_size=40)


@given(VALUES)
def test_a_small_curve_is_well_formed_whatever_the_numbers(values: list[float | None]) -> None:
    ElementTree.fromstring(str(svg.spark(values)))


@given(VALUES, st.text(max_size=10), st.booleans(), st.floats(-5, 50))
def test_a_chart_is_well_formed_whatever_it_is_called(
    values: list[float | None], name: str, time: bool, at: float
) -> None:
    name = "".join(one for one in name if one.isprintable())  # as text is when it leaves
    marks = [Mark(x=at, tone="bad", label=name), Mark(x=at, until=at + 3, tone="idle", label=name)]
    x = [float(place) for place in range(len(values))]
    drawn = Chart(title=name, x_name="epoch", time=time, x=x, series=[(name, values)], marks=marks)
    picture = ElementTree.fromstring(str(svg.chart(drawn)))
    assert [one.text for one in picture if one.text == "epoch"] == ["epoch"] * (picture.tag == "svg")
    ElementTree.fromstring(str(svg.timeline(marks, 0.0, 40.0)))


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ticks_are_round_within_the_range_and_few(low: float, width: float) -> None:
    found = svg.ticks(low, low + width, 5)
    assert 1 <= len(found) <= 12
    assert all(low - 1e-6 * width <= one <= low + width * (1 + 1e-6) for one in found)


def test_a_curve_has_a_gap_where_a_number_is_missing() -> None:
    drawn = str(svg.spark([1.0, 2.0, None, math.nan, 3.0, 2.0]))
    assert drawn.count("M") == 2


def test_two_runs_that_count_in_other_steps_are_drawn_as_whole_curves_side_by_side() -> None:
    def told(step: int, series: int, counter: str = "epoch") -> Chart:
        x = [float(at) for at in range(step, 100, step)]
        return Chart(title="Loss", x_name=counter, x=x, series=[(f"ess {one}", [*x]) for one in range(series)])

    (both,) = together([told(2, 6)], [told(7, 6)], ("a", "b"))
    assert [name for name, _ in both.series] == [f"ess {place}, {run}" for run in "ab" for place in range(3)]
    paths = re.findall(r' d="([^"]*)"', str(svg.chart(both)))
    assert [(one.count("M"), one.count("L")) for one in paths] == [(1, 48)] * 3 + [(1, 13)] * 3
    assert together([told(2, 1)], [told(2, 1, "draws")], ("a", "b")) == []


@given(st.lists(st.integers(), max_size=300), st.integers(2, 50))
def test_thinning_keeps_both_ends_and_the_order(values: list[int], most: int) -> None:
    kept = thinned(values, most)
    assert len(kept) == min(len(values), most)
    if values:
        assert (kept[0], kept[-1]) == (values[0], values[-1])


def test_a_search_log_becomes_a_table_and_a_picture() -> None:
    text = (
        "## Hyperparameter Search Log\n\n### Results\n\n3 trials; lower is better.\n\n"
        "| lr | units | Val RMSE | Notes |\n|---|---|---|---|\n| 0.1 | 32 | NaN | Diverged |\n"
        "| **0.01** | **64** | **4.2** | **✅ Best** |\n| 0.001 | 64 | 4.9 | a \\| b |\n\n### Selected Configuration\n"
    )
    found = trials(1, text)
    assert found.heads == ("lr", "units", "Val RMSE", "Notes")
    assert found.best == 1
    assert found.rows[2][3] == "a | b"
    assert dict(found.columns)["Val RMSE"] == (None, 4.2, 4.9)
    picture = ElementTree.fromstring(str(svg.parallel(found.columns, found.best)))
    assert len([one for one in picture if one.get("class") == "trial best"]) == 1
