"""JAX: what compiled code that trains returned: which arrays still change from call to call, which series stand still.

Nothing of it is kept but hashes: an array that is held would keep its memory. Few calls are looked at, as a look waits
for what is computed.
"""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import sys
import weakref
from typing import Any

from . import places
from .plain import plain
from .state import can_afford, next_number, numpy, state

_MOST_PLACES = 20
_MOST_LEAVES = 200
_MOST_NUMBERS = 1 << 21
_MOST_SERIES, _LEAST_LONG, _MOST_WIDE = 4, 20, 64
_EVEN = 1e-3
_SAME = 1e-6
"""So small a share of themselves may sums in another order differ by."""


class Results:
    """What one compiled function returned, at the looks at it."""

    def __init__(self, where: str, codes: Any) -> None:
        self.codes = weakref.ref(codes)
        self.id = next_number("compiled")
        self.where = where
        self.calls = self.told = 0
        self.looked: list[int] = []
        self.leaves: dict[int, list[Any]] = {}
        """By the place in what is returned: numbers, hash, the look at which it was last another one than before."""
        self.series: list[dict[str, Any]] = []

    def take(self, result: Any) -> None:
        """Count a call, and look at what it returned: at the 1st, 2nd, 3rd, 4th, 6th, 8th, 12th, 16th …"""
        self.calls += 1
        if _is_looked_at(self.calls) and can_afford():
            self.look(result)

    def look(self, result: Any) -> None:
        np = numpy()
        arrays = [each for each in sys.modules["jax"].tree_util.tree_leaves(result) if hasattr(each, "dtype")]
        if np is None or len(arrays) > _MOST_LEAVES or sum(int(each.size) for each in arrays) > _MOST_NUMBERS:
            return
        self.looked.append(self.calls)
        self.series = []
        for at, each in enumerate(arrays):
            if getattr(each.dtype, "kind", "") != "f":
                continue
            array = np.asarray(each)
            before, now = self.leaves.get(at), hash(array.tobytes())
            changed = self.calls if before is None or before[1] != now else before[2]
            self.leaves[at] = [int(array.size), now, changed]
            if len(self.series) < _MOST_SERIES and (told := _series(np, array)):
                self.series.append(told)

    def tell(self) -> None:
        if self.told == self.calls or not self.looked:
            return
        self.told = self.calls
        facts: dict[str, Any] = {"id": self.id, "library": "jax", "calls": self.calls, "looked": self.looked}
        facts["arrays"] = [[size, changed] for size, _, changed in self.leaves.values()]
        facts.update({"series": self.series} if self.series else {})
        state.writer.tell("compiled", self.where, facts)


def took(codes: Any, result: Any, frame: Any) -> None:
    """Note what a compiled function returned, of the first ones that train."""
    if codes.untold:
        return
    key = ("compiled", id(codes))
    seen = state.cumulative.get(key)
    if seen is not None and seen.codes() is not codes:  # another function lies where one was that is gone
        seen.tell()
        del state.cumulative[key]
        seen = None
    if seen is None:
        full = sum(each[0] == "compiled" for each in list(state.cumulative)) >= _MOST_PLACES
        where = "" if full else places.where(frame)
        if not where:
            codes.untold = True  # a stack is not walked again at each call of a hot loop
            return
        seen = state.cumulative[key] = Results(where, codes)
    seen.take(result)


def _is_looked_at(number: int) -> bool:
    return not number & (number - 1) or (number % 3 == 0 and not (number // 3) & (number // 3 - 1))


def _series(np: Any, array: Any) -> dict[str, Any] | None:
    """Return from where on a series of a scan is the same to its end, and how it came there."""
    if (
        array.ndim not in (1, 2)
        or max(array.shape) < _LEAST_LONG
        or (array.ndim == 2 and min(array.shape) > _MOST_WIDE)
    ):
        return None
    table = np.asarray(array if array.ndim == 2 else array[:, None], "<f8")
    table = table.T if table.shape[0] < table.shape[1] else table
    if not np.isfinite(table).all():
        return None
    away = np.flatnonzero((np.abs(table - table[-1]) > _SAME * np.abs(table[-1])).any(1))
    same_from = int(away[-1]) + 1 if len(away) else 0
    facts: dict[str, Any] = {"length": len(table), "columns": table.shape[1], "same_from": same_from}
    if same_from > 2:
        first = table[: same_from + 1, 0]
        steps, spread = np.diff(first), float(first.max() - first.min()) or 1.0
        facts["step"] = plain(float(abs(steps[-1])) / spread)
        facts["distinct"] = len(np.unique(first[:-1]))
        facts["even"] = bool(np.std(steps) <= _EVEN * abs(np.mean(steps)))
        facts["ends"] = [plain(float(first[0])), plain(float(first[-1]))]
    return facts
