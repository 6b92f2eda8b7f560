"""Stays with a main process to its end: samples it, and stops it on request, on a signal or at its limit."""

from __future__ import annotations

import os
import time
from signal import SIGKILL, SIGTERM

from . import bounds, child, exit_record, nodes, procfs, records, tree
from .ending import Ending
from .gpu_pipe import Teller
from .main_process import Main
from .members import Members
from .signals import WARNING, Signals, complain
from .spec import Spec
from .usage import Meter, boottime_s

SETTLE_S = 0.5
"""Helpers of a training, such as a resource tracker, end this soon after it and are no strays."""
OUTSIDE_WAITS_S = 2.0
"""A scheduler that ends a job asks its members too, and ends everything by SIGKILL soon: no longer is waited then."""
BOTH_WITHIN_S = 0.2
"""A signal to a whole job reaches its processes one after the other; this soon it has reached all."""
RECOUNT_SAMPLES = 60
"""Every so many samples all processes of the machine are looked at anew."""


class Watch:
    """One keeper's watch over one main process.

    :param deadline_s: when to stop it, on the clock of the boot; None for no limit.
    """

    def __init__(
        self,
        spec: Spec,
        deadline_s: float | None,
        main: Main,
        family: tree.Tree,
        meter: Meter,
        ending: Ending,
        teller: Teller,
        members: nodes.Nodes | None = None,
    ) -> None:
        self._spec = spec
        self._deadline_s = deadline_s
        self._main = main
        self._tree = family
        self._meter = meter
        self._ending = ending
        self._teller = teller
        self._samples = 0
        self._members = Members()
        self._nodes = members
        self._was_never_there = False
        self._saw_it_live = False
        self._signals: Signals | None = None
        self._warned = False
        self._lived: list[procfs.Stat] = []

    def to_the_end(self, signals: Signals) -> None:
        """Stay until the main process has ended, and what it left behind too if it was stopped; then it is recorded."""
        self._signals = signals
        while not self._look():
            self._hand_warning_on(signals)
            self._ending.cause = self._cause_to_stop(signals.outside)
            if self._ending.cause:
                left = self._stop(signals)
                break
            if self._meter.due_in_s == 0.0:
                self._sample()
            signals.wait(self._main.descriptor, self._patience_s())
        else:
            left = self._settle(signals)
        if not self._was_never_there:
            self._ending.settle(left)

    def _look(self) -> bool:
        """Reap, and return whether the main process has ended; the first time, before all else, write down how.

        It is reaped only then: a keeper that is killed in between leaves it to the waiter of its job, which reads how
        it ended as this one did.
        """
        before = self._main.ended
        self._main.look()
        if self._main.ended and not before:
            self._was_never_there = self._could_not_begin()
            if not self._was_never_there:
                self._ending.cause = self._ending.cause or self._cancelled() or self._begun_by_another()
            self._main.held = not (self._was_never_there or self._ending.tell())
            self._main.look()
            if not self._was_never_there:
                self._tell_of_nodes()
                self._sample()
        self._saw_it_live |= not self._main.ended
        return self._main.ended

    def _tell_of_nodes(self) -> None:
        """Be a member: tell the others of a bad end. Be the head: read how they ended, and which was the cause."""
        if self._spec.member is not None:
            node, rank = records.text(self._spec.member, "node"), records.whole(self._spec.member, "rank") or 0
            nodes.tell_others(node, rank, _end_on_disk())
        if self._nodes is None:
            return
        from_outside = self._signals is not None and self._signals.outside is not None
        self._nodes.wait_for_ends(time.sleep, OUTSIDE_WAITS_S if from_outside else nodes.ENDS_WITHIN_S)
        told = self._nodes.told()
        self._ending.members = (
            told
            if not self._ending.cause
            else {key: told[key] for key in ("members", "cpu_is_lower_bound") if key in told}
        )

    def _cancelled(self) -> dict[str, object]:
        """Return that the job was cancelled, where the training was ended by the signal that comes to both of us.

        A scheduler sends SIGTERM to every process of a job, and the training may be the first to end of it.
        """
        status, signals = self._main.wait_status, self._signals
        if not self._spec.in_job or status is None or signals is None or status & 0x7F != SIGTERM:
            return {}
        deadline_s = boottime_s() + BOTH_WITHIN_S
        while signals.outside is None and boottime_s() < deadline_s:
            signals.wait(None, deadline_s - boottime_s())
        return self._cause_to_stop(signals.outside) if signals.outside is not None else {}

    def _begun_by_another(self) -> dict[str, object]:
        """Return why a keeper that was killed since had begun to stop it, where it ended before this one saw it live.

        A stop that was asked for by then counts whatever the exit status, for a training may save its state and leave
        by itself; a limit that is over counts only where it was ended by a signal that a stop sends.
        """
        if not self._main.attached or self._saw_it_live:
            return {}
        status = self._main.wait_status
        by_signal = status is not None and status & 0x7F in (SIGTERM, SIGKILL)
        return self._cause_to_stop(None) if by_signal or stop_asked(self._spec) is not None else {}

    def _hand_warning_on(self, signals: Signals) -> None:
        """Write down that the engine will end the run soon, and tell the training by the same signal if it listens."""
        if self._spec.member is not None and not self._warned and os.path.lexists(f"../../{records.WARNED}"):
            signals.warned = True
        if not signals.warned or self._warned:
            return
        self._warned = True
        # srun would hand it on to every process of every node, and most of them would die of it.
        heard = self._nodes is None and procfs.catches(self._main.pid, WARNING)
        try:
            records.create(records.WARNED, {"at": round(time.time(), 3), "heard": heard})
        except OSError as error:
            complain(f"the warning could not be written down: {error}")
        if heard:
            procfs.send(self._main.pid, self._main.start_ticks, WARNING)

    def _could_not_begin(self) -> bool:
        """Whether the child itself has written down that it could not execute its command.

        Whatever else lies there was put there by the training, and is replaced.
        """
        if self._main.wait_status not in (None, child.NO_STATUS << 8):
            return False
        try:
            return records.text(records.read(records.EXIT), "outcome") == "never_started"
        except (OSError, records.DamagedRecord):
            return False

    def _living(self) -> list[procfs.Stat]:
        """Return what lives of the run; what lived before where the system has no room for a look."""
        self._look()
        try:
            self._lived = self._tree.living()
        except OSError:
            return [one for one in self._lived if one.pid != self._main.pid or not self._main.ended]
        return self._lived

    def _stop(self, signals: Signals) -> list[procfs.Stat]:
        if self._nodes is not None:
            self._end_members(signals)
        stop = records.part(self._ending.cause, "stop")
        grace_s = self._spec.outside_grace_s if records.text(stop, "who") == "outside" else self._spec.grace_s
        left = tree.end(self._living, grace_s, lambda seconds: self._pause(signals, seconds))
        while not self._look():
            # The kernel holds it, for example in a read from a dead network disk. SIGKILL stands; it is waited for.
            left = tree.end(self._living, 0.0, lambda seconds: self._pause(signals, seconds))
        return left

    def _end_members(self, signals: Signals) -> None:
        """Have the members end before srun, which would end them without a word; the scheduler asks them itself."""
        if self._nodes is not None:
            self._nodes.halt(self._ending.cause)
        spec = self._spec
        patience_s = OUTSIDE_WAITS_S if signals.outside is not None else spec.grace_s + 2 * spec.sample_s + 10
        deadline_s = boottime_s() + patience_s
        while not self._look() and boottime_s() < deadline_s:
            self._pause(signals, 0.05)

    def _settle(self, signals: Signals) -> list[procfs.Stat]:
        deadline_s = boottime_s() + SETTLE_S
        while (left := self._living()) and boottime_s() < deadline_s:
            self._pause(signals, 0.02)
        return left

    def _pause(self, signals: Signals, seconds: float) -> None:
        signals.wait(None if self._main.ended else self._main.descriptor, seconds)

    def _sample(self) -> None:
        self._samples += 1
        try:
            found = self._tree.scan(thorough=self._samples % RECOUNT_SAMPLES == 0)
        except OSError:
            return self._meter.miss()  # the machine is out of descriptors or memory; the run goes on, and so do we
        self._members.note(found)
        self._teller.tell(found)
        # A zombie that another process has yet to reap is counted by the main process's own figures already.
        rest = [one for one in found if not (self._main.ended and one.pid == self._main.pid)]
        return self._meter.sample(rest, self._main.user_s + self._main.system_s)

    def _patience_s(self) -> float:
        until_deadline_s = float("inf") if self._deadline_s is None else self._deadline_s - boottime_s()
        return min(self._meter.due_in_s, until_deadline_s)

    def _cause_to_stop(self, outside: int | None) -> dict[str, object]:
        """Return why to stop now, as the exit record shows it; empty when there is no reason to."""
        stop = stop_asked(self._spec)
        if stop is None and outside is not None:
            name = exit_record.signal_name(outside)
            stop = {"reason": f"{name} was sent to its keeper from outside.", "who": "outside", "act": None,
                    "at": round(time.time(), 3), "signal": outside}  # fmt: skip
        silent = self._nodes.silent() if self._nodes is not None else ""
        if stop is None and (why := silent or bounds.exceeded(self._spec.bounds, self._meter)):
            stop = {"reason": why, "who": "its keeper", "act": None, "at": round(time.time(), 3)}
        if stop is not None:
            return {"stop": stop | {"applied_at": round(time.time(), 3)}}
        late_s = -1.0 if self._deadline_s is None else boottime_s() - self._deadline_s
        if late_s < 0.0:
            return {}
        return {"limit": {"limit_s": self._spec.limit_s, "late_s": round(late_s, 3)}}


def _end_on_disk() -> dict[str, object]:
    """Return the exit record as far as it is written; empty where it is not."""
    try:
        return records.read(records.EXIT) or {}
    except (OSError, records.DamagedRecord):
        return {}


def stop_asked(spec: Spec) -> dict[str, object] | None:
    """Return the stop that was asked for; of a member, also that of its run, or of all members."""
    asked = requested_stop()
    if asked is None and spec.member is not None:
        asked = requested_stop("../..") or nodes.halted("../..")
    return asked


def requested_stop(run_directory: str = ".") -> dict[str, object] | None:
    """Return what stop.json asks for, None when there is none. A damaged one still asks for a stop."""
    try:
        stop = records.read(f"{run_directory}/{records.STOP}")
    except records.DamagedRecord as error:
        return {"reason": str(error), "who": "", "act": None, "at": None}
    except OSError:
        return None  # it cannot be read now; it is looked for again at the next sample
    return stop and {key: value for key, value in stop.items() if key != "version"}
