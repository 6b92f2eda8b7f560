"""Which libraries a test needs for the trainings that it starts; it imports none of them for that."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

COMPILED = f"mode=NUMBA,cxx=,base_compiledir={Path.home() / '.pytensor'}"
"""PYTENSOR_FLAGS for samplers with a home of their own: no C compiler, and what PyTensor once compiled (2.4 s of CPU
for the smallest model) is kept where it always keeps it."""


def needs(*modules: str) -> pytest.MarkDecorator:
    """Skip a test, and say so, where a library is not installed.

    Not `pytest.importorskip`: that costs each process of the suite the import of what only a training uses, which are
    seconds for PyMC.
    """
    missing = [name for name in modules if find_spec(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)}")
