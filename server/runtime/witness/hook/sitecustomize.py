"""Run by Python before the script of a run: starts the witness, and the PyMC probe where the policy asks for it.

Whatever goes wrong here leaves the run as it would be without it. A `sitecustomize` of the user's is run afterwards, in
place of this one. Python 3.8 or newer, standard library only.
"""

from __future__ import annotations

import contextlib
import os
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from typing import Any


def _users_own() -> Any:
    """Return the spec of the `sitecustomize` that Python would have found without this one, None if there is none."""
    here = os.path.dirname(os.path.abspath(__file__))
    return PathFinder.find_spec("sitecustomize", [each for each in sys.path if os.path.abspath(each) != here])


_spec = None
with contextlib.suppress(Exception):
    if os.environ.get("WATCHKEEPER_WITNESS") or os.environ.get("WATCHKEEPER_PROBE") == "pymc":
        import watchkeeper_witness

        watchkeeper_witness.start(os.environ)
with contextlib.suppress(Exception):
    _spec = _users_own()
if _spec is not None and _spec.loader is not None:
    # Outside of any guard: it fails as it would have failed alone.
    sys.modules["sitecustomize"] = _module = module_from_spec(_spec)
    _spec.loader.exec_module(_module)
