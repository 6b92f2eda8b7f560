"""Whether the cost of something grows with its input and not faster, told by its own CPU time on any machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
TIMES = 8
"""How much larger the larger input is: what grows with its square then costs 64 times as much."""
LEAST_S = 0.01
"""Less is too little to be compared."""


def assert_grows_with_its_input(act: Callable[[T], object], made: Callable[[int], T], size: int) -> None:
    """Compare the CPU time of `act` on an input of `size` and on one that is eight times as large."""
    small, large = (_cpu_s(act, made(one)) for one in (size, size * TIMES))
    assert large < max(small, LEAST_S) * TIMES * 3, f"{small:.4f} s for {size}, {large:.4f} s for {size * TIMES}"


def _cpu_s(act: Callable[[T], object], given: T) -> float:
    """Return the least CPU time of three tries; more is other people's noise."""
    taken: list[float] = []
    for _ in range(3):
        before = time.process_time()
        act(given)
        taken.append(time.process_time() - before)
    return min(taken)
