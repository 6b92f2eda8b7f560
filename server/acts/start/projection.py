"""How long a full run will take, from the rate that its quick run was measured at. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ...analysis.scripts import Program
from ...documents.error_report import clock_time

_A_YEAR_S = 8760 * 3600.0
_SHORT_S = 60.0
"""The demo's quick run of 8 s projected 143 s for a full run that took 61 (2026-11-30)."""
_SHORT_OF = 0.9
"""A projection below this share of the required time is called too light; nearer than that it could be either."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a quick run took.

    :ivar work: steps that its script was to do, as far as reading tells: draws, epochs or fits; None if it does not.
    :ivar data_fraction: share of the data that it was told to use; 1 when its script does not ask for it.
    """

    wall_s: float
    work: float | None
    data_fraction: float


def work_of(program: Program) -> float | None:
    """Return the number of steps of a program (draws with tuning over all chains, epochs, fits); None if unknown.

    The loops, samplers and searches are summed up as far as their counts are known; one unknown makes all unknown.
    """
    steps: list[float | None] = [_times(one.chains, _plus(one.draws, one.tune)) for one in program.samplers]
    steps += [one.count for one in program.loops]
    steps += [_times(one.cv, one.candidates) for one in program.searches]
    steps += [one.count for one in program.bootstraps]
    known = [one for one in steps if one is not None]
    return float(sum(known)) if known and len(known) == len(steps) else None


def _plus(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other


def _times(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one * other


def projected_s(quick: Measured, full_work: float | None) -> float | None:
    """Return the seconds that the full run will take; None when the number of its steps is unknown.

    Steps and data are taken to cost in proportion; start-up is not told apart, so short quick runs project too high.
    """
    if quick.work is None or full_work is None or quick.work <= 0 or quick.wall_s <= 0:
        return None
    return quick.wall_s * (full_work / quick.work) / quick.data_fraction


def doubt(quick: Measured, seconds: float | None) -> str:
    """Return why a projection may be too high: imports and compiling are much of a short quick run; empty if not so."""
    if seconds is None or quick.wall_s >= _SHORT_S or seconds <= quick.wall_s:
        return ""
    return f"likely less: the quick run's {quick.wall_s:.0f} s hold its start-up too"


def words(seconds: float | None, min_s: float, max_s: float, source: str) -> str:
    """Return the projection in one sentence, held against the required time; empty where none is and none is known."""
    if min_s <= 0 and max_s >= _A_YEAR_S:
        return "" if seconds is None else f"about {clock_time(seconds)}"
    asked = f"{clock_time(min_s)}-{clock_time(max_s)} ({source})"
    if seconds is None:
        return f"cannot be projected: the script does not say how many steps it does; asked for are {asked}"
    about = f"about {clock_time(seconds)}"
    if seconds < _SHORT_OF * min_s:
        return f"{about}: too light, asked for are {asked}"
    if seconds > max_s:
        return f"{about}: longer than the {asked}"
    return f"{about}, inside {asked}"
