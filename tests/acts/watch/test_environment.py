"""A module that the training's Python lacks is a matter of the installation, and the finding says of which."""

from __future__ import annotations

import sys

import pytest

from ...play import Facts, Place, script

HIDES = """
import sys
sys.path[:] = [one for one in sys.path if "python3" in one]
import helpers
"""


async def failed(place: Place, text: str) -> Facts:
    place.script(text)
    async with place.trainer() as trainer:
        started = await trainer.ask("start_training", model="1", phase="quick")
        seen = await trainer.watch(started["run"])
    (failure,) = [one for one in seen["findings"] if one["level"] == "failure" and one.get("exception")]
    return failure


@pytest.mark.anyio
async def test_a_module_that_is_installed_nowhere_is_infrastructure_and_the_interpreter_is_named(place: Place) -> None:
    failure = await failed(place, script("import surely_not_installed"))
    assert failure["type"] == "infrastructure"
    assert failure["advice"].startswith(f"{sys.executable} has no module surely_not_installed: install it there")


@pytest.mark.anyio
async def test_a_module_of_the_projects_own_that_is_not_found_stays_a_matter_of_the_script(place: Place) -> None:
    (place.root / "helpers.py").write_text("")
    failure = await failed(place, script(HIDES))
    assert failure["type"] == "implementation"


@pytest.mark.anyio
async def test_a_part_of_a_package_that_is_not_found_stays_a_matter_of_the_script(place: Place) -> None:
    assert (await failed(place, script("import json.surely_not_there")))["type"] == "implementation"
