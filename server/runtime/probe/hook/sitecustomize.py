"""Run by Python before the script, where the policy asks for it: waits for PyMC and nutpie to be imported.

Whatever goes wrong here leaves the run as it would be without it. A `sitecustomize` of the user's is run afterwards, in
place of this one. Python 3.8 or newer, standard library only; nothing is imported that Python has not imported already.
"""

# ruff: noqa: ANN401 (loaders and modules are whatever the script has)

from __future__ import annotations

import contextlib
import os
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from typing import Any

_WATCHED = ("pymc", "nutpie")


class _Finder:
    """Finds what the other finders find, and has `watchkeeper_hook` called once PyMC or nutpie is imported."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name not in _WATCHED:
            return None
        with contextlib.suppress(Exception):
            for finder in sys.meta_path:
                spec = None if finder is self else finder.find_spec(name, path, target)
                if spec is not None:
                    _call_after(spec.loader, name)
                    return spec
        return None


def _call_after(loader: Any, name: str) -> None:
    """Have this one loader call the hook behind the module; it is left as it was once it has loaded."""
    load = loader.exec_module

    def exec_module(module: Any) -> None:
        with contextlib.suppress(Exception):
            del loader.exec_module
        load(module)
        with contextlib.suppress(Exception):
            import watchkeeper_hook  # noqa: PLC0415 (only a run that imports PyMC pays for it)

            watchkeeper_hook.imported(name)

    loader.exec_module = exec_module


def _users_own() -> Any:
    """Return the spec of the `sitecustomize` that Python would have found without this one, None if there is none."""
    here = os.path.dirname(os.path.abspath(__file__))
    return PathFinder.find_spec("sitecustomize", [each for each in sys.path if os.path.abspath(each) != here])


_spec = None
with contextlib.suppress(Exception):
    if os.environ.get("WATCHKEEPER_PROBE") == "pymc":
        sys.meta_path.insert(0, _Finder())  # pyright: ignore[reportArgumentType] # find_spec is all that is asked for
with contextlib.suppress(Exception):
    _spec = _users_own()
if _spec is not None and _spec.loader is not None:
    # Outside of any guard: it fails as it would have failed alone.
    sys.modules["sitecustomize"] = _module = module_from_spec(_spec)
    _spec.loader.exec_module(_module)
