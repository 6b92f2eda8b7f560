"""Rounds that add nothing and a burn-in that nobody goes on from are asked about; their honest twins are not."""

from __future__ import annotations

from typing import Any

import pytest
from watchkeeper.server.analysis.counted.without_effect import burn_in_wasted, idle_rounds

from ..evidence.witnessed import Kind, fit, seen

LOOKED = [0, 500, 1000, 1500, 2000, 2500, 3000, 3499]


@pytest.mark.parametrize(
    ("idle", "asked"), [(LOOKED[1:], True), (LOOKED[-3:], True), (LOOKED[-2:], False), ([], False)]
)
def test_a_booster_most_of_whose_rounds_have_no_effect_is_asked_about(idle: list[int], asked: bool) -> None:
    told = {"rounds": 3500, "looked": LOOKED, "idle": idle}
    found = [*idle_rounds(seen(fit(1, "xgboost.train", idle_rounds=told)))]
    assert [one.code for one in found] == ["rounds_without_effect"] * asked
    assert all("3500 rounds" in one.what and f"number {idle[0]}" in one.what for one in found)


@pytest.mark.parametrize(("unsplit", "asked"), [(LOOKED, True), (LOOKED[1:], False)])
def test_a_booster_whose_trees_never_split_is_asked_about(unsplit: list[int], asked: bool) -> None:
    told = {"rounds": 3500, "looked": LOOKED, "idle": [], "unsplit": unsplit}
    found = [*idle_rounds(seen(fit(1, "lightgbm.train", idle_rounds=told)))]
    assert [one.code for one in found] == ["rounds_without_effect"] * asked  # one that split at first has learnt


def walked(number: int, steps: int, began: str, owner: int = 1) -> Kind:
    call = "emcee.EnsembleSampler.sample"
    facts: dict[str, Any] = {"id": number, "object": owner, "library": "emcee", "method": "ensemble", "call": call}
    facts |= {"iterations": steps, "began_at": began}
    return {"kind": "sampling", "where": f"m.py:{number}", "facts": facts}


def test_walkers_that_begin_anew_where_the_burn_in_began_are_asked_about() -> None:
    assert [one.code for one in burn_in_wasted(seen(walked(1, 1000, "a"), walked(2, 4000, "a")))] == ["burn_in_wasted"]


@pytest.mark.parametrize(
    "lines",
    [
        [walked(1, 1000, "a"), walked(2, 4000, "b")],
        [walked(1, 1000, "a"), walked(2, 4000, "")],
        [walked(1, 4000, "a", owner=1), walked(2, 5000, "a", owner=2)],
        [walked(1, 50, "a"), walked(2, 4000, "a"), {"kind": "kept", "facts": {"object": 1, "discard": 1000}}],
    ],
    ids=["from its end", "going on", "other samplers", "a trial, and steps left out"],
)
def test_walkers_that_go_on_or_whose_first_steps_are_left_out_are_not_asked_about(lines: list[Kind]) -> None:
    assert not [*burn_in_wasted(seen(*lines))]
