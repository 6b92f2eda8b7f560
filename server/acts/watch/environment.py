"""What a failure owes to the Python that trained and not to the script: a module that is installed nowhere."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import replace
from pathlib import PurePosixPath

from ...storage import record
from ...storage.files.workspace import Workspace
from ...storage.record import Run
from ...vocabulary.errors import WatchkeeperError
from ...vocabulary.runs import ErrorType, Finding
from ...vocabulary.sanitize import one_line

_MISSING = re.compile(r"No module named '([A-Za-z_]\w{0,79})'")


def judged(finding: Finding, run: Run, workspace: Workspace) -> Finding:
    """Return a finding, as one of infrastructure where the training's Python lacks a module that is not the project's.

    A part of a package that is there (`sklearn.ensemble.forest`), or a module of the project's own, is a matter of the
    script.
    """
    found = _MISSING.fullmatch(finding.message.strip().removeprefix("ModuleNotFoundError: "))
    if finding.exception != "ModuleNotFoundError" or not found or _own(found[1], run, workspace):
        return finding
    python = one_line(run.argv[0], 200) if run.argv else "the Python that trains"
    advice = f"{python} has no module {found[1]}: install it there, or name another Python in [python] interpreter."
    return replace(finding, type=ErrorType.INFRASTRUCTURE, advice=advice)


def _own(module: str, run: Run, workspace: Workspace) -> bool:
    """Whether a module stands in the project: beside the script, in the working folder, or at the root."""
    folders = {str(PurePosixPath(run.script).parent), ".", *([run.cwd] if run.cwd else [])}
    try:
        return any(
            workspace.exists(f"{folder}/{module}.py") or workspace.has_folder(f"{folder}/{module}")
            for folder in folders
        )
    except WatchkeeperError:  # what stands there is neither
        return True


def is_told(known: record.Finding, finding: Finding) -> bool:
    """Whether a finding is on record as it was found again, by a look that had to begin anew."""
    names = (one.name for one in dataclasses.fields(finding))
    pairs = ((getattr(known, name), getattr(finding, name)) for name in names)
    return all(told == found for told, found in pairs if found not in (None, "", (), False))
