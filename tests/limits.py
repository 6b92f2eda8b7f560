"""How long a test waits for what must come. A limit ends a hang and judges nothing: no test asserts how fast it went.

What is fast is measured by benchmarks/, beside a budget. A test that says that something is not waited for says it
without a clock: it asks for a wait of LONG_S, which nothing but the right event ends before HANG_S is over.

WATCHKEEPER_TEST_PATIENCE scales all of it, for a machine that is busier still.

WATCHKEEPER_TEST_EXAMPLES scales how much property tests try: a tenth in `make check`, two fifths in `make test`, all in
`make versions` and where pytest is called by hand.
"""

from __future__ import annotations

import os

PATIENCE = float(os.environ.get("WATCHKEEPER_TEST_PATIENCE", "1"))
HANG_S = 300.0 * PATIENCE
"""After so long a test gives up; far more than anything takes, also where ten processes want each core."""
LONG_S = 3600.0
"""What a test asks a program to wait that shall not wait so long; the longest wait that a policy allows."""

EXAMPLES = float(os.environ.get("WATCHKEEPER_TEST_EXAMPLES", "1"))


def examples(number: int) -> int:
    """Return how many examples a property test tries that is worth `number` of them in the whole suite."""
    return max(5, round(number * EXAMPLES))
