"""What is known of a run, as types: the facts as they lie there, and where it stands by them.

`run_directory` reads the facts and concludes: a state is computed there, never stored.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..vocabulary.runs import Ended, RunState
from .engines.words import Word
from .keeper import exit_record
from .keeper.procfs import Process
from .samples import Record, Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What lies in a run directory and in /proc at one moment. Records are None while they are absent."""

    run: str
    now: float
    boottime_s: float
    spec_age_s: float
    """Seconds since the start was written down (spec.json; without it, the directory)."""
    spec: Record | None = None
    start: Record | None = None
    exit: Record | None = None
    stop: Record | None = None
    last_sample: Sample | None = None
    damaged: tuple[str, ...] = ()
    """Names of records that are there and cannot be understood; they count as absent besides."""
    foreign: tuple[str, ...] = ()
    """Those of them that are whole, but do not carry the nonce of the recorded start."""
    same_boot: bool = True
    """Whether the machine still runs as it did when the run started."""
    main_alive: bool = False
    main_zombie: bool = False
    """It has ended and nobody has taken its exit status yet: a keeper attached now still can."""
    lock_held: bool = False
    elsewhere: str = ""
    """The host whose processes the records tell of, where it is not this one: /proc and the lock say nothing then."""
    heard_s_ago: float = 0.0
    """There: how long ago its keeper gave a sign of life."""
    word: Word | None = None
    """What the engine says; None for a run of this machine."""
    claimed: bool = False
    """Whether a job has taken the run."""
    warned: Record | None = None
    """That the engine will end it soon, as its keeper wrote it down."""
    copy_of: str = ""
    """The workspace that this directory was copied from, whose processes are none of ours; empty for the original."""

    @property
    def strays(self) -> tuple[Process, ...]:
        """What the exit record names as left behind."""
        return tuple(exit_record.listed_strays(self.exit or {}))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStatus:
    """Where a run stands, and what is known of it. Times are Unix seconds, None where they are unknown."""

    run: str
    state: RunState
    reason: str = ""
    """One sentence; empty when there is nothing to add."""
    pid: int | None = None
    started_at: float | None = None
    ended_at: float | None = None
    """For a run that was lost: its last sign of life."""
    elapsed_s: float = 0.0
    exit_code: int | None = None
    signal: int | None = None
    out_of_memory: bool = False
    cpu_s: float | None = None
    """CPU seconds of all its processes, so far or in total."""
    cpu_is_lower_bound: bool = False
    max_rss_bytes: int | None = None
    """Once it has ended: the largest sum of resident sets at a sample, or the largest single one if that was more."""
    log_begin: int | None = None
    """Offset of its first byte in the log file, after the mark of its attempt."""
    log_end: int | None = None
    """Offset after its last byte; None while it runs, and where nobody saw its end."""
    stop: Record | None = None
    """The stop that ended it, or that is asked for and not yet carried out."""
    late_s: float | None = None
    """How long after its deadline the limit was applied."""
    strays: tuple[Process, ...] = ()
    """What the run left behind, as its keeper saw it at the end; see Engine.living for now."""
    strays_total: int = 0
    lost_samples: Record | None = None
    guard: str = ""
    """Whether the training was kept from writing below .watchkeeper/: `on`, `off`, `unavailable: why`."""
    seal: str = ""
    """The sha256 of seal.json; empty where there is none."""
    seal_failed: str = ""
    """Why there is none."""
    host: str = ""
    """The other machine that has its processes; empty for this one."""
    heard_s_ago: float | None = None
    """How long ago its keeper gave a sign of life, of a run without an exit record on another machine."""
    stuck: bool = False
    """It is queued, and will not start by itself."""
    warned: Record | None = None
    """The engine said that it will end it soon; see Facts."""
    settled: bool = True
    """False while its keeper still looks for what the main process left behind, or ends it."""
    needs_keeper: bool = False
    """Attach a keeper now: nobody waits for the main process."""
    needs_launch: bool = False
    """Launch again: the start is recorded, and its keeper never came."""
    needs_closing: bool = False
    """Call `close_never_started`: the keeper never came, and it is too late for one."""

    def ended(self) -> Ended | None:
        """Return how the main process ended; None while it has not, and where there never was one."""
        if not self.state.final or self.state is RunState.NEVER_STARTED:
            return None
        stopped = self.state in (RunState.STOPPED, RunState.TIMED_OUT, RunState.INTERRUPTED)
        return Ended(exit_code=self.exit_code, signal=self.signal, out_of_memory=self.out_of_memory, stopped=stopped)
