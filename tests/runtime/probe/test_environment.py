"""What a training's environment gets, so that a script can import the probe and Python finds the hook."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.runtime.probe import HOOK_FOLDER, PATH_FOLDER, probe_environment

paths = st.lists(st.sampled_from(["", "/a", "/b/c", "relative"]), max_size=4).map(os.pathsep.join)


def test_the_module_stands_behind_the_users_entries() -> None:
    assert probe_environment({"PYTHONPATH": "/mine", "A": "1"}, pymc=False) == {
        "PYTHONPATH": os.pathsep.join(["/mine", PATH_FOLDER])
    }


def test_the_hook_stands_before_the_users_entries_and_is_said_to_be_on() -> None:
    assert probe_environment({"PYTHONPATH": "/mine"}, pymc=True) == {
        "PYTHONPATH": os.pathsep.join([HOOK_FOLDER, "/mine", PATH_FOLDER]),
        "WATCHKEEPER_PROBE": "pymc",
    }


def test_an_empty_path_does_not_become_the_current_folder() -> None:
    assert probe_environment({"PYTHONPATH": ""}, pymc=False) == probe_environment({}, pymc=False)
    assert probe_environment({}, pymc=False) == {"PYTHONPATH": PATH_FOLDER}


@given(paths, st.booleans(), st.booleans())
def test_done_twice_is_done_once(path: str, first: bool, second: bool) -> None:
    once = probe_environment({"PYTHONPATH": path}, pymc=second)
    assert probe_environment(probe_environment({"PYTHONPATH": path}, pymc=first), pymc=second) == once
