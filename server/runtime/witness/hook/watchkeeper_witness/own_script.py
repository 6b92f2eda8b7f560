"""Lets the script of a run begin only if its code is that of the file which was hashed at the start.

Python opens the script by its name, some milliseconds after anybody looked at it last. What it made of the file comes
by here as a code object before its first instruction runs, so a file or link that was put there meanwhile runs nothing.
"""

# pyright: basic
# (audit hooks are handed anything)

from __future__ import annotations

import hashlib
import marshal
import os
import sys
import warnings
from collections.abc import Mapping
from typing import Any

REFUSED = 97
_MESSAGE = (
    "watchkeeper: {} was changed between the start and now: what was hashed is not what Python was about to run. "
    "Nothing of it ran; start again.\n"
)


def watch(environment: Mapping[str, str]) -> None:
    """Compare what this process runs as its main script, if it is the run's own process and a snapshot is named."""
    snapshot, script = environment.get("WATCHKEEPER_SNAPSHOT", ""), environment.get("WATCHKEEPER_SCRIPT", "")
    if not snapshot or not script or os.getsid(0) != os.getpid():
        return
    left = [script]

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event != "exec" or not left or getattr(args[0], "co_filename", None) != left[0]:
            return
        path = left.pop()
        if not _same(args[0], _expected(snapshot, path)):
            os.write(2, _MESSAGE.format(path).encode("utf-8", "replace"))
            os._exit(REFUSED)

    sys.addaudithook(hook)


def _same(code: Any, expected: Any) -> bool:
    """Whether two compilations are of one text; a constant that is NaN (`1e999 - 1e999`) is unequal even to itself."""
    # Format 2 writes no references, which differ with who else holds a constant.
    return expected is not None and (code == expected or marshal.dumps(code, 2) == marshal.dumps(expected, 2))


def _expected(snapshot: str, path: str) -> Any:
    """Return the code of the snapshot; None where it is not what its name, a digest, says, or no code at all."""
    try:
        with open(snapshot, "rb") as file:
            content = file.read()
        if hashlib.sha256(content).hexdigest() != os.path.basename(snapshot):
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return compile(content, path, "exec", dont_inherit=True)
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None
