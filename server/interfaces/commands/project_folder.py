"""Which folder a command is about."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ...storage.files.workspace import STATE_DIR, Workspace
from ...storage.policy.names import POLICY_FILE
from ...vocabulary.errors import Refused
from ...vocabulary.sanitize import one_line


def workspace(options: argparse.Namespace, otherwise: str | None = None) -> Workspace:
    """Return the workspace: the option, else the environment, else `otherwise`, else the current folder."""
    return Workspace(Path(_named(options, otherwise) or os.curdir))


def of_record(options: argparse.Namespace, otherwise: str | None = None) -> Workspace:
    """Return the workspace that a command reads or writes the record of.

    :raises Refused: nobody named it, and the current folder is one of a project: a second record would begin there.
    """
    found = workspace(options, otherwise)
    above = None if _named(options, otherwise) else project_above(found.root)
    if above is not None:
        raise Refused(
            f"This folder belongs to the project {one_line(str(above), 200)}, which has a record of its own.",
            f"Name it: watchkeeper --workspace {one_line(os.path.relpath(above, found.root), 200)} …; or make this "
            "folder a project: watchkeeper init.",
        )
    return found


def project_above(folder: Path) -> Path | None:
    """Return the nearest folder above with a policy file; None where this one has one, or a record."""
    if any(os.path.lexists(folder / name) for name in (POLICY_FILE, STATE_DIR)):
        return None
    return next((one for one in folder.parents if os.path.lexists(one / POLICY_FILE)), None)


def _named(options: argparse.Namespace, otherwise: str | None) -> str | None:
    return options.workspace or os.environ.get("WATCHKEEPER_WORKSPACE") or otherwise
