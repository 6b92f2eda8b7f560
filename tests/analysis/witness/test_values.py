"""Values out of JSON that a training wrote as it liked."""

from __future__ import annotations

import math

from watchkeeper.server.analysis.witness import fingerprint
from watchkeeper.server.analysis.witness.values import numbers, whole, wholes

HUGE = 10**400


def test_a_whole_number_that_no_float_holds_is_none() -> None:
    assert numbers({"lr": [1, -HUGE, 0.5, HUGE, True]}, "lr") == (1.0, 0.5)
    first, second, third = fingerprint({"shape": [3], "at": [1, HUGE, None]}).at
    assert first == 1.0
    assert math.isnan(second)
    assert math.isnan(third)


def test_a_count_that_nothing_can_be_computed_with_is_none() -> None:
    assert whole({"steps": HUGE}, "steps") is None
    assert wholes({"shape": [4, HUGE]}, "shape") == (4,)
    assert whole({"object": 1 << 64}, "object") == 1 << 64
