"""`watchkeeper doctor --move-ledger`: from now on this host writes the record."""

from __future__ import annotations

import os

from ...storage.files.workspace import Workspace
from ...storage.record.home import Home
from .doctor import Check


def move(workspace: Workspace) -> Check:
    """Take the record over from the host that holds it; what a server of that host writes afterwards is refused.

    :raises StorageFailed: if the folder cannot be written.
    """
    if not os.path.lexists(workspace.ledger_path):
        return Check("move", True, "nothing was recorded here yet: the first host that writes holds it")
    here, before = os.uname().nodename, Home(workspace.ledger_path).move()
    if before in ("", here):
        return Check("move", True, f"it is held by this host, {here}")
    return Check("move", True, f"it was held by host {before}; from now on this one, {here}, writes it")
