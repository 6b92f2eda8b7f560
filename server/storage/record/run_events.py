"""The events of a run: its start, the stop that was asked for, its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from ...vocabulary.runs import Phase, RunState
from .chain import Kind

Pair = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class RunStarted:
    """A start: everything that the keeper needs, and what the run is made from (digests are hexadecimal sha256).

    :ivar sources: (path in the workspace, digest of the snapshot), the script first.
    :ivar code_sha256: over the parsed forms of all sources: comments and formatting change nothing.
    :ivar left_before: (path, digest) of results and models that lay there; `named` of files that the sources name.
    :ivar limit_s: after which the keeper ends the run; None for none. :ivar by: who asked for it.
    :ivar nonce: known to nobody before this event; whatever the run's keeper writes carries it.
    :ivar guarded: the folder that the run may not write to, but for what is `writable` in it.
    :ivar foreign: run directories that lay there before their start was recorded; never used.
    :ivar engine: what its job is asked for (docs/engines.md); None for a run of this machine.
    :ivar gpu: whether GPUs are sampled: sampled, none, off, amd; empty where an older release did not note it.
    :ivar command: folder and words, up to the script, of a command that is not the Python that trains with that script.
    :ivar adopted: (pid, tick of the boot, byte of the log) at which it began that ran before; None of our own runs.
    """

    KIND: ClassVar = Kind.START

    phase: Phase
    attempt: int = 1
    follows: str | None = None
    script: str = ""
    sources: tuple[Pair, ...] = ()
    code_sha256: str = ""
    script_sha256: str = ""
    args: tuple[str, ...] = ()
    policy_sha256: str = ""
    design: Pair | None = None
    features: Pair | None = None
    left_before: tuple[Pair, ...] = ()
    named: tuple[Pair, ...] | None = None
    argv: tuple[str, ...] = ()
    cwd: str = ""
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    limit_s: float | None = None
    sample_s: float = 1.0
    grace_s: float = 10.0
    log: str = ""
    results: str = ""
    by: str = ""
    nonce: str = ""
    guarded: str | None = None
    writable: tuple[str, ...] = ()
    seal_paths: tuple[str, ...] = ()
    seal_max_bytes: int = 0
    foreign: tuple[str, ...] = ()
    gpu: str = ""
    adopted: tuple[int, int, int] | None = None
    python_sha256: str = ""
    command: tuple[str, ...] = ()
    engine: Mapping[str, object] | None = None


@dataclass(frozen=True, kw_only=True)
class RunStopped:
    """A stop that was asked for. `at` is in unix seconds."""

    KIND: ClassVar = Kind.STOP

    reason: str
    who: str
    at: float


@dataclass(frozen=True, kw_only=True)
class RunEnded:
    """How a run ended; None is what nobody saw. Times are unix seconds, `log_begin` and `log_end` byte offsets.

    :ivar guard, seal, seal_failed: as start.json and exit.json tell them (docs/witness.md).
    """

    KIND: ClassVar = Kind.ENDED

    state: RunState
    reason: str = ""
    exit_code: int | None = None
    signal: int | None = None
    started_at: float | None = None
    ended_at: float | None = None
    wall_s: float = 0.0
    cpu_s: float | None = None
    cpu_is_lower_bound: bool = False
    max_rss_bytes: int | None = None
    log_begin: int | None = None
    log_end: int | None = None
    guard: str = ""
    seal: str = ""
    seal_failed: str = ""
