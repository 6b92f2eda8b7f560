"""A design's tables and lines are read however their author heads, bounds and orders them; what is no design is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.design.quantities import Quantity, duration, quantity
from watchkeeper.server.analysis.design.rows import layer_widths

SECTION = "## Computational Requirements\n\n"


def bounds(text: str, name: str) -> tuple[float | None, float | None, float | None]:
    one = read_design(text, "d.md").requirements[name]
    return one.value, one.minimum, one.maximum


@pytest.mark.parametrize(
    "header",
    [
        "| What | Plan | Min | Max | Must Not Simplify |",
        "| Setting | Planned | Lowest | Highest | Must be kept |",
        "| | Target | At least | At most | Binding |",
        "| Quantity | What we do | floor | ceiling | May be simplified |",
    ],
)
def test_a_table_in_the_section_binds_however_its_columns_are_headed(header: str) -> None:
    mark = "no" if "simplified" in header else "yes"
    found = read_design(f"{SECTION}{header}\n|---|---|---|---|---|\n| Inner CV | 5 | 4 | 6 | {mark} |\n", "d.md")
    one = found.requirements["cv"]
    assert (one.value, one.minimum, one.maximum, one.must_not_simplify) == (5.0, 4.0, 6.0, True)


def test_a_table_of_remarks_beside_the_design_requires_nothing() -> None:
    assert read_design("## Data\n\n| Column | Meaning |\n|---|---|\n| rows | 400 |\n", "d.md").requirements == {}


@pytest.mark.parametrize("form", ["**{}**", "{}\n----"])
def test_a_line_that_is_bold_alone_or_underlined_heads_a_section(form: str) -> None:
    here, there = form.format("Computational Requirements"), form.format("Afterwards")
    text = f"# Model\n\n{here}\n\n- Chains: 4\n- Seeds: 3\n\n{there}\n\n- Seeds: 99\n"
    found = read_design(text, "d.md").requirements
    assert (found["chains"].value, found["seeds"].value) == (4.0, 3.0)


def test_without_a_section_what_is_known_to_be_a_figure_of_training_is_read_and_nothing_else() -> None:
    text = "# Model\n- **Bootstraps**: 25\n- **Time**: 2015-2020\n- Town: 7\n\n"
    text += "| Setting | Value |\n|--|--|\n| Steps | 900 |\n"
    found = read_design(text, "d.md").requirements
    assert {name: one.value for name, one in found.items()} == {"bootstraps": 25.0, "iterations": 900.0}


def test_a_row_whose_name_is_a_cap_asks_for_no_least_number_unless_it_names_another() -> None:
    head = f"{SECTION}| Setting | Plan | Lowest | Highest |\n|-|-|-|-|\n"
    assert bounds(f"{head}| Max epochs | 80 | 80 | 80 |\n", "epochs") == (80.0, None, 80.0)
    assert bounds(f"{head}| Max epochs | 80 | 20 | 80 |\n", "epochs") == (80.0, 20.0, 80.0)
    assert bounds(f"{head}| Epochs | 80 | 80 | 80 |\n", "epochs") == (80.0, 80.0, 80.0)


def test_with_a_section_what_stands_elsewhere_is_talk() -> None:
    found = read_design(f"# Model\n- Bootstraps: 9000\n\n{SECTION}- Bootstraps: 25\n", "d.md").requirements
    assert found["bootstraps"].value == 25.0


@pytest.mark.parametrize(
    ("written", "least_s", "most_s"),
    [
        ("minimum 3 seconds, maximum 15 minutes", 3, 900),
        ("5 seconds to 20 minutes", 5, 1200),
        ("at least 3 s, at most 20 min", 3, 1200),
        ("min 5 s / max 10 min", 5, 600),
        ("no less than 1 h and no more than 6 h", 3600, 21600),
        ("3 seconds at the very least; not above 15 minutes", 3, 900),
        ("between 3 and 5 minutes", 180, 300),
    ],
)
def test_both_bounds_of_a_time_are_read_each_with_its_own_unit(written: str, least_s: float, most_s: float) -> None:
    found = duration(written)
    assert (found.minimum, found.maximum) == pytest.approx((least_s / 3600, most_s / 3600))


def test_cells_of_a_row_have_units_of_their_own_or_that_of_the_name() -> None:
    rows = "| Time | 10 s | 4 s | 15 min |\n"
    assert bounds(f"{SECTION}| Item | Value | Min | Max |\n|-|-|-|-|\n{rows}", "training_time") == pytest.approx(
        (10 / 3600, 4 / 3600, 0.25)
    )
    rows = "| Training time | 5 seconds | 1 | 900 |\n"
    assert bounds(f"{SECTION}| Item | Value | Min | Max |\n|-|-|-|-|\n{rows}", "training_time") == pytest.approx(
        (5 / 3600, 1 / 3600, 0.25)
    )
    rows = "| Training time (s) | 6 | 2 | 600 |\n"
    assert bounds(f"{SECTION}| Item | Value | Min | Max |\n|-|-|-|-|\n{rows}", "training_time") == pytest.approx(
        (6 / 3600, 2 / 3600, 1 / 6)
    )


def test_a_count_with_two_bounds_in_words_has_both_and_a_later_remark_is_no_bound() -> None:
    assert quantity("up to 700 per fold, at least 60") == Quantity(60.0, 60.0, 700.0)
    assert quantity("no more than 40; fewer than 8 epochs would be a failure") == Quantity(40.0, None, 40.0)


@given(st.text(alphabet="0123456789 .,-/minsechourat lostup>=<", max_size=60))
def test_whatever_a_cell_says_bounds_are_in_order(text: str) -> None:
    for found in (quantity(text), duration(text)):
        if found.minimum is not None and found.maximum is not None:
            assert found.minimum <= found.maximum


@pytest.mark.parametrize(
    ("written", "widths"),
    [
        ("64-64-32", [64, 64, 32]),
        ("128/64", [128, 64]),
        ("[64, 32]", [64, 32]),
        ("256 → 128 → 64", [256, 128, 64]),
        ("2-3", []),
        ("12", []),
        ("3 of 64", []),
    ],
)
def test_widths_of_layers_are_a_list_and_a_few_layers_are_a_range(written: str, widths: list[int]) -> None:
    assert layer_widths(written) == widths
