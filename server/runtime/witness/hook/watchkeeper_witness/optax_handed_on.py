"""JAX: are the updates that are added those that the optimiser returned, its gradients those that were derived?

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
    """Counts of one process: arrays that were handed on as they were returned, and others.

    :param name: what they are.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.same = self.changed = 0
        self.where = ""

    def compare(self, leaves: list[Any], frame: Any) -> None:
        """Hold arrays against those that were returned last in the same trace."""
        returned = here.returned.pop(self.name, None)
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
        return {self.name: {"same": self.same, "changed": self.changed, "where": self.where}}


def returned(name: str, leaves: list[Any]) -> None:
    """Note, weakly, what was returned in this thread."""
    try:
        here.returned[name] = [(weakref.ref(each), _trace(each)) for each in leaves[:_MOST_LEAVES]]
    except TypeError:  # arrays that nothing weak leads to, as of NumPy's numbers
        here.returned.pop(name, None)


def _trace(leaf: Any) -> int:
    """Return a number for the trace that an array belongs to; 0 for one that holds numbers."""
    return id(leaf._trace) if "Tracer" in type(leaf).__name__ else 0
