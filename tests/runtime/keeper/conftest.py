"""What is orphaned by a test can be inherited by it."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

import pytest

from .helpers import children, reaped, until

PR_SET_CHILD_SUBREAPER = 36


@pytest.fixture
def reaper() -> Iterator[None]:
    """Let the test inherit what is orphaned, so that it decides when a zombie is reaped, whatever init does here."""
    libc, others = ctypes.CDLL(None), children()
    assert libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    yield
    until(lambda: reaped(others), "every child of the test was reaped")
    assert libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) == 0
