"""Signals to a keeper: one says "look at stop.json now", the others, without that file, are a stop from outside."""

from __future__ import annotations

import os
import select
import signal

HASTEN = signal.SIGUSR1
WARNING = signal.SIGUSR2
"""An engine will end the job soon: its time limit is near, or it is preempted."""
OUTSIDE = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Signals:
    """Catches the keeper's signals; `wait` ends when one comes or a descriptor becomes readable.

    SIGCHLD goes back to its default: where a parent had set it to "ignore", no exit status would ever arrive.
    """

    def __init__(self) -> None:
        self.outside: int | None = None
        """The first signal from outside, None as long as there was none."""
        self.warned = False
        """Whether the engine has said that it will end the run soon."""
        self._woken, wake = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        for number in (HASTEN, WARNING, *OUTSIDE):
            signal.signal(number, self._take)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGQUIT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())

    def wait(self, descriptor: int | None, seconds: float) -> None:
        """Wait until a signal comes, the descriptor is readable, or the time is over; maybe less."""
        readable = [self._woken] if descriptor is None else [self._woken, descriptor]
        if self._woken in select.select(readable, [], [], max(0.0, seconds))[0]:
            os.read(self._woken, 4096)

    def _take(self, number: int, _frame: object) -> None:
        if number == WARNING:
            self.warned = True
        elif number != HASTEN and self.outside is None:
            self.outside = number


def complain(what: str) -> None:
    """Write one line to the keeper's standard error, `keeper.err`; a disk that refuses it is not insisted on."""
    try:
        os.write(2, f"{what}\n".encode("utf-8", "replace"))
    except OSError:
        return
