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
    """Compare the CPU time of `act` on an input of `size` and on one that is eight times as large.

    More is sometimes other people's noise, so what took too long is tried again, up to three times in all.
    """
    small = min(_cpu_s(act, made(size)) for _ in range(2))
    allowed = max(small, LEAST_S) * TIMES * 3
    given = made(size * TIMES)
    taken = [_cpu_s(act, given)]
    while taken[-1] >= allowed and len(taken) < 3:
        taken.append(_cpu_s(act, given))
    assert min(taken) < allowed, f"{small:.4f} s for {size}, {min(taken):.4f} s for {size * TIMES}"


def _cpu_s(act: Callable[[T], object], given: T) -> float:
    before = time.process_time()
    act(given)
    return time.process_time() - before
