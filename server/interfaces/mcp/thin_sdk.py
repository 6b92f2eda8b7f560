"""The SDK without what a server never asks of it: its client, its OAuth, its other framework (decision 0032).

`mcp/__init__.py` and `mcp/server/__init__.py` import all of it, whichever module one wants. Here the two packages stand
in `sys.modules` unexecuted: their modules can be imported as ever, and the first name that somebody asks of a package
itself runs its `__init__`. Nothing is replaced, so `import mcp; mcp.Client` gives what it always gives, only later.
"""

from __future__ import annotations

import sys
import threading
from functools import partial
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from types import ModuleType

PACKAGES = ("mcp", "mcp.server")
"""Outer ones first."""
_lock = threading.RLock()
_running: list[ModuleType] = []
"""Packages whose `__init__` runs at this moment, in the thread that holds the lock."""


def thin() -> None:
    """Let the packages of the SDK stand unexecuted; whatever is imported already stays as it is."""
    for name in PACKAGES:
        spec = None if name in sys.modules else find_spec(name)
        if spec is None:  # imported already, or not installed: the import that follows says so
            return
        package = sys.modules[name] = module_from_spec(spec)
        package.__dict__["__getattr__"] = partial(_asked, package, spec)
        outer, _, inner = name.rpartition(".")
        if outer:
            setattr(sys.modules[outer], inner, package)


def _asked(package: ModuleType, spec: ModuleSpec, name: str) -> object:
    """Run a package's `__init__` for the first name that it does not have, and return what that name is then."""
    if name.startswith("__"):  # the import system looks for some that a package need not have
        raise AttributeError(name)
    with _lock:  # other threads wait here until all of it is there
        if package in _running:
            raise AttributeError(f"module {package.__name__!r} has no attribute {name!r} yet")
        if isinstance(package.__dict__.get("__getattr__"), partial):
            _run(package, spec)
    return getattr(package, name)


def _run(package: ModuleType, spec: ModuleSpec) -> None:
    """Run a package's `__init__`; where that fails the package stays unexecuted, for the next who asks."""
    before = dict(package.__dict__)
    _running.append(package)
    try:
        if spec.loader:
            spec.loader.exec_module(package)
    except BaseException:
        for name in package.__dict__.keys() - before.keys():
            if f"{package.__name__}.{name}" not in sys.modules:  # a module that was imported meanwhile stays one
                del package.__dict__[name]
        package.__dict__.update(before)
        raise
    finally:
        _running.remove(package)
    if package.__dict__["__getattr__"] is before["__getattr__"]:  # not one of the package's own
        del package.__dict__["__getattr__"]
