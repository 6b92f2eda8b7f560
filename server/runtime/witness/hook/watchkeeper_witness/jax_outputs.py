"""JAX: what compiled functions returned that train nothing, once others had trained: told as of torch's modules.

JAX never changes an array, so that a few are held until then; nothing is waited for while a training goes on.
"""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import sys
from collections import deque
from typing import Any

from . import clock as time
from . import places
from .fingerprint import flat64, fp, named_rows, row_hashes
from .given_rows import GivenRows
from .loops import MOST_KEYS, MOST_OF_A_ROW
from .state import can_afford, numpy, reserved, state
from .torch_outputs import forms

_MOST_HELD, _MOST_OF_ONE = 40, 6
_MOST_NUMBERS, _MOST_GIVEN = 1 << 16, 1 << 18
_MOST_LEAVES, _LEAST_ROWS = 3, 12
_MOST_CALLS = 20_000
"""A function that is called more often is no evaluation of a network."""

trained = [0]
"""How often compiled code that trains was called."""


class Returned:
    """One call: of which function, where, after how much training, what it was given and what it returned."""

    def __init__(self, name: str, where: str, given: Any, leaves: list[Any]) -> None:
        self.name, self.where, self.given, self.leaves = name, where, given, leaves
        self.steps = trained[0]

    def facts(self, np: Any) -> list[dict[str, Any]]:
        base: dict[str, Any] = {"library": "jax", "class": self.name, "calls": 1, "steps": self.steps}
        if self.given is not None:
            base["x"] = _rows(np, self.given)
        found = []
        for number, each in enumerate(self.leaves):
            for kind, values in forms(np, np.array(each, "<f8")):
                found.append({**base, "output": number, "of": kind, "values": fp(values)})
        return found


def _rows(np: Any, given: Any) -> dict[str, Any]:
    table = flat64(np, np.asarray(given).reshape(len(given), -1)[:, :MOST_OF_A_ROW]).reshape(len(given), -1)
    told = {"shape": [len(table)], **named_rows(np, row_hashes(np, table), MOST_KEYS)}
    rows = GivenRows()
    if given[:1].size <= MOST_OF_A_ROW:
        rows.take(np, table, int(given.shape[-1]) if given.ndim == 3 else 1)
    return {**told, **rows.facts(np)}


class Outputs:
    """The latest calls of this process, few of each function."""

    def __init__(self) -> None:
        self.held: deque[Returned] = deque(maxlen=_MOST_HELD)
        self.of_one: dict[Any, deque[Returned]] = {}
        self.calls: dict[Any, int] = {}

    def take(self, key: Any, name: str, args: Any, result: Any, frame: Any) -> bool:
        """Hold what a call returned; return whether to be told of the next one."""
        self.calls[key] = count = self.calls.get(key, 0) + 1
        leaves = [each for each in sys.modules["jax"].tree_util.tree_leaves(result) if _is_output(each)]
        where = places.where(frame) if leaves else ""
        if where and len(leaves) <= _MOST_LEAVES and sum(int(each.size) for each in leaves) <= _MOST_NUMBERS:
            rows = {int(each.shape[0]) for each in leaves}
            given = next((each for each in reversed(args) if _is_given(each) and len(each) in rows), None)
            one = Returned(name, where, given, leaves)
            self.held.append(one)
            mine = self.of_one.setdefault(key, deque())
            mine.append(one)
            if len(mine) > _MOST_OF_ONE:
                oldest = mine.popleft()
                oldest.leaves, oldest.given = [], None
        return count < _MOST_CALLS

    def tell(self) -> None:
        """Tell all of them, once the process ends; the newest first, as long as there is time."""
        np = numpy()
        told: list[tuple[str, dict[str, Any]]] = []
        while state.ending and self.held and np is not None:
            one, began = self.held.pop(), time.thread_time()
            with reserved("forward"):
                if can_afford():
                    told += [(one.where, facts) for facts in reversed(one.facts(np))]
            state.own_s += time.thread_time() - began
        for where, facts in reversed(told):
            state.writer.tell("forward", where, facts)


def took(key: Any, name: str, args: Any, result: Any, frame: Any) -> bool:
    """Note what a function returned that trains nothing; return whether to be told of the next call."""
    known = state.cumulative.get(("jax outputs",))
    if known is None:
        known = state.cumulative["jax outputs",] = Outputs()
    return known.take(key, name, args, result, frame)


def _is_output(one: Any) -> bool:
    shape = getattr(one, "shape", ())
    return bool(shape) and int(shape[0]) >= _LEAST_ROWS and getattr(one.dtype, "kind", "") == "f"


def _is_given(one: Any) -> bool:
    shape = getattr(one, "shape", ())
    numbers = len(shape) > 1 and getattr(one.dtype, "kind", "") == "f"
    return numbers and int(one.size) <= _MOST_GIVEN and hasattr(one, "reshape")
