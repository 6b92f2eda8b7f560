"""What a verdict is computed from: measurements of the keeper, files on disk, findings on record. No judgement here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...vocabulary.runs import Phase, RunState
from ..artefacts.facts import Container, TableFacts, TraceFacts
from ..artefacts.search_facts import Found
from ..curves.series import History
from ..design.design import Design
from ..scripts.program import Program
from ..witness.seen import Seen
from .gpu_use import GpuUse
from .usage import Usage


@dataclass(frozen=True, slots=True)
class Artefact:
    """A file that a run should have left. `size_bytes` is None when there is no such file.

    :ivar sha256: None where there is no such file, or where it is so large that reading it whole took too long.
    :ivar inode: (device, inode); equal for two names of one file.
    :ivar inside: what a confined reader found in it; None where nobody looked.
    :ivar refused: why what stands there is no file that could be read: "is a folder, not a plain file".
    :ivar link: where its name leads, if it is a symbolic link.
    """

    role: str
    path: str
    size_bytes: int | None = None
    modified_at: float | None = None
    sha256: str | None = None
    inode: tuple[int, int] | None = None
    inside: Container | None = None
    refused: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """What a run left whose results are what it wrote.

    :ivar paths: relative to the workspace, in the order in which it first wrote them.
    :ivar known_by: how that is known, for example "witnessed and sealed".
    """

    paths: tuple[str, ...]
    known_by: str


@dataclass(frozen=True, slots=True)
class Adopted:
    """A process that nobody of ours started.

    :ivar before_s: how long it had run unwatched.
    :ivar ungated: why the gate would have refused it as a start; empty where it would not.
    """

    pid: int
    before_s: float
    ungated: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A file of another run or model: on disk now, or as an earlier verdict recorded it.

    :ivar same_work: of the same phase of the same model: a fixed seed may give equal results.
    :ivar same_inputs: and made from the same code, arguments and features: then it must.
    """

    owner: str
    role: str
    path: str
    sha256: str = ""
    fingerprint: str = ""
    inode: tuple[int, int] | None = None
    same_work: bool = False
    same_inputs: bool = False


@dataclass(frozen=True, slots=True)
class Input:
    """A file that the run was made from: its sha256 at the start and now; None where there was or is none."""

    role: str
    path: str
    sha256_at_start: str | None
    sha256_now: str | None


