"""The ledger's tables, as steps: step n brings a file of version n-1 to version n, and never changes afterwards."""

from __future__ import annotations

import sqlite3

from .chain import Kind

STEPS: tuple[tuple[str, ...], ...] = (
    (
        # The truth. Rows are only ever added.
        """CREATE TABLE chain (
            seq INTEGER PRIMARY KEY, at REAL NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
            run TEXT NOT NULL, model TEXT NOT NULL, body TEXT NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL)""",
        "CREATE INDEX chain_by_run ON chain (run, seq)",
        "CREATE INDEX chain_by_subject ON chain (subject, seq)",
        # Computed from the chain, event by event, so that a question does not read it all; can be rebuilt.
        """CREATE TABLE subjects (
            kind TEXT NOT NULL, id TEXT NOT NULL, run TEXT NOT NULL, model TEXT NOT NULL, open INTEGER NOT NULL,
            first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL, at REAL NOT NULL, body TEXT NOT NULL,
            PRIMARY KEY (kind, id)) WITHOUT ROWID""",
        "CREATE INDEX subjects_open ON subjects (kind, first_seq) WHERE open",
        "CREATE INDEX subjects_newest ON subjects (kind, first_seq)",
        "CREATE INDEX subjects_by_model ON subjects (model, kind, first_seq)",
        "CREATE INDEX subjects_by_run ON subjects (run, kind, first_seq)",
        # Beside the chain: how far a run's log was read, its numbers, who looked at it when. Not evidence: position.
        """CREATE TABLE scan (
            run TEXT PRIMARY KEY, offset INTEGER NOT NULL, state TEXT NOT NULL) WITHOUT ROWID""",
        """CREATE TABLE watch (
            run TEXT NOT NULL, role TEXT NOT NULL, last REAL NOT NULL, PRIMARY KEY (run, role)) WITHOUT ROWID""",
        """CREATE TABLE metrics (
            run TEXT NOT NULL, line INTEGER NOT NULL, at REAL NOT NULL, body TEXT NOT NULL,
            PRIMARY KEY (run, line)) WITHOUT ROWID""",
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    ),
    # No table: from here on the chain may hold what 0.1.0 does not know (SINCE).
    (),
)
ON_OPENING = 1
"""The version that opening brings a file to. What is beyond comes with the first event that needs it, so that an
older program goes on beside a newer one until then, and afterwards says that the ledger is of a newer version."""
SINCE = {Kind.ATTESTED: 2, Kind.REBUILT: 2, Kind.RERUN: 2, Kind.COMPARED: 2, Kind.PRUNED: 2}
"""The version that a file has from its first event of a kind on; of kinds that are not here, 1."""

_NEWER = {Kind.START: '"engine":{', Kind.ENDED: '"state":"interrupted"'}
"""What stands in the bodies of known kinds that 0.1.0 would take for a run of this machine, or cannot read."""


def needed(kind: Kind, body: str) -> int:
    """Return the version that a file has with an event in it; its body is canonical JSON."""
    newer = kind in _NEWER and _NEWER[kind] in body
    return max(SINCE.get(kind, ON_OPENING), 2 if newer else ON_OPENING)


def raise_to(connection: sqlite3.Connection, wanted: int) -> None:
    """Apply the steps that a file lacks up to a version, inside of a transaction."""
    found = version(connection)
    for step in STEPS[found:wanted]:
        for statement in step:
            connection.execute(statement)
    if wanted > found:
        connection.execute(f"PRAGMA user_version = {wanted}")


def version(connection: sqlite3.Connection) -> int:
    """Return the version of the file behind a connection; 0 for an empty one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def upgrade(connection: sqlite3.Connection) -> None:
    """Apply the missing steps, all or none; safe when several processes do it at once."""
    if version(connection) >= ON_OPENING:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        raise_to(connection, ON_OPENING)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has rolled it back already
            connection.execute("ROLLBACK")
        raise
