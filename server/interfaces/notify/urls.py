"""Apprise's URLs, which carry passwords: read when they are needed, kept nowhere, shown to nobody."""

from __future__ import annotations

import os
from pathlib import Path

from ...storage.files import private
from ...storage.policy.notify_table import Notify
from ...vocabulary.errors import InvalidArgument

LARGEST_FILE_BYTES = 20_000
MOST = 20
_MISSING = "Write one of Apprise's URLs on each line: touch FILE && chmod 600 FILE first, outside of the workspace."
_OPEN = "chmod 600 FILE; what others may have read is better replaced."


def read(policy: Notify, workspace: Path) -> list[str]:
    """Return the URLs that the policy leads to; empty where it names none.

    :raises InvalidArgument: the file or the variable that it names has none; no message quotes what it holds.
    :raises Refused: the file lies in the workspace, or others may read it.
    """
    found = [*(_of_file(policy.urls_file, workspace) if policy.urls_file else ())]
    found += _of_environment(policy.urls_env) if policy.urls_env else []
    if len(found) > MOST:
        raise InvalidArgument(f"[notify] leads to {len(found)} URLs.", f"At most {MOST} are told.")
    return found


def _of_file(name: str, workspace: Path) -> list[str]:
    path = Path(name).expanduser()
    content = private.read(path, workspace, LARGEST_FILE_BYTES, missing=_MISSING, open_to=_OPEN)
    if len(content) > LARGEST_FILE_BYTES:
        raise InvalidArgument(f"{private.shown(path)} is too large for a file of URLs.", _MISSING)
    lines = (one.strip() for one in content.decode("utf-8", "replace").splitlines())
    urls = [one for one in lines if one and not one.startswith("#")]
    if not urls:
        raise InvalidArgument(f"{private.shown(path)} holds no URL.", _MISSING)
    return urls


def _of_environment(name: str) -> list[str]:
    found = os.environ.get(name, "").split()
    if not found:
        what = f"The environment variable {name} of [notify] urls_env is not set here."
        raise InvalidArgument(what, "Set it for the server or for `watchkeeper watch`, or use urls_file.")
    return found