@dataclass(frozen=True, slots=True)
class PolicyKept:
    """The policy that a run started under.

    :ivar there: whether its snapshot can still be read; the verdict goes by it.
    :ivar changed: what the policy's file words otherwise by now.
    """

    there: bool = True
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """An earlier attempt of the same phase.

    :ivar counts: whether its time adds up: it ended by itself and was resumed from its checkpoint.
    :ivar continued: whether it was resumed from its checkpoint, however it ended: its epochs were done.
    """

    run: str
    state: str
    wall_s: float
    counts: bool
    cpu_s: float | None = None
    started_at: float | None = None
    continued: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the script told of its newest sampling while it ran, through the probe.

    :ivar draws: per chain after tuning, of the chain with fewest.
    """

    draws: int = 0
    tune: int | None = None
    chains: int = 0
    divergences: int = 0
    gradients: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """What a complete phase leaves for other agents.

    :ivar undocumented: reports on failures that no diary entry tells of.
    :ivar documented: how many have one.
    :ivar silent: failures of this and earlier attempts that nobody reported and no entry tells of.
    :ivar log_bytes: size of the log now; `log_end` where this run's part of it ended.
    :ivar files: (path, whether it is there).
    """

    history: str = ""
    history_is_there: bool = False
    undocumented: tuple[str, ...] = ()
    documented: int = 0
    silent: tuple[str, ...] = ()
    log_bytes: int | None = None
    log_end: int | None = None
    files: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """What the keeper hashed when the run ended.

    :ivar files: sha256 by path, of the files that it hashed whole.
    :ivar there: every path at which it found something, in the order in which the run first wrote it.
    :ivar failed: why there is none.
    """

    files: Mapping[str, str] = field(default_factory=dict[str, str])
    there: tuple[str, ...] = ()
    failed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedAgain:
    """What came of playing the first part of the run again.

    :ivar outcome: one of the words of `analysis.witness.replayed`. :ivar what: in words.
    :ivar remarks: where its inputs are not those of the run's start.
    """

    outcome: str
    what: str
    wall_s: float = 0.0
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LateEpochs:
    """How many epochs the log told up to the last step of the last optimiser, and how many others after it."""

    before: int
    after: int
    last_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadCopy:
    """The copy of the chain's head that is kept outside of the project.

    :ivar state: "none" (the policy names none), "first" (there was none yet), "matches", "differs", "unreadable".
    """

    path: str = ""
    state: str = "none"
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that one verdict is computed from.

    :ivar usage: what the keeper's samples amount to; None if it never took two.
    :ivar open_failures: (finding id, type) of failures that nobody accepted; their words are the log's, no verdict's.
    :ivar accepted_failures: ids of failures that the director accepted with a reason.
    :ivar chain_problem: where the ledger's chain does not hold; empty when it is intact.
    :ivar design: as it stood when the run started.
    :ivar program: the script as it was started; None where its snapshot is gone.
    :ivar history: losses by epoch or step, from whichever source had most; `epochs` are the epochs that were told, by
        source ("log", "probe", "history"), `steps` the steps beside them, `epochs_total` and `steps_total` of how
        many they are.
    :ivar judged: its own files as the first verdict after its end saw them; the owner is that verdict.
    :ivar left_before: (path, sha256) of what lay there when it started, and that it need not leave just so.
    :ivar features: the file that the run was trained on, where the design says how many features it has to hold and the
        file is still that of the start.
    :ivar extras: further tables that the run left beside its results: searches, bootstraps.
    :ivar seen: what the witness saw; None where it was off, or wrote nothing.
    :ivar quick_seen: what it saw of the quick run before it, whose id is `quick_run`.
    :ivar guard: whether the training was kept from writing into the record: on, off, unavailable; empty if not known.
    :ivar nodes: on how many machines it ran.
    :ivar foreign: run directories that lay there before their start was recorded, and were not used.
    :ivar seal: None where the keeper sealed nothing.
    :ivar again: what came of playing it again; None where nobody asked for that.
    :ivar curves: (path, what stands in it) of histories that the run wrote; `log_curve` is what its log printed. Both
        are absent of a run that went on from a checkpoint. `curves_changed` are those that are not as they were sealed,
        although no later attempt wrote them.
    :ivar drawn: columns of the results whose values were looked for among the draws of the trace.
    :ivar observed: (file, what was found in it) of observed data that were looked for in the tables that the run read;
        `observed_in` are these tables.
    :ivar blank_inputs: columns with blank cells of tables that the run read, in lower case; looked for where its
        results have blank cells.
    :ivar invented: lines of the log that say that invented data took the place of missing ones.
    :ivar command: folder and words, up to the script, where not the Python that trains was started with it.
    :ivar adopted: about a process that was adopted; None of what we started.
    :ivar written: what it wrote; None where its results are files that the policy names.
    :ivar gpu: what it did on GPUs; None for a start of an older release, which did not look for any.
    """

    run: str
    model: str
    phase: Phase
    state: RunState
    reason: str = ""
    exit_code: int | None = None
    started_at: float | None = None
    ended_at: float | None = None
    wall_s: float = 0.0
    cpu_s: float | None = None
    cpu_is_lower_bound: bool = False
    usage: Usage | None = None
    artefacts: tuple[Artefact, ...] = ()
    extras: tuple[Artefact, ...] = ()
    features: Artefact | None = None
    known: tuple[Known, ...] = ()
    judged: tuple[Known, ...] = ()
    left_before: frozenset[tuple[str, str]] = frozenset()
    inputs: tuple[Input, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    told: Told | None = None
    history: History | None = None
    epochs: Mapping[str, Sequence[float]] = field(default_factory=dict[str, Sequence[float]])
    epochs_total: Mapping[str, float] = field(default_factory=dict[str, float])
    steps: Mapping[str, Sequence[float]] = field(default_factory=dict[str, Sequence[float]])
    steps_total: Mapping[str, float] = field(default_factory=dict[str, float])
    design: Design = field(default_factory=Design)
    program: Program | None = None
    policy: PolicyKept = field(default_factory=PolicyKept)
    handover: Handover = field(default_factory=Handover)
    open_failures: tuple[tuple[str, str], ...] = ()
    accepted_failures: tuple[str, ...] = ()
    script: str = ""
    chain_head: str = ""
    chain_problem: str = ""
    head_copy: HeadCopy = field(default_factory=HeadCopy)
    seen: Seen | None = None
    quick_seen: Seen | None = None
    quick_run: str = ""
    guard: str = ""
    nodes: int = 1
    foreign: tuple[str, ...] = ()
    seal: Seal | None = None
    again: PlayedAgain | None = None
    curves: tuple[tuple[str, History], ...] = ()
    log_curve: History | None = None
    curves_changed: tuple[str, ...] = ()
    late_epochs: LateEpochs | None = None
    drawn: tuple[Found, ...] = ()
    observed: tuple[tuple[str, Found], ...] = ()
    observed_in: tuple[str, ...] = ()
    blank_inputs: frozenset[str] = frozenset()
    invented: tuple[tuple[int, str], ...] = ()
    gpu: GpuUse | None = None
    written: Written | None = None
    command: tuple[str, ...] = ()
    adopted: Adopted | None = None

    @property
    def cores_busy(self) -> float | None:
        """Mean number of cores in use over the run; None when that was not measured."""
        return None if self.cpu_s is None or self.wall_s <= 0 else self.cpu_s / self.wall_s

    @property
    def idle_share(self) -> float | None:
        """Part of the sampled time (0 to 1) in which the whole tree did nothing; None if it was never sampled."""
        return None if self.usage is None else self.usage.idle_share

    @property
    def counted_wall_s(self) -> float:
        """Seconds of this run without its pauses, and of the earlier attempts whose work it went on with."""
        paused_s = self.usage.paused_s if self.usage is not None else 0.0
        return max(0.0, self.wall_s - paused_s) + sum(one.wall_s for one in self.attempts if one.counts)

    @property
    def counted_cpu_s(self) -> float | None:
        """CPU seconds of the same; None where one of them was not measured in full."""
        every = [None if self.cpu_is_lower_bound else self.cpu_s, *(one.cpu_s for one in self.attempts if one.counts)]
        known = [one for one in every if one is not None]
        return sum(known) if len(known) == len(every) else None

    @property
    def begun_at(self) -> float | None:
        """Unix seconds at which the work began that counts."""
        earlier = [one.started_at for one in self.attempts if one.counts and one.started_at is not None]
        return min([*earlier, self.started_at], default=None) if self.started_at is not None else None

    @property
    def trace(self) -> TraceFacts | None:
        """The posterior that the run left, None where it left none that could be read."""
        every = (*self.artefacts, *self.extras)
        return next((one.inside for one in every if isinstance(one.inside, TraceFacts)), None)

    @property
    def tables(self) -> tuple[TableFacts, ...]:
        """The results and all further tables that were read."""
        return tuple(one.inside for one in (*self.artefacts, *self.extras) if isinstance(one.inside, TableFacts))
