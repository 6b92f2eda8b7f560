"""Which libraries a test needs for the trainings that it starts; it imports none of them for that."""

from __future__ import annotations

from importlib.util import find_spec

import pytest


def needs(*modules: str) -> pytest.MarkDecorator:
    """Skip a test, and say so, where a library is not installed.

    Not `pytest.importorskip`: that costs each process of the suite the import of what only a training uses, which are
    seconds for PyMC.
    """
    missing = [name for name in modules if find_spec(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)}")
