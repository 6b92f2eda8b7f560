"""What was done to the record itself and to what lies beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .chain import Kind


@dataclass(frozen=True, kw_only=True)
class RunPruned:
    """The heavy part of what a run left was given up; what the ledger says of it stays.

    :ivar what: kinds of things: witness, log, rerun, checkpoints. Together with those of earlier events of the run.
    :ivar freed_bytes: on the disk, as far as they were counted. :ivar by: who did it.
    :ivar log_line_ends: of the run's part of the log: so many blank lines stand in its place.
    :ivar tails: (column, its last values) of a full run: by these it is compared with other attempts from now on.
    :ivar gpu_s: how long it worked on a GPU; None where nobody sampled that.
    """

    KIND: ClassVar = Kind.PRUNED

    what: tuple[str, ...]
    freed_bytes: int = 0
    log_line_ends: int = 0
    tails: tuple[tuple[str, tuple[float, ...]], ...] = ()
    gpu_s: float | None = None
    by: str = ""
    at: float = 0.0


@dataclass(frozen=True, kw_only=True)
class LedgerRebuilt:
    """The ledger was made anew from one that could not be read or did not hold.

    :ivar aside: the name under which the old one is kept. :ivar who: uid of who did it.
    :ivar kept: events that were taken over; at least `lost` were not, whose hash did not hold or whose page is gone.
    :ivar whole: whether these are all that there were; else the newest may be gone without a trace.
    """

    KIND: ClassVar = Kind.REBUILT

    aside: str
    kept: int
    lost: int = 0
    whole: bool = True
    who: str = ""
