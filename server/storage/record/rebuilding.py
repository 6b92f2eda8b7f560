"""A ledger made anew from one that cannot be read, or whose chain does not hold, and put in its place.

The new one is made beside it, whole and durable, and then the two change names in one step: killed anywhere, the ledger
is the old one or the new one, and nothing is lost.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import sqlite3
import stat
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...vocabulary.errors import LedgerTooNew, LedgerUnreadable
from . import pages, schema
from .chain import GENESIS, Event, Kind, SubjectKind
from .fold import Folded, fold
from .ledger import Ledger, Transaction
from .pages import Row
from .queries import COLUMNS, typed
from .records import Attestation, Entry, Finding, Rebuilding, Record, Report, Rerun, Run, RunStarted, Search, Verdict
from .upkeep import LedgerRebuilt

FORMS: Mapping[SubjectKind, type[Record]] = {
    form.SUBJECT: form for form in (Run, Finding, Report, Verdict, Entry, Search, Attestation, Rerun, Rebuilding)
}
Started = tuple[RunStarted, str]
"""A start as a run directory tells it, and the model."""

_JOURNALS = ("-journal", "-wal", "-shm")
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
_BESIDE = {"scan": "run, offset, state", "watch": "run, role, last", "metrics": "run, line, at, body"}
_NOT_NOW = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
_UNREADABLE = (sqlite3.Error, ValueError, TypeError)
_NUMBERS_IN_A_ROW = (int, float)


@dataclass(frozen=True, slots=True)
class Old:
    """What could be read of a ledger.

    :ivar whole: whether these are all events that it ever held, so that it is the same ledger still.
    """

    path: Path
    rows: Sequence[Row]
    whole: bool


def trouble(path: Path) -> str:
    """Return what is wrong with the ledger at a path, empty when it is sound.

    :raises LedgerTooNew: if a newer version wrote it.
    """
    if damage := _seen_without_writing(path):
        return damage
    try:
        with closing(Ledger(path, busy_timeout_s=5.0)) as ledger:
            damage, broken = ledger.damage(), ledger.broken()
            ledger.check_readable()
    except LedgerTooNew:
        raise
    except LedgerUnreadable as error:
        return error.what
    if damage:
        return f"SQLite finds it damaged: {damage[0]}"
    return f"the chain breaks at event {broken[0].seq}: {broken[0].why}" if broken else ""


def _seen_without_writing(path: Path) -> str:
    """Return what SQLite finds wrong before anything is opened for writing, which could change a damaged file."""
    if not path.is_file() or path.is_symlink() or any(path.with_name(path.name + one).exists() for one in _JOURNALS):
        return ""  # a journal is rolled back first: that mends what a killed server left
    try:
        with closing(_look(path, locked=True)) as connection:
            if schema.version(connection) > len(schema.STEPS):
                return ""
            found = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _NOT_NOW:
            return ""  # a server writes, or a journal came in between: opening it as ever decides
        return f"SQLite cannot read it: {error}"
    return "" if found == "ok" else f"SQLite finds it damaged: {found}"


def read(path: Path) -> Old:
    """Read what can be read of a ledger that is in trouble; nothing at all of what is no plain file."""
    if not stat.S_ISREG(path.lstat().st_mode) or path.stat().st_size == 0:
        return Old(path, (), whole=False)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        rows = pages.events(data)
    return Old(path, rows, whole=bool(rows) and len(_linked(rows)) == len(rows) == _newest(path))


def _newest(path: Path) -> int | None:
    """Return the number of the newest event if SQLite can still read the table through, None otherwise."""
    with suppress(*_UNREADABLE), closing(_look(path)) as connection:
        seqs = [int(row[0]) for row in connection.execute("SELECT seq, hash FROM chain NOT INDEXED")]
        return len(seqs) if seqs == list(range(1, len(seqs) + 1)) else None
    return None


def _look(path: Path, *, locked: bool = False) -> sqlite3.Connection:
    """Open a file for a look that changes nothing, whatever journal lies beside it.

    :param locked: heed the locks of servers that write meanwhile; what is half written looks damaged.
    """
    if not stat.S_ISREG(path.lstat().st_mode):
        return sqlite3.connect(":memory:")  # SQLite would wait for whoever writes into a FIFO
    how = "mode=ro" if locked else "mode=ro&immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True)


def _linked(rows: Sequence[Row]) -> Sequence[Row]:
    """Return the events from the first one on that follow from one another."""
    prev = GENESIS
    for number, row in enumerate(rows, start=1):
        if row[0] != number or row[7] != prev:
            return rows[: number - 1]
        prev = row[8]
    return rows


def replace(old: Old, who: str, start_of: Callable[[str], Started | None]) -> Rebuilding:
    """Put a new ledger, made from what was read of the old one, in its place; return what is recorded of that.

    :param start_of: gives the start of a run whose own event is lost, where its directory tells it.
    """
    path = old.path
    mark = f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{os.urandom(3).hex()}"
    aside, draft = (path.with_name(f"{path.name}.{what}-{mark}") for what in ("damaged", "rebuilt"))
    with closing(Ledger(draft)) as ledger:
        with ledger.transaction() as transaction:
            kept = _take_over(transaction, old.rows, start_of)
            lost = max(_highest(old) - kept, 0)
            same = old.whole and not lost
            done = LedgerRebuilt(aside=aside.name, kept=kept, lost=lost, whole=same, who=who)
            transaction.append(done, f"rebuilt-{1 + len(transaction.rebuildings())}")
        _take_along(ledger, old, same=same)
        (recorded,) = ledger.rebuildings()[-1:]
    _exchange(path, draft, aside)
    return recorded


def _highest(old: Old) -> int:
    """Return the highest number that any trace of an event has: in the chain itself or in what was computed from it."""
    found = [old.rows[-1][0] if old.rows else 0]
    for sql in ("SELECT max(last_seq) FROM subjects", "SELECT max(seq) FROM chain"):
        with suppress(*_UNREADABLE), closing(_look(old.path)) as connection:
            found.append(int(connection.execute(sql).fetchone()[0]))
    return max(one for one in found if one < 1 << 40)


def _take_over(transaction: Transaction, rows: Sequence[Row], start_of: Callable[[str], Started | None]) -> int:
    """Add the events of which something can be made, in their order; return how many."""
    events = [event for row in rows if (event := _event(row)) is not None]
    texts = {row[0]: row[6] for row in rows}
    begun = {one.subject for one in events if one.kind is Kind.START}
    unusable = _unusable(events, begun, start_of)
    for event in events:
        if (event.kind.subject, event.subject) in unusable:
            continue
        if event.kind.subject is SubjectKind.RUN and event.subject not in begun:
            begun.add(event.subject)
            if (started := start_of(event.subject)) is not None:
                transaction.append(started[0], event.subject, run=event.subject, model=started[1])
        transaction.restore(event.kind, texts[event.seq], event.at, event.subject, run=event.run, model=event.model)
    return sum((one.kind.subject, one.subject) not in unusable for one in events)


def _event(row: Row) -> Event | None:
    """Return an event; None for one of a kind that this version does not know."""
    seq, at, kind, subject, run, model, body, prev, digest = row
    try:
        return Event(
            seq=seq, at=at, kind=Kind(kind), subject=subject, run=run, model=model,
            body=json.loads(body), prev=prev, hash=digest,
        )  # fmt: skip
    except ValueError:
        return None


def _unusable(
    events: Iterable[Event], begun: Iterable[str], start_of: Callable[[str], Started | None]
) -> set[tuple[SubjectKind, str]]:
    """Return the subjects whose first events are lost, so that nothing can be made of the later ones."""
    known = frozenset(begun)
    subjects: dict[tuple[SubjectKind, str], list[Event]] = defaultdict(list)
    for event in events:
        subjects[event.kind.subject, event.subject].append(event)
    return {key for key, told in subjects.items() if not _makes_sense(key, told, known, start_of)}


def _makes_sense(
    key: tuple[SubjectKind, str], told: list[Event], begun: frozenset[str], start_of: Callable[[str], Started | None]
) -> bool:
    kind, subject = key
    if kind is SubjectKind.RUN and subject not in begun:
        return start_of(subject) is not None
    folded: Folded | None = None
    try:
        for event in told:
            folded = fold(folded, event)
        typed(FORMS[kind], _row(folded))
    except (LedgerUnreadable, ValueError, TypeError, KeyError, AttributeError):
        return False
    return True


def _row(folded: Folded | None) -> tuple[Any, ...]:
    body = json.dumps(dict(folded.body) if folded else {}, sort_keys=True)
    return tuple(body if name == "body" else getattr(folded, name) for name in COLUMNS.split(", "))


def _take_along(ledger: Ledger, old: Old, *, same: bool) -> None:
    """Copy what stands beside the chain as far as it can be read; positions in logs only with all that was found."""
    tables = [name for name in _BESIDE if same or name != "scan"]
    with suppress(*_UNREADABLE), closing(_look(old.path)) as connection:
        for name in tables:
            ledger.put_beside(name, [row for row in _read_through(connection, name) if _is_sound(name, row)])
        for key, value in _read_through(connection, "meta"):
            if isinstance(key, str) and isinstance(value, str) and (same or key != "id"):
                ledger.take_note(key, value)


def _read_through(connection: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    with suppress(*_UNREADABLE):
        for row in connection.execute(f"SELECT {_BESIDE.get(table, 'key, value')} FROM {table}"):  # noqa: S608 (constants)
            found.append(row)  # noqa: PERF402 (what was read before the damage is kept)
    return found


def _is_sound(table: str, row: tuple[Any, ...]) -> bool:
    """Whether a row of a table beside the chain is one that we could have written."""
    wanted: dict[str, tuple[Any, ...]] = {
        "scan": (str, int, str),
        "watch": (str, str, _NUMBERS_IN_A_ROW),
        "metrics": (str, int, _NUMBERS_IN_A_ROW, str),
    }
    if not all(isinstance(value, kind) for value, kind in zip(row, wanted[table], strict=True)):
        return False
    if table == "watch":
        return True
    try:
        return isinstance(json.loads(row[-1]), dict)
    except (ValueError, RecursionError):
        return False


def _exchange(path: Path, draft: Path, aside: Path) -> None:
    """Let two files change names, in one step where the kernel can, and give the old one its name aside."""
    # A journal goes first: SQLite would roll it back into the new file.
    for ending in _JOURNALS:
        with suppress(FileNotFoundError):
            path.with_name(path.name + ending).rename(path.with_name(aside.name + ending))
    names = ctypes.c_char_p(os.fsencode(draft)), ctypes.c_char_p(os.fsencode(path))
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is not None and renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0:
        draft.rename(aside)
    else:  # a file system that cannot: between the two the ledger is missing, which the next rebuild mends
        path.rename(aside)
        draft.rename(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
