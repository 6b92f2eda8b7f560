"""The figures of one parameter of a trace, for summary tables. Plain facts; written as JSON by the confined child."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterFigures:
    """Mean and standard deviation of one parameter over all chains, for summary tables.

    :ivar first: the first 64 draws of its first chain, of the first 50 parameters; empty of the others.
    :ivar called: its name by the coordinates of the trace (`theta[north]`), as ArviZ shows it; empty where it has none.
    :ivar quantiles: in the order of `interval_facts.QUANTILES`, of the first 200 parameters.
    :ivar hdis: the ends of its densest intervals, in the order of `interval_facts.HDIS`, of the same.
    """

    name: str
    mean: float
    sd: float
    first: tuple[float, ...] = ()
    called: str = ""
    quantiles: tuple[float, ...] = ()
    hdis: tuple[tuple[float, float], ...] = ()
