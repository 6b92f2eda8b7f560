"""The one recorder of this process, and what all of its parts share."""

from __future__ import annotations

import sys
import threading
from typing import Any

from . import clock as time

FREE_S = 0.25
SHARE = 0.009
"""What recording may cost in one process: so many seconds, or this share of the time since it began if that is more."""
FIRST, RESERVE_S = 2, 0.1
"""So many first calls of each place have so many seconds beside it: a loop of bootstraps leaves what comes after it."""


class State:
    """`writer` is None as long as nothing is recorded: before the start, and in a process that found no room."""

    def __init__(self) -> None:
        self.writer: Any = None
        self.began = time.perf_counter()
        self.own_s = 0.0
        """CPU seconds that recording took so far."""
        self.wrapping_s = 0.0
        """And those that the start and the wrapping of libraries took."""
        self.open_calls: list[Any] = []
        """Outermost calls that go on, of all threads."""
        self.cumulative: dict[Any, Any] = {}
        """What is counted and told now and then, by (kind, key)."""
        self.losses: dict[Any, Any] = {}
        """Those of `cumulative` that count losses, by where exactly they are asked for."""
        self.numbers: dict[str, int] = {}
        self.stepped = 0
        """How many steps the optimisers of torch made, in all."""
        self.ending = False
        """Whether what is told now is the last of this process."""
        self.passes = 0
        """How often loaders began, in all."""
        self.loader: Any = None
        """What counts for the one that gave the newest batch, or began after it."""


class Here(threading.local):
    """What is going on in this thread."""

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.traces: list[dict[Any, Any]] = []
        """Of each call of JAX's compiled code that goes on: what was traced in it (`compiled`)."""
        self.returned: dict[str, Any] = {}
        """Gradients and updates that were returned last, weakly (`optax_handed_on`)."""
        self.forward = False
        """Whether a module of torch is at work, of which it is told what it returns."""
        self.walk: Any = None
        """What counts the calls of parts inside of the module that is called now (`layers`)."""
        self.busy = False
        """Whether the witness itself is at work, so that what it does is not told."""
        self.first = False
        """Whether what is told is one of the first calls of its place."""


state = State()
here = Here()


def next_number(name: str) -> int:
    """Return 1, 2, 3 … for each name."""
    state.numbers[name] = state.numbers.get(name, 0) + 1
    return state.numbers[name]


def can_afford() -> bool:
    """Whether there is time left for what costs time, such as a digest."""
    reserve_s = RESERVE_S if here.first else 0.0
    return state.own_s < max(FREE_S, SHARE * (time.perf_counter() - state.began)) + reserve_s


def numpy() -> Any:
    """Return the training's NumPy, None where it has none (yet)."""
    module = sys.modules.get("numpy")
    return module if module is not None and hasattr(module, "ascontiguousarray") else None


class reserved:  # noqa: N801 (a context manager reads as a function)
    """Let the first calls of a place use what is kept for them.

    :param what: the kind of call and its place.
    """

    __slots__ = ("_before", "_first")

    def __init__(self, what: str) -> None:
        self._first = next_number(what) <= FIRST

    def __enter__(self) -> None:
        self._before, here.first = here.first, self._first

    def __exit__(self, *_: object) -> None:
        here.first = self._before


class ours:  # noqa: N801 (a context manager reads as a function)
    """Keep the witness from witnessing itself, and count the time as its own. For what is short and happens often."""

    __slots__ = ("_before", "_begun")

    def __enter__(self) -> None:
        self._before = here.busy
        here.busy = True
        self._begun = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        here.busy = self._before
        if not self._before:
            state.own_s += min(time.perf_counter() - self._begun, 0.001)


class ours_at_length:  # noqa: N801 (the same)
    """The same for what may take long: the CPU time of this thread counts, which others on the machine do not stretch.

    Its clock costs more to read than most events take.
    """

    __slots__ = ("_before", "_begun")

    def __enter__(self) -> None:
        self._before = here.busy
        here.busy = True
        self._begun = time.thread_time()

    def __exit__(self, *_: object) -> None:
        here.busy = self._before
        if not self._before:
            state.own_s += time.thread_time() - self._begun
