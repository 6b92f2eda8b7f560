"""What the chains of a trace look like, thinned for a picture. Plain facts; written as JSON by the confined child."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MOST_PARAMETERS = 4
MOST_CHAINS = 6
MOST_POINTS = 240
BINS = 20
CHAINS = "chains"
"""What the child is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterChains:
    """One parameter.

    :ivar rhat: None where it cannot be computed.
    :ivar chains: the draws of each chain at the places that `ChainFacts.at` names; None for what is not finite.
    :ivar ranks: of each chain, how many of its draws rank within each of BINS equal parts of all draws.
    """

    name: str
    rhat: float | None
    chains: tuple[tuple[float | None, ...], ...]
    ranks: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainFacts:
    """The parameters that mixed worst, the worst first.

    :ivar draws: per chain. :ivar at: numbers of the draws that are shown. :ivar parameters: of the whole trace.
    """

    chains: int
    draws: int
    parameters: int
    at: tuple[int, ...]
    shown: tuple[ParameterChains, ...]
    notes: tuple[str, ...] = ()
    kind: Literal["chains"] = "chains"
