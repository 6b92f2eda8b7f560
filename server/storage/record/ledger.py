"""The ledger's file: one connection, transactions that are durable when they end, and the questions asked of it."""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...vocabulary.errors import LedgerTooNew
from . import schema
from .chain import GENESIS, Broken, Event, Kind, SubjectKind, canonical, check, link
from .fold import Folded, fold
from .foreign import Snapshot
from .home import Home
from .place import is_there, make
from .queries import COLUMNS, Queries, folded
from .records import Happening, Record
from .serialization import encode
from .translating import NONE_OF_OURS, translated, understood

MOST_METRIC_ROWS = 20_000
"""More than a judge of curves can tell apart; training at a line a second fills it in five hours."""

_EVENT_COLUMNS = "seq, at, kind, subject, run, model, body, prev, hash"


class Ledger(Queries):
    """The record of one workspace.

    Safe to use from several threads (a lock serialises them) and by several processes (SQLite does).

    :param path: the file; created with mode 0600 if absent, its folder must exist.
    :param busy_timeout_s: how long a writer waits for another one before it gives up.
    :param clock: gives the unix time that events carry.
    :param folder: makes the file's folder. With it an absent file is made by the first write only; until then, or until
        another process makes it, the record is an empty one in memory.
    :raises LedgerUnreadable: if the file is damaged or from a newer version; it is left as it is.
    :raises StorageFailed: if it cannot be opened or written.
    """

    def __init__(
        self,
        path: Path,
        *,
        busy_timeout_s: float = 30.0,
        clock: Callable[[], float] = time.time,
        folder: Callable[[], None] | None = None,
    ) -> None:
        self.path = path
        self._clock = clock
        self._busy_timeout_s = busy_timeout_s
        self._lock = threading.RLock()
        self._folder = folder
        self._home = Home(path)
        self._foreign = Snapshot(path)
        self._away = False
        self.id = secrets.token_hex(8)
        with translated(path):
            if folder is None or is_there(path):
                self._folder = None
                if not is_there(path):  # a touch of one that is there would be a write
                    make(path)
                self._opened = self._open(path)
            else:
                self._opened = self._open(":memory:")

    @property
    def _connection(self) -> sqlite3.Connection:
        """The file's connection; that of an empty record in memory while there is none; a copy of another host's."""
        if self._folder is not None and is_there(self.path):
            self._settle()
        if self._folder is None and self._home.elsewhere:
            return self._foreign.connection()
        if self._away:  # it was moved here since
            in_memory, self._opened = self._opened, self._open(self.path)
            in_memory.close()
        return self._opened

    def _settle(self) -> None:
        """Go over from memory to the file, which is made if it is absent."""
        if not is_there(self.path):
            make(self.path)
        in_memory, self._opened = self._opened, self._open(self.path)
        self._folder = None
        in_memory.close()

    def _for_writing(self) -> sqlite3.Connection:
        if self._folder is not None:
            self._folder()
        self._home.claim()
        if self._folder is not None:
            self._settle()
        return self._connection

    def _open(self, path: Path | str) -> sqlite3.Connection:
        away = path == self.path and bool(self._home.elsewhere)
        place = ":memory:" if away else path
        opened = sqlite3.connect(place, timeout=self._busy_timeout_s, isolation_level=None, check_same_thread=False)
        try:
            self._prepare(opened)
            source = self._foreign.connection() if away else opened
            self._refuse_newer(source)
            self.id = _identity(source, self.id)
        except BaseException:
            opened.close()
            self._foreign.close()
            raise
        self._away = away  # not before: what stands in memory for another host's ledger must never be written
        return opened

    def _prepare(self, opened: sqlite3.Connection) -> None:
        # Rollback journal with EXTRA: the directory is synced too, so an acknowledged commit survives a power cut.
        opened.execute("PRAGMA journal_mode = DELETE")
        opened.execute("PRAGMA synchronous = EXTRA")
        opened.execute("PRAGMA trusted_schema = OFF")
        self._refuse_newer(opened)
        schema.upgrade(opened)

    def _refuse_newer(self, opened: sqlite3.Connection) -> None:
        found = schema.version(opened)
        if found > len(schema.STEPS):
            raise LedgerTooNew(
                f"The ledger {self.path} has version {found}, this watchkeeper knows {len(schema.STEPS)}.",
                "Use the newer watchkeeper that wrote it; if none ever did, this number is damage: "
                "`watchkeeper doctor` says how to go on.",
            )

    @property
    def elsewhere(self) -> str:
        """Name of the other host that holds the ledger, which may be read here and not be written; empty for none."""
        with translated(self.path):
            return self._home.elsewhere

    def close(self) -> None:
        """Close the file; the ledger is of no use afterwards."""
        with self._lock:
            self._opened.close()
            self._foreign.close()

    def __del__(self) -> None:
        """Close what was dropped without `close`: SQLite would all the same, and warns of it since Python 3.13."""
        if hasattr(self, "_opened"):
            self.close()

    @contextmanager
    def transaction(self) -> Generator[Transaction]:
        """Give a transaction that alone may write; it is on disk when the block ends, or did not happen.

        :raises StorageFailed: if another process holds the ledger for too long, or the disk is full.
        """
        with self._lock, translated(self.path):
            connection = self._for_writing()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield Transaction(connection, self._clock)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _rows(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[Any]:
        with self._lock, translated(self.path):
            return self._connection.execute(sql, parameters).fetchall()

    def head(self) -> tuple[int, str]:
        """Return number and hash of the newest event; (0, the genesis hash) when there is none."""
        rows = self._rows("SELECT seq, hash FROM chain ORDER BY seq DESC LIMIT 1")
        with understood(self.path):
            return (int(rows[0][0]), str(rows[0][1])) if rows else (0, GENESIS)

    def events(self, *, after: int = 0, run: str | None = None, limit: int = 1000) -> list[Event]:
        """Return up to `limit` events with a number above `after`, oldest first, of one run or of all."""
        where = "seq > ?" if run is None else "seq > ? AND run = ?"
        parameters = (after, limit) if run is None else (after, run, limit)
        sql = f"SELECT {_EVENT_COLUMNS} FROM chain WHERE {where} ORDER BY seq LIMIT ?"  # noqa: S608 (constants)
        with understood(self.path):
            return [_event(row) for row in self._rows(sql, parameters)]

    def scan_position(self, run: str) -> tuple[int, str] | None:
        """Return (offset, recogniser state) of a run's log, or None when it was never read."""
        rows = self._rows("SELECT offset, state FROM scan WHERE run = ?", (run,))
        with understood(self.path):
            return (int(rows[0][0]), str(rows[0][1])) if rows else None

    def metric_rows(self, run: str) -> list[tuple[float, dict[str, float]]]:
        """Return (unix time at which it was read, values by name) of the metric rows of a run's log, in order."""
        rows = self._rows("SELECT at, body FROM metrics WHERE run = ? ORDER BY line", (run,))
        with understood(self.path):
            found = json.loads(f"[{','.join(body for _, body in rows)}]")  # a text at a time costs twice as much
            return [(float(at), values) for (at, _), values in zip(rows, found, strict=True)]

    def note(self, key: str) -> str:
        """Return a note kept beside the chain; empty when there is none."""
        rows = self._rows("SELECT value FROM meta WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else ""

    def take_note(self, key: str, value: str) -> None:
        """Keep a note beside the chain, in place of an earlier one."""
        with self._lock, translated(self.path):
            self._for_writing().execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def watched(self, run: str, role: str) -> float | None:
        """Return the unix time at which a role last looked at a run."""
        rows = self._rows("SELECT last FROM watch WHERE run = ? AND role = ?", (run, role))
        with understood(self.path):
            return float(rows[0][0]) if rows else None

    def saw(self, runs: Iterable[str], role: str, at: float) -> None:
        """Note that a role looked at these runs. Beside the chain: it moves no cursor and wakes nobody's news."""
        with self._lock, translated(self.path):
            self._for_writing().executemany(
                "INSERT INTO watch VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET last = max(last, excluded.last)",
                [(run, role, at) for run in runs],
            )

    def put_beside(self, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Put rows into a table beside the chain: scan, watch or metrics, as another ledger had them."""
        with self._lock, translated(self.path):
            connection = self._for_writing()
            connection.execute("BEGIN IMMEDIATE")
            for row in rows:
                marks = ", ".join("?" * len(row))
                connection.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", row)  # noqa: S608 (our own names)
            connection.execute("COMMIT")

    def damage(self) -> list[str]:
        """Return what SQLite finds wrong with the file, a few lines at most; empty when it is sound.

        What is only beside the chain is read too: a poll reads it.
        """
        found = [str(row[0]) for row in self._rows("PRAGMA integrity_check(5)")]
        for run in self._rows("SELECT run FROM scan UNION SELECT run FROM metrics"):
            self.scan_position(run[0])
            self.metric_rows(run[0])
        return [] if found == ["ok"] else found

    def broken(self) -> list[Broken]:
        """Read the whole chain and return every place where it does not hold; empty means intact.

        What was computed from the chain is computed again and compared: a changed subject is a changed record.
        """
        with self._lock, translated(self.path):
            rows = self._connection.execute(f"SELECT {_EVENT_COLUMNS} FROM chain ORDER BY seq").fetchall()  # noqa: S608 (constant columns)
            stored = self._connection.execute(f"SELECT {COLUMNS} FROM subjects").fetchall()  # noqa: S608 (the same)
        return [*check(rows), *_refolded(rows, stored)]


def _identity(opened: sqlite3.Connection, proposed: str) -> str:
    """Return the identity that a record has, the proposed one if it had none."""
    known = "SELECT value FROM meta WHERE key = 'id'"
    if opened.execute(known).fetchone() is None:  # a full disk must keep nobody from reading
        opened.execute("INSERT OR IGNORE INTO meta VALUES ('id', ?)", (proposed,))
    return str(opened.execute(known).fetchone()[0])


def _refolded(rows: Iterable[Any], stored: Iterable[Any]) -> list[Broken]:
    expected: dict[tuple[SubjectKind, str], Folded] = {}
    try:
        for row in rows:
            event = _event(row)
            key = (event.kind.subject, event.subject)
            expected[key] = fold(expected.get(key), event)
        found = {(one.kind, one.id): one for one in map(folded, stored)}
    except NONE_OF_OURS as error:
        return [Broken(0, f"it holds something that is no event or subject ({type(error).__name__})")]
    differing = [key for key in {**expected, **found} if expected.get(key) != found.get(key)]
    return [
        Broken((expected.get(key) or found[key]).last_seq, f"what stands of {key[1]} is not what the events say")
        for key in differing
    ]


class Transaction(Queries):
    """What may be done while the ledger is ours alone."""

    def __init__(self, connection: sqlite3.Connection, clock: Callable[[], float]) -> None:
        self._connection = connection
        self._clock = clock

    def append(self, happening: Happening, subject: str, *, run: str = "", model: str = "") -> Event:
        """Add an event at the end of the chain and bring its subject up to date."""
        return self.restore(happening.KIND, canonical(encode(happening)), self._clock(), subject, run=run, model=model)

    def restore(self, kind: Kind, text: str, at: float, subject: str, *, run: str, model: str) -> Event:
        """Add an event whose body is canonical text already, such as one of a damaged ledger."""
        schema.raise_to(self._connection, schema.needed(kind, text))
        last = self._connection.execute("SELECT seq, hash FROM chain ORDER BY seq DESC LIMIT 1").fetchone()
        seq, prev = (int(last[0]) + 1, str(last[1])) if last else (1, GENESIS)
        digest = link(prev=prev, seq=seq, at=at, kind=kind, subject=subject, run=run, model=model, body=text)
        row = (seq, at, kind, subject, run, model, text, prev, digest)
        self._connection.execute("INSERT INTO chain VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        event = _event(row)
        self._keep(fold(self._folded(kind.subject, subject), event))
        return event

    def add(self, about: Record, happening: Happening) -> Event:
        """Add an event about a subject that is on record."""
        return self.append(happening, about.id, run=about.run, model=about.model)

    def _folded(self, kind: SubjectKind, subject: str) -> Folded | None:
        rows = self._rows(f"SELECT {COLUMNS} FROM subjects WHERE kind = ? AND id = ?", (kind, subject))  # noqa: S608 (constant columns)
        return folded(rows[0]) if rows else None

    def _rows(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[Any]:
        return self._connection.execute(sql, parameters).fetchall()

    def _keep(self, subject: Folded) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO subjects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                subject.kind,
                subject.id,
                subject.run,
                subject.model,
                int(subject.open),
                subject.first_seq,
                subject.last_seq,
                subject.at,
                canonical(subject.body),
            ),
        )

    def move_scan(self, run: str, *, expected: tuple[int, str] | None, moved: tuple[int, str]) -> bool:
        """Move the position in a run's log (offset, recogniser state) from `expected` (None: never read) to `moved`.

        :return: False, with nothing changed, if another server moved it first.
        """
        row = self._connection.execute("SELECT offset, state FROM scan WHERE run = ?", (run,)).fetchone()
        if (tuple(row) if row else None) != expected:
            return False
        self._connection.execute("INSERT OR REPLACE INTO scan VALUES (?, ?, ?)", (run, *moved))
        return True

    def swap_note(self, key: str, *, expected: str, value: str) -> bool:
        """Put a note beside the chain in place of `expected` (empty: none).

        :return: False, with nothing changed, if another server was faster.
        """
        row = self._connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        if (str(row[0]) if row else "") != expected:
            return False
        self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))
        return True

    def drop_metrics(self, run: str) -> None:
        """Remove the metric rows of a run's log; they are beside the chain."""
        self._connection.execute("DELETE FROM metrics WHERE run = ?", (run,))

    def keep_metrics(self, run: str, rows: Iterable[tuple[int, Mapping[str, float]]]) -> None:
        """Keep metric rows (line, values) of a run; of more than MOST_METRIC_ROWS a random half, never the newest."""
        at = self._clock()
        self._connection.executemany(
            "INSERT OR REPLACE INTO metrics VALUES (?, ?, ?, ?)",
            [(run, line, at, json.dumps(dict(values))) for line, values in rows],
        )
        count, newest = self._connection.execute(
            "SELECT count(*), max(line) FROM metrics WHERE run = ?", (run,)
        ).fetchone()
        if count > MOST_METRIC_ROWS:
            self._connection.execute(
                "DELETE FROM metrics WHERE run = ? AND line < ? AND random() % 2 = 0", (run, newest)
            )


def _event(row: Any) -> Event:  # noqa: ANN401 (sqlite rows are untyped)
    seq, at, kind, subject, run, model, body, prev, digest = row
    return Event(
        seq=seq,
        at=at,
        kind=Kind(kind),
        subject=subject,
        run=run,
        model=model,
        body=json.loads(body),
        prev=prev,
        hash=digest,
    )
