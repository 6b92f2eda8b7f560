"""How much one role may ask of the server: so many requests at once, so many a second, whatever its clients do.

Counted by role, after the token is known: a client that floods shuts out its own role only, and nobody without a token
can use up what others may.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

MOST_AT_ONCE = 64
"""Requests of one role that may be open at a time; each poll that waits is one."""
BURST = 120
PER_SECOND = 40.0
"""A client that polls asks about once in ten seconds; a team of a hundred stays below a quarter of that."""
TURN_S = 30
"""When to ask again where too many requests are open: about the time in which one of the polls is over."""


class TooMuch(Exception):
    """A request that is one too many.

    :param status: 429 where they came too quickly, 503 where too many are open.
    :param retry_after_s: whole seconds after which to ask again.
    """

    def __init__(self, status: int, what: str, retry_after_s: int) -> None:
        super().__init__(what)
        self.status = status
        self.what = what
        self.retry_after_s = retry_after_s


class Budget:
    """What one role has left.

    :param clock: gives seconds that never go back.
    """

    def __init__(
        self, *, at_once: int = MOST_AT_ONCE, burst: float = BURST, per_second: float = PER_SECOND,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._at_once, self._burst, self._per_second, self._clock = at_once, float(burst), per_second, clock
        self._open = 0
        self._left = self._burst
        self._counted_at = clock()

    @contextmanager
    def taken(self) -> Generator[None]:
        """Count a request while it is served.

        :raises TooMuch: it must not be served now.
        """
        self._refill()
        if self._left < 1:
            raise TooMuch(429, "too many requests in a short time", max(1, round(1 / self._per_second)))
        if self._open >= self._at_once:
            raise TooMuch(503, f"{self._at_once} requests of this role are open", TURN_S)
        self._left -= 1
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1

    def _refill(self) -> None:
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._counted_at) * self._per_second)
        self._counted_at = now
