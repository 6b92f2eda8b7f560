"""Every error that watchkeeper raises on purpose.

An error says what happened and then what to do next, in words that a model or a person can act on. Anything else
that escapes is a defect of ours and is reported as such at one seam (`app`, `cli`).

    WatchkeeperError
    ├── InvalidArgument        a tool or command was called with something it cannot take
    ├── PathRefused            a path leads outside the workspace or to something that is no plain file
    ├── PolicyInvalid          watchkeeper.toml has an unknown key or a wrong value
    ├── NotFound               no such run, report or finding
    ├── Refused                a rule says no: a gate, a role, the start rule
    ├── LedgerUnreadable       the ledger's file is damaged, or something else lies in its place
    │   └── LedgerTooNew       a newer version wrote it
    └── StorageFailed          the disk is full, read-only or busy
        └── HeldElsewhere      the record is another host's: it may be read here, not written

This module imports nothing, so that every room may import it.
"""


class WatchkeeperError(Exception):
    """The root of the tree.

    :param what: what happened, one sentence with its full stop.
    :param do_next: what to do now, one sentence or the exact call; empty when nothing can be done.
    """

    def __init__(self, what: str, do_next: str = "") -> None:
        super().__init__(f"{what} {do_next}".strip())
        self.what = what
        self.do_next = do_next


class InvalidArgument(WatchkeeperError):
    """A tool or command was called with something it cannot take."""


class PathRefused(WatchkeeperError):
    """A path leads outside the workspace, through a link, or to something that is no plain file."""


class PolicyInvalid(WatchkeeperError):
    """watchkeeper.toml has an unknown key, a wrong type or a value out of range."""


class NotFound(WatchkeeperError):
    """There is no such run, report, finding or model."""


class Refused(WatchkeeperError):
    """A rule says no: a gate, a role, the rule for starting again."""


class LedgerUnreadable(WatchkeeperError):
    """The ledger's file is damaged, or something else lies in its place."""


class LedgerTooNew(LedgerUnreadable):
    """The ledger's file was written by a newer version."""


class StorageFailed(WatchkeeperError):
    """The disk is full, read-only, or the ledger stayed locked for too long."""


class HeldElsewhere(StorageFailed):
    """The ledger is written by another host; here it may be read."""
