"""Looking into the results of a quick run beside the poll that asks: large ones take minutes, a poll answers sooner.

A look goes on in a thread of the server whoever stops waiting for it, once for each state of a file. What it found is
noted in the ledger by itself, so the next call, of any server, knows it at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, TimeoutError  # noqa: A004 (that of futures)
from contextlib import suppress

Found = list[str]
_going: dict[str, Future[Found]] = {}
_lock = threading.Lock()


def waited_for(key: str, look: Callable[[], Found], note: Callable[[Found], None], within_s: float) -> Found | None:
    """Return what a look found; None where it still goes on after so many seconds.

    :param key: names the file's state; a look of that key which goes on already is waited for.
    :param note: keeps what was found; done after whoever waits has it, who may hold the ledger. It may fail.
    :raises Exception: whatever the look raised.
    """
    with _lock:
        known = _going.get(key)
        if known is None:
            known = _going[key] = _begun(key, look, note)
    try:
        return known.result(timeout=min(within_s, threading.TIMEOUT_MAX))
    except TimeoutError:
        # Over meanwhile: what it found, or its own such error.
        return known.result() if known.done() else None


def _begun(key: str, look: Callable[[], Found], note: Callable[[Found], None]) -> Future[Found]:
    future: Future[Found] = Future()

    def work() -> None:
        try:
            found = look()
        except BaseException as error:  # whoever waits raises it
            future.set_exception(error)
        else:
            future.set_result(found)
            with suppress(Exception):  # a full disk, a ledger that was closed: then it is looked into again
                note(found)
        with _lock:
            _going.pop(key, None)

    threading.Thread(target=work, name="results", daemon=True).start()
    return future
