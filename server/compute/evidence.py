"""What a verdict is computed from: measurements of the keeper, files on disk, findings on record. No judgement here."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..runs import Phase, RunState


class UsageSample(Protocol):
    """One line of usage.jsonl: unix seconds and CPU seconds of the whole tree since its start."""

    @property
    def at(self) -> float: ...  # noqa: D102

    @property
    def cpu_s(self) -> float: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Artefact:
    """A file that a run should have left. `size_bytes` is None when there is no such file."""

    role: str
    path: str
    size_bytes: int | None = None
    modified_at: float | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that one verdict is computed from.

    :ivar idle_share: part of the wall time in which the whole tree used next to no CPU; None if never sampled.
    :ivar open_failures: (finding id, type, message) of failures that nobody accepted.
    :ivar accepted_failures: ids of failures that the director accepted with a reason.
    :ivar chain_problem: where the ledger's chain does not hold; empty when it is intact.
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
    idle_share: float | None = None
    artefacts: tuple[Artefact, ...] = ()
    open_failures: tuple[tuple[str, str, str], ...] = ()
    accepted_failures: tuple[str, ...] = ()
    script: str = ""
    script_sha256_at_start: str = ""
    script_sha256_now: str | None = None
    chain_head: str = ""
    chain_problem: str = ""

    @property
    def cores_busy(self) -> float | None:
        """Mean number of cores in use over the run; None when that was not measured."""
        return None if self.cpu_s is None or self.wall_s <= 0 else self.cpu_s / self.wall_s


def idle_share(samples: Sequence[UsageSample], idle_below_cores: float) -> float | None:
    """Return the part of the sampled time (0 to 1) in which the tree did nothing; None for fewer than two samples.

    :param idle_below_cores: cores in use below which an interval counts as idle.
    """
    total = idle = 0.0
    for before, after in itertools.pairwise(samples):
        length_s = after.at - before.at
        if length_s <= 0:
            continue
        total += length_s
        if (after.cpu_s - before.cpu_s) / length_s < idle_below_cores:
            idle += length_s
    return idle / total if total else None
