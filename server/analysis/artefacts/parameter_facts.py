"""The figures of one parameter of a trace, for summary tables. Plain facts; written as JSON by the confined child."""

from __future__ import annotations

from dataclasses import dataclass

QUANTILES = (
    0.5,
    1,
    1.5,
    2.5,
    3,
    5,
    5.5,
    10,
    15,
    16,
    20,
    25,
    50,
    75,
    80,
    84,
    85,
    90,
    94.5,
    95,
    97,
    97.5,
    98.5,
    99,
    99.5,
)
"""In per cent."""
HDIS = (50, 60, 68, 70, 80, 89, 90, 94, 95, 97, 98, 99)
"""Shares of the draws that an interval holds, in per cent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterFigures:
    """Mean and standard deviation of one parameter over all chains, for summary tables.

    :ivar first: the first 64 draws of its first chain, of the first 50 parameters; empty of the others.
    :ivar called: its name by the coordinates of the trace (`theta[north]`), as ArviZ shows it; empty where it has none.
    :ivar quantiles: in the order of `QUANTILES`, of the first 200 parameters.
    :ivar hdis: the ends of its densest intervals, in the order of `HDIS`, of the same.
    """

    name: str
    mean: float
    sd: float
    first: tuple[float, ...] = ()
    called: str = ""
    quantiles: tuple[float, ...] = ()
    hdis: tuple[tuple[float, float], ...] = ()
