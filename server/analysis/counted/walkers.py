"""What an ensemble of walkers did: steps taken, steps left out, how long they remember where they were. Pure.

Of emcee it is told how many steps were taken, by a call or by a loop over them, in one piece or in several.
"""

from __future__ import annotations

from collections import Counter

from ..design.quantities import plain
from ..evidence.evidence import Evidence
from ..witness import Sampling
from ..witness.seen import Seen, place
from ..witness.values import number, whole

_LEAST_TIMES = 20.0
"""Autocorrelation times that walkers must have gone; emcee itself warns below 50, as the estimate is then rough."""
_MOST_CHOSEN = 3
"""So many samplers of one run of which one is told are a choice."""


def ensembles(seen: Seen | None) -> tuple[Sampling, ...]:
    """Return the samplings by ensembles of walkers."""
    return tuple(one for one in seen.samplings if one.method == "ensemble") if seen is not None else ()


def steps_taken(seen: Seen | None) -> int:
    """Return the most steps that one ensemble took in all, in one piece or in several; 0 where there was none."""
    taken: Counter[tuple[str, object]] = Counter()
    held = 0
    for one in ensembles(seen):
        steps = whole(one.line.facts, "iterations")
        taken[one.line.file, one.line.facts.get("object") or one.line.n] += steps or 0
        held = max(held, one.draws or 0)
    return max([*taken.values(), held], default=0)


def burned_in(seen: Seen, one: Sampling) -> int | None:
    """Return the steps that an ensemble took before those that are kept; None where nobody saw any.

    It may be called in pieces: of those that it still holds none is left out, what it took before a reset is.
    """
    owner = one.line.facts.get("object")
    own = [
        each
        for each in ensembles(seen)
        if each.line.file == one.line.file and each.line.n <= one.line.n and each.line.facts.get("object") == owner
        and owner is not None
    ]  # fmt: skip
    taken = [whole(each.line.facts, "iterations") or each.draws or 0 for each in own]
    anew = max((at for at, each in enumerate(own) if taken[at] >= (each.draws or 0)), default=0)
    earlier = taken[:anew]
    kept = [
        whole(line.facts, "discard") or 0
        for line in seen.witnessed.of("kept")
        if line.file == one.line.file and line.facts.get("object", owner) == owner
    ]
    return max(sum(earlier), *kept, 0) or whole(one.line.facts, "discard")


def settled(evidence: Evidence, least_ess: float) -> str:
    """Say that the walkers of the run forgot where they began often enough; nothing where that was not seen.

    :param least_ess: independent draws that a run must have.
    """
    found = ensembles(evidence.seen)
    told = [(number(one.line.facts, "autocorrelation"), one) for one in found]
    known = [(times, one) for times, one in told if times and one.draws and one.chains]
    samplers = {(one.line.file, one.line.facts.get("object")) for one in found}
    if not known or (len(samplers) >= _MOST_CHOSEN and not _each_is_told(evidence, len(samplers))):
        return ""
    times, one = max(known, key=lambda each: each[1].draws or 0)
    draws, walkers = one.draws or 0, one.chains or 0
    if draws < _LEAST_TIMES * times or draws * walkers / times < least_ess:
        return ""
    what = f"{walkers} walkers of {draws} draws with an autocorrelation time of {times:.3g} draws at most"
    return f"{what}, some {plain(round(draws * walkers / times))} independent ones, at {place(one.line)} (witnessed)"


def _each_is_told(evidence: Evidence, samplers: int) -> bool:
    """Whether a table has a row, or as many rows, for each of so many samplers: one of each star, say."""
    return any(table.rows and table.rows % samplers == 0 for table in evidence.tables)
