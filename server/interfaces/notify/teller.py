"""Who tells a person: one process of a workspace at a time, a server or `watchkeeper watch`, for as long as it lives.

It watches the active runs as any watcher does, so that a failure is found while no agent looks. A lock that the kernel
gives back at any death says whose turn it is; it saves work only: that nothing is told twice the record sees to.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import anyio

from ...acts.desk import Desk, in_thread, open_desk
from ...acts.poll import poll
from ...storage.files.workspace import Workspace
from ...storage.policy.notify_table import Notify
from ...storage.policy.policy import read_policy
from ...vocabulary.errors import PolicyInvalid, WatchkeeperError
from ...vocabulary.runs import Role
from . import telling, ways

ROUND_S = 15.0
NOT_MINE_S = 5.0
"""How long somebody else's turn, a policy without `[notify]` or a workspace without a record is left alone."""
TRY_AGAIN_S = 15.0
LOCK = "notify.lock"


@dataclass(slots=True)
class Teller:
    """Tells until it is cancelled.

    :param who: as the record names it.
    :param say: is told a line of what goes on; the same one is not said twice in a row.
    """

    found: Workspace
    who: str
    say: Callable[[str], None]
    _born: float = field(default_factory=time.time)
    _lock: int | None = None
    _said: str = ""
    _cursor: str = ""
    _desk: Desk | None = field(default=None, repr=False)

    async def run(self) -> None:
        """Tell for ever; whatever fails is tried again."""
        try:
            while True:
                try:
                    pause_s = await self._round()
                except (WatchkeeperError, OSError) as error:
                    self._once(str(error))
                    self._cursor, pause_s = "", TRY_AGAIN_S
                await anyio.sleep(pause_s)
        finally:
            self._let_go()

    async def _round(self) -> float:
        if not await in_thread(self._mine):
            return NOT_MINE_S
        desk = await in_thread(self._current)
        going = await in_thread(ways.open_ways, desk.policy.notify, desk.workspace.root)
        if going.trouble:
            self._once(going.trouble)
        if not going.names:  # another process may have what is missing here
            self._let_go()
            return TRY_AGAIN_S
        seen = await poll.poll(desk.patient(ROUND_S), None, self._cursor, ROUND_S, include_text=False)
        self._cursor = seen.cursor
        told = await in_thread(telling.step, desk, seen.looks, going, self._born, self.say)
        return 0.0 if told else 1.0

    def _mine(self) -> bool:
        """Whether it is this process's turn to tell."""
        if not self._policy().wanted or not os.path.lexists(self.found.ledger_path):
            self._let_go()
            return False
        if self._lock is not None:
            return True
        lock = os.open(self.found.state_dir / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            self._once("somebody else tells at present; this process goes on when that one ends")
            return False
        self._lock = lock
        self._once("tells from now on")
        return True

    def _current(self) -> Desk:
        if self._desk is None:
            self._desk = open_desk(self.found, Role.OBSERVER, who=self.who)
        try:
            self._desk = self._desk.current()
        except PolicyInvalid as error:  # a file that an agent broke overnight silences nobody
            self._once(str(error))
        return self._desk

    def _policy(self) -> Notify:
        try:
            return read_policy(self.found).notify
        except PolicyInvalid:
            if self._desk is None:
                raise
            return self._desk.policy.notify

    def _let_go(self) -> None:
        if self._lock is not None:
            with suppress(OSError):
                os.close(self._lock)
        self._lock = None

    def _once(self, line: str) -> None:
        if line != self._said:
            self._said = line
            self.say(line)
