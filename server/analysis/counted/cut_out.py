"""Is a saved trace the later part of what walkers did, under names of its own? By the values that both tell. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..artefacts.facts import ChainPrint, TraceFacts
from ..witness import Fingerprint, Sampling
from ..witness.fingerprints import places

_LEAST_MET = 5
_LEAST_STEPS = 2
"""The last step alone is the last one of every part."""
_MOST_THINNED = 100


@dataclass(frozen=True, slots=True)
class Cut:
    """What was kept of a sampling.

    :ivar left_out: its first steps, which are not kept. :ivar step: of the others one in so many is.
    """

    sampling: Sampling
    left_out: int
    step: int


def cut_out(trace: TraceFacts, samplings: Sequence[Sampling]) -> Cut | None:
    """Return the sampling that a trace is the later part of, thinned or not; None where that does not show.

    An ensemble's dimensions have numbers; the names are given later. A variable is one of them where every value that
    is told of the same step of the same walker is equal, and there are enough of these: of two steps at least.
    """
    for one in (each for each in samplings if each.method == "ensemble"):
        drawn = one.draws or 0
        if one.chains != trace.chains or not 0 < trace.draws < drawn:
            continue
        for step in range(1, min(drawn // trace.draws, _MOST_THINNED) + 1):
            left_out = drawn - trace.draws * step
            if any(_is_part(trace, one, first, step) for first in (left_out + step - 1, left_out)):
                return Cut(one, left_out, step)
    return None


def _is_part(trace: TraceFacts, one: Sampling, first: int, step: int) -> bool:
    """Whether each saved variable is another dimension from step `first` on."""
    saved: dict[str, list[ChainPrint]] = {}
    for each in trace.prints:
        saved.setdefault(each.name, []).append(each)
    if not saved or any(each.size != trace.draws for each in trace.prints):
        return False
    left = dict(one.variables)
    for prints in saved.values():
        name = next((name for name, told in left.items() if _is_met(prints, told, first, step)), None)
        if name is None:
            return False
        del left[name]
    return True


def _is_met(saved: Sequence[ChainPrint], told: Sequence[Fingerprint], first: int, step: int) -> bool:
    if any(one.chain >= len(told) or not one.at for one in saved):
        return False
    pairs = [pair for one in saved for pair in _pairs(one, told[one.chain], first, step)]
    enough = len({there for there, _, _ in pairs}) >= _LEAST_STEPS and len({one for _, one, _ in pairs}) >= _LEAST_MET
    return enough and all(one == other for _, one, other in pairs)


def _pairs(saved: ChainPrint, told: Fingerprint, first: int, step: int) -> Iterator[tuple[int, float, float]]:
    """Yield the steps that both tell a value of, with the values."""
    known = dict(zip(told.places, told.at, strict=False))
    for place, value in zip(places(saved.size), saved.at, strict=False):
        if (there := first + place * step) in known:
            yield there, value, known[there]
