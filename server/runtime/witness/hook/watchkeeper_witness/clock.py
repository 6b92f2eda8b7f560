"""The clocks of the standard library, taken before the script begins: what it puts in their place is not asked."""

from __future__ import annotations

from time import monotonic, perf_counter, thread_time, time

__all__ = ["monotonic", "perf_counter", "thread_time", "time"]
