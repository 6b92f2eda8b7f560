"""How a training script hands over its numbers: the module on its path, and how what it wrote is read.

`path/` holds the module that a script imports by its name; `hook/` what makes Python record a script that was left as
it is. Neither is imported here: they run in the training's interpreter, which may be an older one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

PATH_FOLDER = str(Path(__file__).parent / "path")
HOOK_FOLDER = str(Path(__file__).parent / "hook")
HOOK_VARIABLE = "WATCHKEEPER_PROBE"
"""Set to `pymc` in a run whose script is recorded by the hook."""


def probe_environment(existing: Mapping[str, str], *, pymc: bool) -> dict[str, str]:
    """Return the variables to set for a training: PYTHONPATH, and with the hook WATCHKEEPER_PROBE. Safe to do twice.

    The module comes behind the user's own entries, so that a module of theirs wins; the hook comes before them. It is
    called by the witness's `sitecustomize`, which must be on the path as well.

    :param existing: the training's environment without these.
    :param pymc: whether the policy asks for the hook.
    """
    listed = existing.get("PYTHONPATH") or None
    # An empty entry is the current folder: kept where the user wrote one, never added.
    entries = [] if listed is None else [each for each in listed.split(os.pathsep) if each not in _OURS]
    path = [*([HOOK_FOLDER] if pymc else []), *entries, PATH_FOLDER]
    return {"PYTHONPATH": os.pathsep.join(path), **({HOOK_VARIABLE: "pymc"} if pymc else {})}


_OURS = (PATH_FOLDER, HOOK_FOLDER)
