"""Writes the exit record, the last thing that a keeper does for its run.

A disk may refuse at any step, once or for hours. What was written into the reserved file can be read there already, and
what could not be written is tried again until it holds.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping

from . import exit_record, oom, procfs, records
from .main_process import Main
from .signals import complain
from .usage import Meter, boottime_s

TRIES = 5
"""How often the first record is tried before the keeper goes on with what its run left behind."""
LONGEST_PAUSE_S = 5.0
UNTOLD = "It was adopted: its exit status went to its own parent, and this kernel does not tell it to others."
"""Linux does from 6.15 on."""


class Ending:
    """The exit record of one run.

    It is written the moment the main process has ended, and once more when it is known what that left behind: `settled`
    says which of the two it is. So hardly a moment is left in which the death of the keeper could lose the status.
    """

    def __init__(
        self, start: Mapping[str, object], main: Main, meter: Meter, seal: Callable[[], dict[str, object]]
    ) -> None:
        self._start = start
        self._main = main
        self._meter = meter
        self._seal = seal
        self._seen: dict[str, object] = {}
        self.cause: dict[str, object] = {}
        """Why the keeper ended it: {"stop": …} or {"limit": …}; empty when the run ended by itself."""
        self.members: dict[str, object] = {}
        """What is known of the members of a run on several nodes, and how it ended where one of them is the cause."""

    def tell(self) -> bool:
        """Write how the main process ended, which is now; return whether that is on disk. If not, `settle` tries on."""
        now_s = boottime_s()
        before = records.part(self._start, "oom_before") or {}
        after = oom.later(before)
        status = self._main.wait_status
        by_signal = os.WTERMSIG(status) if status is not None and os.WIFSIGNALED(status) else None
        self._seen = {
            "ended_at": round(time.time(), 3),
            "wall_s": round(now_s - (records.number(self._start, "started_boottime_s") or now_s), 3),
            "oom": {"before": before, "after": after},
            "out_of_memory": not self.cause and oom.killed(before, after, by_signal),
        }
        if status is None and self._start.get("adopted") is True:
            self._seen["reason"] = UNTOLD
        return self._write(records.EXIT_RESERVED[0], [], settled=False, tries=TRIES)

    def settle(self, left: list[procfs.Stat]) -> None:
        """Hash what the run left, then write the record for good, naming what is left of it; returns once it holds."""
        self._seen["seal"] = self._seal()
        self._write(records.EXIT_RESERVED[1], left, settled=True, tries=None)
        forget_reserved()

    def _write(self, reserved: str, left: list[procfs.Stat], *, settled: bool, tries: int | None) -> bool:
        main, meter = self._main, self._meter
        user_s = main.user_s + sum(one.user_s for one in left)
        system_s = main.system_s + sum(one.system_s for one in left)
        strays = exit_record.strays(procfs.described(one) for one in left)
        record = exit_record.ended(
            records.text(self._start, "run"),
            main.wait_status,
            **_identity(self._start),
            user_s=round(user_s, 3),
            system_s=round(system_s, 3),
            cpu_s=round(max(meter.cpu_s, user_s + system_s), 3),
            cpu_is_lower_bound=main.attached,
            max_rss_bytes=max(main.peak_rss_bytes, meter.peak_rss_bytes),
            log_end=meter.log_bytes(),
            lost_samples=meter.lost,
            attached=main.attached,
            strays=strays,
            strays_total=len(strays),
            settled=settled,
            **self._seen,
            **self.cause,
        )
        record |= self.members
        return keep_trying(reserved, exit_record.fitted(record), tries)


def _identity(record: Mapping[str, object] | None) -> dict[str, object]:
    """Return what shows which recorded start this belongs to: its nonce."""
    nonce = records.text(record, "nonce")
    return {"nonce": nonce} if nonce else {}


def reserve() -> None:
    """Set the space for the exit record aside, where that has not been done yet.

    :raises OSError: if the disk has none.
    """
    for name in records.EXIT_RESERVED:
        if not os.path.isfile(name) or os.path.getsize(name) < records.EXIT_BYTES:
            records.reserve(name)


def close(record: Mapping[str, object], tries: int | None = None) -> None:
    """Write the exit record of a run that ends without a watch: it never started, or nobody saw its end."""
    try:
        spec = records.read(records.SPEC)
    except (records.DamagedRecord, OSError):
        spec = None
    keep_trying(records.EXIT_RESERVED[0], exit_record.fitted({**record, **_identity(spec)}), tries)
    forget_reserved()


def keep_trying(reserved: str, content: bytes, tries: int | None) -> bool:
    """Publish an exit record, again and again where the disk refuses it; return whether it holds.

    :param tries: how often at most; None for as long as the run directory exists.
    """
    tried, pause_s = 0, 0.02
    while tries is None or tried < tries:
        try:
            records.publish(reserved, records.EXIT, content)
        except (OSError, records.DamagedRecord) as error:
            if _directory_is_gone():
                return False
            if not tried:
                complain(f"the exit record could not be written yet: {error}")
        else:
            return True
        tried += 1
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
    return False


def _directory_is_gone() -> bool:
    try:
        os.getcwd()
    except OSError:
        return True
    return False


def forget_reserved() -> None:
    """Give back what was not needed, once the exit record has its own name."""
    if not os.path.isfile(records.EXIT):
        return
    for name in records.EXIT_RESERVED:
        try:
            os.unlink(name)
        except OSError:
            continue  # used, or given back by the child of the same keeper
