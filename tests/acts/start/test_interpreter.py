"""Which Python trains is told at the first start, checked by the doctor, and named when it lacks a module."""

from __future__ import annotations

import sys

import pytest
from watchkeeper.server.acts.start import interpreter
from watchkeeper.server.analysis.scripts.sources import MAX_STATEMENTS
from watchkeeper.server.interfaces.commands import doctor
from watchkeeper.server.storage.files.workspace import Workspace

from ...play import GOOD, Place

LACKING = "import os, json, surely_not_installed.inner\nfrom neither_this import x\nimport beside\n"
GUARDED = "try:\n    import surely_not_installed\nexcept ImportError:\n    pass\n"


def test_only_what_a_script_imports_first_thing_and_without_a_way_around_is_wanted() -> None:
    assert interpreter.wanted(LACKING.encode()) == ["beside", "neither_this", "surely_not_installed"]
    assert interpreter.wanted(GUARDED.encode()) == []
    assert interpreter.wanted(b"from . import x\n") == []
    assert interpreter.wanted(b"def broken(\0") == []


def test_a_source_of_a_size_that_is_not_parsed_costs_a_start_no_memory_here_either() -> None:
    assert interpreter.wanted(b"import surely_not_installed\n") == ["surely_not_installed"]
    assert interpreter.wanted(b"import surely_not_installed\n" + b"x=1\n" * MAX_STATEMENTS) == []


@pytest.mark.anyio
async def test_the_first_start_says_which_python_trains_and_what_it_lacks(place: Place) -> None:
    place.script(LACKING + GOOD)
    (place.root / "output/implementation/code/beside.py").write_text("")
    async with place.trainer() as trainer:
        started = await trainer.ask("start_training", model="1", phase="quick")
        await trainer.watch(started["run"])
        again = await trainer.ask("start_training", model="1", phase="quick")
    assert started["interpreter"] == sys.executable
    assert "watchkeeper's own" in started["interpreter_from"]
    assert started["infrastructure"].startswith(f"{sys.executable} does not find neither_this, surely_not_installed:")
    assert "infrastructure" not in again


@pytest.mark.anyio
async def test_a_start_that_lacks_nothing_says_nothing_of_it(place: Place) -> None:
    place.policy(f'[python]\ninterpreter = "{sys.executable}"\n').script(GUARDED + GOOD)
    async with place.trainer() as trainer:
        started = await trainer.ask("start_training", model="1", phase="quick")
        await trainer.watch(started["run"])
    assert started["interpreter_from"] == "[python] interpreter of watchkeeper.toml"
    assert "infrastructure" not in started


def test_the_doctor_names_the_python_and_what_scripts_of_the_project_do_not_find_there(place: Place) -> None:
    place.script(GOOD)
    (sound,) = [one for one in doctor.examine(Workspace(place.root)) if one.name == "interpreter"]
    place.script(LACKING)
    (lacking,) = [one for one in doctor.examine(Workspace(place.root)) if one.name == "interpreter"]
    assert (sound.fine, lacking.fine) == (True, False)
    assert "watchkeeper's own" in sound.seen
    assert f"{sys.executable} does not find beside, neither_this, surely_not_installed" in lacking.seen
