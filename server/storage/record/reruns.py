"""A run that was played again, as far as its bounds allow: how that began, and what came of comparing the two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .chain import Kind


@dataclass(frozen=True, kw_only=True)
class RerunStarted:
    """The first part of a run is played again, in a copy of its inputs.

    :ivar nonce: known to nobody before this event; what its keeper and its witness write carries it.
    :ivar copied_bytes: of inputs; `remarks` say where they are not those of the run's start.
    :ivar limit_s: after which its keeper ends it. :ivar by: who asked for it.
    """

    KIND: ClassVar = Kind.RERUN

    nonce: str
    limit_s: float
    copied_bytes: int = 0
    remarks: tuple[str, ...] = ()
    by: str = ""


@dataclass(frozen=True, kw_only=True)
class RerunCompared:
    """What was witnessed of both, compared.

    :ivar outcome: "equal", "equal within tolerance", "not reproducible" or "not comparable".
    :ivar what: the figures that were compared, or the first difference, or why nothing could be compared.
    """

    KIND: ClassVar = Kind.COMPARED

    outcome: str
    what: str = ""
    wall_s: float = 0.0
