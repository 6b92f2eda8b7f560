"""The vocabulary: what a run, its states, a failure and a finding are. No files, no clocks, no processes here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """The two phases of a model's training; the policy gives them their labels (5A, 5B)."""

    QUICK = "quick"
    FULL = "full"


class Role(StrEnum):
    """Who uses the server; fixed at its launch, never an argument."""

    TRAINER = "trainer"
    DIRECTOR = "director"
    OBSERVER = "observer"
    PERSON = "person"
    """Somebody at the page: sees what the director sees and answers as the director does. No server has it over MCP."""

    @property
    def agent(self) -> bool:
        """Whether a client over MCP may have it."""
        return self is not Role.PERSON


class RunState(StrEnum):
    """Where a run stands. Exactly one holds at any time, computed from the facts in its run directory."""

    AWAITING_APPROVAL = "awaiting_approval"
    """The start waits for the director; nothing was launched."""
    STARTING = "starting"
    """The start is recorded, the keeper has not yet let the training go."""
    QUEUED = "queued"
    """It waits in a scheduler's queue; the reason has the scheduler's own words."""
    RUNNING = "running"
    """The main process lives and its keeper waits for it."""
    RUNNING_UNATTENDED = "running_unattended"
    """The main process lives, its keeper was killed; a server attaches a new one."""
    COMPLETED = "completed"
    """The main process ended with exit status 0."""
    FAILED = "failed"
    """The main process ended with another exit status or by a signal that was not ours."""
    OUT_OF_MEMORY = "out_of_memory"
    """The kernel's OOM killer ended the main process."""
    STOPPED = "stopped"
    """Somebody stopped it; who and why is recorded."""
    TIMED_OUT = "timed_out"
    """It ran into its own time limit and was stopped for that."""
    NEVER_STARTED = "never_started"
    """The training's first instruction never ran."""
    INTERRUPTED = "interrupted"
    """Its job was preempted or lost its node: no fault of its own; it may go on from its checkpoint."""
    LOST = "lost"
    """It ended, but how is unknown: the machine rebooted, or the keeper was killed and nobody saw the end."""

    @property
    def final(self) -> bool:
        """Whether nothing more can happen to a run in this state."""
        unfinished = (self.AWAITING_APPROVAL, self.STARTING, self.QUEUED, self.RUNNING, self.RUNNING_UNATTENDED)
        return self not in unfinished

    @property
    def running(self) -> bool:
        """Whether the main process lives."""
        return self in (self.RUNNING, self.RUNNING_UNATTENDED)


class Level(StrEnum):
    """How much a finding weighs."""

    FAILURE = "failure"
    """Must be reported or accepted before its phase can be complete."""
    FLAG = "flag"
    """Something to look at; blocks nothing."""
    NOTICED = "noticed"
    """Seen and understood as harmless, for example an exception that was handled while the run went on."""


class ErrorType(StrEnum):
    """The five types that the agents of the requirement document use, and no others."""

    IMPLEMENTATION = "implementation"
    DATA = "data"
    RESOURCE = "resource"
    CONVERGENCE = "convergence"
    INFRASTRUCTURE = "infrastructure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something noticed about a run: a failure in its log, its exit, its numbers or its silence.

    `fingerprint` is equal for the same failure seen again (digits, addresses, ranks and times masked). Lines are
    counted from 1 and end at LF only, as `grep -n` counts them. Text fields are as they stand in the log, capped
    but not yet sanitised: whoever lets them out does that.
    """

    kind: str
    """What noticed it: traceback, native, metric, mcmc, exit, stall, limit …"""
    level: Level
    type: ErrorType | None = None
    message: str = ""
    fingerprint: str = ""
    line: int | None = None
    last_line: int | None = None
    exception: str | None = None
    """Class of the exception that ended it, without its module."""
    root_exception: str | None = None
    """Class of the first cause in the chain."""
    frame: str | None = None
    """Innermost frame in the user's own code, `file:line`."""
    text: str = ""
    """The lines themselves, capped."""
    before: tuple[str, ...] = ()
    """Up to five lines before it."""
    after: tuple[str, ...] = ()
    """Up to five lines after it, as far as they were written when it was recorded."""
    count: int = 1
    emergency: bool = False
    advice: str = ""
    """One sentence on what to try; empty where nothing general can be said."""
    suspect: bool = False
    """It weighs as a failure although the run exited with status 0: nothing shows that it was handled, and nothing
    shows that it was not. No phase passes on it before somebody answered for it."""
    belongs_to: str = ""
    """Key of the decisive finding of the same crash; empty for the decisive one and for what stands alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a main process ended, as far as it is known.

    `exit_code` is None when a signal ended it or when the end was not seen.
    """

    exit_code: int | None = None
    signal: int | None = None
    out_of_memory: bool = False
    stopped: bool = False
    """Stopped by us, on request or at its time limit."""
    hang: bool = False
    """It was ended because it hung."""
