"""How long modules were imported one behind another: of a short run it may be most, and it is no padding."""

# pyright: basic

from __future__ import annotations

from . import clock as time

_MOST_APART_S = 1.0
"""Two modules that begin further apart have something between them that is no import."""


class _Imports:
    """Seconds between modules that began shortly after one another."""

    def __init__(self) -> None:
        self.total_s = 0.0
        self.last = time.perf_counter()


_imports = _Imports()


def begun() -> None:
    """Note that the code of one more module begins to run."""
    now = time.perf_counter()
    if now - _imports.last < _MOST_APART_S:
        _imports.total_s += now - _imports.last
    _imports.last = now


def taken_s() -> float:
    """Return the seconds so far."""
    return round(_imports.total_s, 3)
