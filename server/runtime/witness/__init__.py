"""The witness: what is put on a training's path so that its libraries tell what they do (docs/witness.md).

`hook/` is run by the training's interpreter, which may be an older one, and is never imported here. What it wrote is
read by `analysis.witness`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

HOOK_FOLDER = str(Path(__file__).parent / "hook")
FOLDER_VARIABLE = "WATCHKEEPER_WITNESS"
"""Names the folder for the lines; set where the policy wants a witness."""
NONCE_VARIABLE = "WATCHKEEPER_WITNESS_NONCE"
"""The start's nonce, which every chain of lines begins with."""
SCRIPT_VARIABLE, SNAPSHOT_VARIABLE = "WATCHKEEPER_SCRIPT", "WATCHKEEPER_SNAPSHOT"
"""Name the script, and what it must be before any of it runs."""


def witness_environment(
    existing: Mapping[str, str],
    *,
    folder: str | None,
    nonce: str,
    hooked: bool = False,
    script: tuple[str, str] | None = None,
) -> dict[str, str]:
    """Return the variables to set for a training: PYTHONPATH, and with a witness where it writes. Safe to do twice.

    Ours stands first on the path, because Python imports one `sitecustomize` only; ours then runs theirs.

    :param existing: the training's environment without these.
    :param folder: where the lines go; None for no witness.
    :param script: absolute path of the run's script and of the snapshot that it must be, named by its sha256.
    :param hooked: whether Python is to be hooked for something else, although there is no witness.
    """
    listed = existing.get("PYTHONPATH") or None
    entries = [] if listed is None else [each for each in listed.split(os.pathsep) if each != HOOK_FOLDER]
    ours = [HOOK_FOLDER] if folder is not None or hooked else []
    path = {"PYTHONPATH": os.pathsep.join([*ours, *entries])} if ours or entries else {}
    own = {} if script is None or not ours else dict(zip((SCRIPT_VARIABLE, SNAPSHOT_VARIABLE), script, strict=True))
    return path | own | ({} if folder is None else {FOLDER_VARIABLE: folder, NONCE_VARIABLE: nonce})
