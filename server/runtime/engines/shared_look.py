"""One look at an engine for all runs and all servers: asked at most once in a while, kept in a file between."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, TimeoutError  # noqa: A004 (that of futures)
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ..keeper import lock, records

Rows = Mapping[str, Mapping[str, Any]]


_MOST_PARSED = 16


@dataclass(frozen=True, slots=True)
class Answer:
    """What the engine said of all jobs by their names, and when; `failed` says why it did not answer last time."""

    rows: Rows
    asked_at: float
    failed: str = ""
    answered_at: float = 0.0
    """When it said so: an engine that is asked in vain leaves the rows as old as they are."""


_PARSED: dict[Path, tuple[tuple[int, int, int], Answer]] = {}
"""The newest answer of each file that was read here, and which version of the file it is."""


def shared(
    path: Path, within_s: float, patience_s: float, ask: Callable[[], Rows], failures: tuple[type[Exception], ...]
) -> Answer:
    """Return the engine's answer, not older than `within_s` unless it is being asked right now.

    An engine that takes longer than `patience_s` is asked on beside the call, which answers from what is kept; the next
    look has what it said.

    :param path: the file that all servers of the workspace share.
    :param ask: puts the one question; raises `failures` where nobody answers.
    """
    kept = _kept(path)
    if kept is not None and 0 <= time.time() - kept.asked_at < within_s:
        return kept
    held = lock.take(path.with_name(f"{path.name}.lock"))
    if held is None:
        return _meanwhile(kept, "another look is asking it")
    try:
        kept = _kept(path)  # it may have been asked while this one waited for nothing
        fresh = kept is not None and 0 <= time.time() - kept.asked_at < within_s
        future = None if fresh else _asked(path, held, kept, ask, failures)
    except BaseException:
        os.close(held)
        raise
    if future is None:
        os.close(held)
        return kept or Answer({}, 0.0)
    try:
        return future.result(timeout=patience_s)
    except TimeoutError:
        return future.result() if future.done() else _meanwhile(kept, f"it takes longer than {patience_s:g} s")


def _meanwhile(kept: Answer | None, why: str) -> Answer:
    """Return what is known while it is being asked: of a job that is not in there nobody can say that it is gone."""
    known = kept or Answer({}, 0.0)
    return replace(known, failed=known.failed or why)


def _asked(
    path: Path, held: int, kept: Answer | None, ask: Callable[[], Rows], failures: tuple[type[Exception], ...]
) -> Future[Answer]:
    """Ask in a thread of its own, which keeps the answer and lets go of the lock `held`.

    A process that ends meanwhile waits for it: else one that looks once would never learn anything of a slow engine.
    """
    future: Future[Answer] = Future()

    def work() -> None:
        try:
            try:
                rows, now_s = _since(ask(), kept, time.time()), time.time()
                answer = Answer(rows, now_s, answered_at=now_s)
            except failures as error:
                answer = replace(kept or Answer({}, 0.0), asked_at=time.time(), failed=str(error)[:300])
            forgotten = _kept(path) is not kept  # `forget` alone writes while another one has the lock
            _keep(path, replace(answer, asked_at=0.0) if forgotten else answer)
        except BaseException as error:  # whoever waits raises it
            os.close(held)
            future.set_exception(error)
        else:
            os.close(held)  # first: whoever has the answer may ask anew
            future.set_result(answer)

    threading.Thread(target=work, name="engine").start()
    return future


def _since(rows: Rows, before: Answer | None, now: float) -> Rows:
    """Note with each job since when it is said to be so."""
    known: Rows = before.rows if before is not None else {}
    return {name: {**row, "since": _begun(row, known.get(name), now)} for name, row in rows.items()}


def _begun(row: Mapping[str, Any], before: Mapping[str, Any] | None, now: float) -> float:
    same = before is not None and all(before.get(key) == value for key, value in row.items())
    return float(before["since"]) if same and before is not None else now


def forget(path: Path) -> None:
    """Have the next look ask anew: something was done that changes the answer, also of whoever is asking right now."""
    _keep(path, replace(_kept(path) or Answer({}, 0.0), asked_at=0.0))


def _kept(path: Path) -> Answer | None:
    """Return what is kept; parsed once for each version of the file, as each look at each of many runs asks for it."""
    try:
        with path.open("rb") as file:  # opened each time: on a network mount a name alone tells of an older one
            about = os.fstat(file.fileno())
            version = about.st_ino, about.st_mtime_ns, about.st_size
            known = _PARSED.get(path)
            if known is not None and known[0] == version:
                return known[1]
            content: Any = json.load(file)
        asked_at, answered_at = float(content["asked_at"]), float(content["answered_at"])
        answer = Answer(dict(content["rows"]), asked_at, str(content["failed"]), answered_at)
        if len(_PARSED) >= _MOST_PARSED:
            _PARSED.clear()
        _PARSED[path] = version, answer
        return answer
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(path: Path, answer: Answer) -> None:
    draft = path.with_name(f"{path.name}.{os.urandom(4).hex()}.tmp")
    with suppress(OSError):  # a full disk costs a question more each time
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, records.MODE)
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(answer), file)
        draft.replace(path)
