"""What a role may ask in a time, and at once."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from watchkeeper.server.interfaces.network.budget import Budget, TooMuch


class Clock:
    """Goes when it is told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_requests_in_a_burst_are_served_and_then_as_many_as_the_time_allows() -> None:
    clock = Clock()
    budget = Budget(at_once=100, burst=3, per_second=2, clock=clock)

    def served() -> bool:
        try:
            with budget.taken():
                return True
        except TooMuch as refused:
            return (refused.status, refused.retry_after_s) != (429, 1)

    assert [served() for _ in range(4)] == [True, True, True, False]
    clock.now += 1.0
    assert [served() for _ in range(3)] == [True, True, False]
    clock.now += 1_000.0
    assert [served() for _ in range(4)] == [True, True, True, False]


def test_only_so_many_requests_are_open_and_one_that_ends_makes_room_also_by_an_error() -> None:
    budget = Budget(at_once=2, burst=100)
    with ExitStack() as stack:
        stack.enter_context(budget.taken())
        with pytest.raises(ZeroDivisionError), budget.taken():
            raise ZeroDivisionError
        stack.enter_context(budget.taken())
        with pytest.raises(TooMuch) as refused, budget.taken():
            pass
        assert refused.value.status == 503
    with budget.taken():
        pass
