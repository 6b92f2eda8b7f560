"""Compiled training whose weights or losses stand still long before its end, and what is honest and looks alike."""

from __future__ import annotations

import pytest
from watchkeeper.server.analysis.design.design import Design, read_design
from watchkeeper.server.analysis.networks.stood_still import stood_still

from ..evidence.facts import spoilt
from ..evidence.witnessed import Kind, seen, steps

LOOKED = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128]
WEIGHTS = [[64, 48], [16, 48], [16, 48]]
MOMENTS = [[64, 128], [16, 128], [16, 128]]
MASKED = {
    "length": 150,
    "columns": 1,
    "same_from": 41,
    "step": 0.004,
    "distinct": 41,
    "even": False,
    "ends": [0.5, 0.07],
}
STOPS = read_design("Early stopping with a patience of 20 epochs.\n", "model_design_1.md")


def compiled(*arrays: list[int], **series: object) -> Kind:
    facts = {"id": 1, "library": "jax", "calls": 150, "looked": LOOKED, "arrays": list(arrays)}
    return {"kind": "compiled", "facts": {**facts, **({"series": [series]} if series else {})}}


def asked(line: Kind, name: str = "optax.adam", design: Design | None = None) -> bool:
    found = seen(steps(library="optax", numbers=96, **{"class": name}), line)
    return bool([*stood_still(spoilt(design=design or Design(), seen=found), found, found.steps)])


@pytest.mark.parametrize("line", [compiled(*WEIGHTS, *MOMENTS), compiled(*WEIGHTS), compiled(**MASKED)])
def test_weights_or_losses_that_stand_still_while_epochs_go_on_are_asked_about(line: Kind) -> None:
    assert asked(line)
    assert not asked(line, design=STOPS)


@pytest.mark.parametrize(
    "line",
    [
        compiled([64, 128], [16, 128], [16, 96]),
        compiled([64, 1], [64, 128], [16, 128], [16, 128]),  # data that go through
        compiled([64, 96], [16, 96], [16, 96]),  # the last third
        compiled([64, 128], [16, 128], [16, 48]),  # a part of them
        compiled(**{**MASKED, "step": 1e-7}),  # came to its minimum
        compiled(**{**MASKED, "distinct": 5}),  # a score, a rate by stairs
        compiled(**{**MASKED, "even": True}),  # a rate that is lowered evenly
        compiled(**{**MASKED, "ends": [0.1, 0.9]}),  # a weight that is raised, an accuracy
        compiled(**{**MASKED, "ends": [0.4, 0.0]}),
        compiled(**{**MASKED, "same_from": 149, "distinct": 149}),
    ],
)
def test_minima_schedules_scores_data_and_parts_are_not_asked_about(line: Kind) -> None:
    assert not asked(line)


def test_an_optimiser_that_comes_to_a_point_is_not_asked_about() -> None:
    assert not asked(compiled(*WEIGHTS), name="optax.lbfgs")


@pytest.mark.parametrize(
    ("updates", "said", "asks"),
    [
        ({"same": 0, "changed": 1, "where": "model_1.py:9"}, "An MLP; no early stopping, no mask.\n", True),
        ({"same": 0, "changed": 1, "where": "model_1.py:9"}, "Updates that are not finite are skipped.\n", False),
        ({"same": 2, "changed": 1, "where": "model_1.py:9"}, "An MLP.\n", False),
        ({}, "An MLP.\n", False),
    ],
)
def test_updates_that_were_changed_before_they_were_added_are_asked_about(
    updates: Kind, said: str, *, asks: bool
) -> None:
    line = steps(library="optax", updates=updates, **{"class": "optax.adam"})
    found = seen(line)
    evidence = spoilt(design=read_design(said, "model_design_1.md"), seen=found)
    assert bool([*stood_still(evidence, found, found.steps)]) == asks
