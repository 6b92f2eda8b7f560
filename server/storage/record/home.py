"""The machine that a ledger is at home on: it alone writes, every other one reads.

SQLite's locks do not hold across machines on most network mounts: two that wrote one ledger lost a quarter of the acts
that they had acknowledged, and then the file (decision 0023). `host.json` beside the ledger names the machine.
"""

from __future__ import annotations

import os
from pathlib import Path

from ...runtime.keeper import hosts, records
from ...vocabulary.errors import HeldElsewhere, StorageFailed

FILE = "host.json"
MOVE = "watchkeeper doctor --move-ledger"


class Home:
    """Whose a ledger is; looked up again only when the file that says it has changed.

    :param ledger: path of the ledger's file.
    """

    def __init__(self, ledger: Path) -> None:
        self._path = ledger.with_name(FILE)
        self._seen: tuple[int, int] | None = None
        self._elsewhere = ""
        self._signed = False

    @property
    def elsewhere(self) -> str:
        """Name of the other machine that holds the ledger; empty where this one does, or none yet.

        :raises StorageFailed: if that cannot be read.
        """
        try:
            about = self._path.stat()
        except OSError:
            self._seen, self._signed = None, False
            return ""
        if self._seen != (about.st_ino, about.st_mtime_ns):
            found = self._read()
            self._elsewhere = "" if found is None or hosts.same_machine(found) else records.text(found, hosts.HOST)
            self._seen = (about.st_ino, about.st_mtime_ns)
        return self._elsewhere

    def claim(self) -> None:
        """Make sure that this machine may write, and say so where nobody has yet.

        :raises HeldElsewhere: naming the machine that holds the ledger, and how to move it.
        """
        if not self._signed:
            try:
                self._sign(self._read())
            except OSError:
                return  # the ledger cannot be written either, and says why
            self._signed = True
        if name := self.elsewhere:
            raise HeldElsewhere(
                f"Host {name} holds this ledger, and this is {os.uname().nodename}: two that write it lose acts. "
                "It can be read.",
                f"Nothing was recorded. Work on {name}; or stop every server there, then run `{MOVE}` here.",
            )

    def _sign(self, found: dict[str, object] | None) -> None:
        """Write down who writes: nobody did before, or this machine under another name or before it started anew."""
        if found is None:
            records.create(self._path, hosts.here())
        elif hosts.same_machine(found) and found != {"version": records.VERSION, **hosts.here()}:
            records.write(self._path, hosts.here())

    def move(self) -> str:
        """Make this machine the one that writes, whoever did before; return that one's name, empty for none.

        :raises StorageFailed: if it cannot be written down.
        """
        try:
            before = self._read()
        except StorageFailed:
            before = None  # damaged: it is written anew
        try:
            records.write(self._path, hosts.here())
        except OSError as error:
            raise StorageFailed(f"{self._path} cannot be written: {error}.", "Make it writable and repeat.") from error
        return records.text(before, hosts.HOST)

    def _read(self) -> dict[str, object] | None:
        try:
            return records.read(self._path)
        except (records.DamagedRecord, OSError) as error:
            raise StorageFailed(
                f"{error}: which host may write the ledger is unknown.", f"Nothing was recorded. Run `{MOVE}`."
            ) from error
