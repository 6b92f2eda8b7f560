"""optax: are the updates that are added to the weights those that the optimiser returned, or were they changed between?

By the identity of the arrays alone, of one trace or of none: what goes through a compiled function is another object.
"""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import weakref
from typing import Any

from . import places
from .state import here

_MOST_LEAVES = 200


class HandedOn:
    """Counts of one process: updates that were added as they were returned, and others."""

    def __init__(self) -> None:
        self.same = self.changed = 0
        self.where = ""

    def compare(self, leaves: list[Any], frame: Any) -> None:
        """Hold the updates that are added against those that were returned last in the same trace."""
        returned, here.updates = getattr(here, "updates", None), None
        if not returned or len(returned) != len(leaves) or len(leaves) > _MOST_LEAVES:
            return
        pairs = [(ref(), trace, each) for (ref, trace), each in zip(returned, leaves)]  # noqa: B905 (Python 3.8)
        if any(trace != _trace(each) for _, trace, each in pairs):
            return
        if all(one is each for one, _, each in pairs):
            self.same += 1
        elif not any(one is each for one, _, each in pairs):
            self.changed += 1
            self.where = self.where or places.where(frame)

    def told(self) -> dict[str, Any]:
        """Return what is told of them."""
        if not self.changed:
            return {}
        return {"updates": {"same": self.same, "changed": self.changed, "where": self.where}}


def returned(leaves: list[Any]) -> None:
    """Note, weakly, the updates that an optimiser returned in this thread."""
    try:
        here.updates = [(weakref.ref(each), _trace(each)) for each in leaves[:_MOST_LEAVES]]
    except TypeError:  # arrays that nothing weak leads to, as of NumPy's numbers
        here.updates = None


def _trace(leaf: Any) -> int:
    """Return a number for the trace that an array belongs to; 0 for one that holds numbers."""
    return id(leaf._trace) if "Tracer" in type(leaf).__name__ else 0
