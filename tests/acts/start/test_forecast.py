"""What a full start says of its time: projected from the quick run's measured rate, held against what is asked."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.acts.start.projection import Measured, doubt, projected_s, words

from ...play import Place, script

HOUR = 3600.0
EPOCHS = """
fraction = os.environ["WATCHKEEPER_DATA_FRACTION"]
epochs = 50 if os.environ["WATCHKEEPER_PHASE"] == "quick" else 100
weight = 5.0
for epoch in range(epochs):
    gradient = 2 * weight
    weight -= 0.1 * gradient
    work(0.005)
    print(f"epoch {epoch} loss {weight ** 2}")
leave_what_the_phase_asks_for()
"""


def test_steps_and_data_cost_in_proportion() -> None:
    quick = Measured(wall_s=60.0, work=500.0, data_fraction=0.2)
    assert projected_s(quick, 5000.0) == 3000.0


@pytest.mark.parametrize(("work", "full"), [(None, 100.0), (100.0, None), (0.0, 100.0)])
def test_unknown_steps_project_nothing(work: float | None, full: float | None) -> None:
    assert projected_s(Measured(60.0, work, 1.0), full) is None


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (3.2 * HOUR, "about 3:12:00, inside 2:00:00-6:00:00 (design:4)"),
        (540.0, "about 0:09:00: too light, asked for are 2:00:00-6:00:00 (design:4)"),
        (7 * HOUR, "about 7:00:00: longer than the 2:00:00-6:00:00 (design:4)"),
    ],
)
def test_the_sentence_holds_the_time_against_what_is_asked(seconds: float, said: str) -> None:
    assert words(seconds, 2 * HOUR, 6 * HOUR, "design:4") == said


@pytest.mark.parametrize(
    ("wall_s", "seconds", "said"),
    [
        (8.2, 143.0, "likely less: the quick run's 8 s hold its start-up too"),
        (60.0, 1000.0, ""),
        (8.2, 8.2, ""),
        (8.2, None, ""),
    ],
)
def test_a_projection_from_a_short_quick_run_says_why_it_may_be_too_high(
    wall_s: float, seconds: float | None, said: str
) -> None:
    assert doubt(Measured(wall_s, 1.0, 1.0), seconds) == said


@given(st.floats(0.1, 1e5), st.floats(1, 1e6), st.floats(1, 1e6), st.floats(0.01, 1))
def test_more_steps_never_take_less_time(wall_s: float, work: float, more: float, fraction: float) -> None:
    quick = Measured(wall_s, work, fraction)
    less, longer = projected_s(quick, work), projected_s(quick, work + more)
    assert less is not None
    assert longer is not None
    assert longer > less


@pytest.mark.anyio
async def test_a_full_start_tells_how_long_it_will_take(place: Place) -> None:
    place.script(script(EPOCHS))
    async with place.trainer() as trainer:
        quick = await trainer.ask("start_training", model="1", phase="quick")
        await trainer.watch(quick["run"])
        full = await trainer.ask("start_training", model="1", phase="full")
        await trainer.watch(full["run"])
    assert "expected" not in quick
    about = r"about 0:0\d:\d\d, inside 0:00:00-0:15:00 \(watchkeeper.toml \[full\]\)(; likely less: .*)?"
    assert re.fullmatch(about, full["expected"]), full["expected"]


@pytest.mark.anyio
async def test_the_design_says_what_is_too_light(place: Place) -> None:
    place.script(script(EPOCHS))
    design = "# Design\n\n## Computational Requirements\n\n- **Minimum Training Time**: 2-6 hours per model\n"
    (place.root / "model_design.md").write_text(design, encoding="utf-8")
    async with place.trainer() as trainer:
        await trainer.trained()
        full = await trainer.ask("start_training", model="1", phase="full")
        await trainer.watch(full["run"])
    assert "too light, asked for are 2:00:00-6:00:00 (model_design.md:5)" in full["expected"]


@pytest.mark.anyio
async def test_a_method_that_the_design_declares_and_the_script_lacks_is_told_at_the_start(place: Place) -> None:
    place.script(script(EPOCHS))
    design = "# Design\n\n## Computational Requirements\n\n- **Method**: Bayesian MCMC with PyMC\n"
    (place.root / "model_design.md").write_text(design, encoding="utf-8")
    async with place.trainer() as trainer:
        await trainer.trained()
        full = await trainer.ask("start_training", model="1", phase="full")
        await trainer.watch(full["run"])
    assert full["expected"].endswith(
        "the design declares Bayesian MCMC (model_design.md:5), which was not recognised in the script"
    )
