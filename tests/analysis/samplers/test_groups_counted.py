"""Fewer parts than the design counts groups are asked about; a reference, other words and other variables are not."""

from __future__ import annotations

import pytest
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.samplers.groups_counted import groups_counted

from ..evidence.witnessed import Kind, sampling, seen


def model(**sides: list[int]) -> Kind:
    shapes = {"mu": [], **sides}
    return sampling(free={name: {"shape": shape, "prior": f"{name} ~ Normal(0, 1)"} for name, shape in shapes.items()})


def asked(design: str, *lines: Kind) -> list[str]:
    return [one.code for one in groups_counted(read_design(design, "d.md"), seen(*lines))]


EIGHT = "8 sites, each with its own level around a common mean."


@pytest.mark.parametrize(
    "design",
    [
        EIGHT,
        f"Hierarchical regression: {EIGHT}",
        "Varying intercepts for ten schools, common slope.",
        "Random effects of the 25 plots.",
    ],
)
def test_fewer_parts_than_groups_are_asked_about(design: str) -> None:
    assert asked(design, model(z=[5])) == ["fewer_groups"]


def test_sides_that_only_the_draws_tell_count_too() -> None:
    drawn = sampling(
        free={"z": {"shape": [None], "prior": "z ~ Normal(0, 1)"}}, variables={"z": [{"shape": [2000, 5]}]}
    )
    assert asked(EIGHT, drawn) == ["fewer_groups"]


@pytest.mark.parametrize(
    ("design", "line"),
    [
        (EIGHT, model(z=[8])),
        (EIGHT, model(z=[7])),
        (EIGHT, model(z=[8, 2])),
        (EIGHT, model()),
        ("The 8 sites were visited twice. Regions have effects.", model(z=[5])),
        ("Two sites, each with its own level.", model(z=[2])),
        ("300 plots; 5 sites with random effects", model(z=[5])),
        ("10 sites, each gets a regression of its own level.", model(b=[3])),
        ("Draws: 2000, 4 chains, own levels", model(z=[3])),
    ],
    ids=[
        "as many",
        "one is the reference",
        "a table",
        "pooled",
        "another sentence",
        "two",
        "another count",
        "separate",
        "chains",
    ],
)
def test_as_many_parts_as_groups_are_not(design: str, line: Kind) -> None:
    assert asked(design, line) == []
