"""What a server needs only once a tool is called stands unexecuted until its client has the tools (decision 0032).

A client waits for the first `tools/list`; the acts behind the tools may be imported after it. Python's own
`importlib.util.LazyLoader` does it: a module of these rooms is executed when somebody asks it for a name. That loader
does not bear two threads that ask at once (Python 3.11), so whatever still stands unexecuted is executed in one go by
the thread of the event loop, before any tool runs and at the latest a moment after the start.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType

ROOMS = tuple(f"watchkeeper.server.{one}" for one in ("acts.", "analysis.", "documents.", "vocabulary.masking"))
"""What the names of their modules begin with."""


class _Finder:
    """Finds modules of these rooms as ever, and puts off that they are executed.

    Not one of `importlib.abc`, which is dear to import.
    """

    def __init__(self) -> None:
        self.found: list[str] = []

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not fullname.startswith(ROOMS):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None or spec.submodule_search_locations is not None:
            return spec
        spec.loader = LazyLoader(spec.loader)
        self.found.append(fullname)
        return spec


def begin() -> None:
    """Put off what is imported of these rooms from now on."""
    if not any(isinstance(one, _Finder) for one in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def finish() -> None:
    """Execute what still stands unexecuted; from now on modules are imported as ever.

    Without `begin`, and a second time, it does nothing.
    """
    for finder in [one for one in sys.meta_path if isinstance(one, _Finder)]:
        sys.meta_path.remove(finder)
        for name in finder.found:
            if name in sys.modules:  # it may have been looked for only
                _ = sys.modules[name].__dict__  # whatever is asked of it has it executed
