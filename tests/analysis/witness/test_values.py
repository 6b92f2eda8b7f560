"""Values out of JSON that a training wrote as it liked."""

from __future__ import annotations

import math

from watchkeeper.server.analysis.witness import fingerprint
from watchkeeper.server.analysis.witness.values import numbers

HUGE = 10**400


def test_a_whole_number_that_no_float_holds_is_none() -> None:
    assert numbers({"lr": [1, -HUGE, 0.5, HUGE, True]}, "lr") == (1.0, 0.5)
    first, second, third = fingerprint({"shape": [3], "at": [1, HUGE, None]}).at
    assert first == 1.0
    assert math.isnan(second)
    assert math.isnan(third)
