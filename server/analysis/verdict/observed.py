"""Do the observed data of a model stand in the files that the run read? No match is only not matched. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ..artefacts.search_facts import Found
from .checks import Check, passed, unknown
from .evidence import Evidence
from .seen import Seen, place

LEAST_ASKED = 12
"""So many different values it takes to tell a column by them."""
LEAST_HITS = 0.9
MOST_BY_CHANCE = 0.5


def observed(evidence: Evidence, seen: Seen) -> Check | None:
    """Return where the data of the sampled models were found; None where no sampler was told data.

    Data that are found nowhere may be computed from a file in a way that nobody looks for: nothing follows from that.
    """
    told = dict.fromkeys(name for one in seen.samplings for name in one.observed)
    if not told:
        return None
    found = {name: match for name in told if (match := _match(evidence, name))}
    at = place(next(one.line for one in seen.samplings if one.observed))
    if len(found) == len(told):
        return passed("observed data", f"{'; '.join(found.values())}, of the model at {at} (recomputed)")
    left = ", ".join(name for name in told if name not in found)
    tables = ", ".join(evidence.observed_in[:4])
    where = f"in {tables}" if tables else "with any table: none of the workspace was seen read"
    return unknown("observed data", "; ".join([*found.values(), f"{left} of the model at {at} not matched {where}"]))


def _match(evidence: Evidence, name: str) -> str:
    for path, one in evidence.observed:
        if one.name == name and is_there(one):
            return f"{name} is column {one.source} of {path}{'' if one.form == 'as it is' else f', {one.form}'}"
    return ""


def is_there(one: Found) -> bool:
    """Whether the values stand there, and not by chance."""
    told_apart = one.by_chance <= MOST_BY_CHANCE * one.asked
    return told_apart and one.asked >= LEAST_ASKED and one.hits >= LEAST_HITS * one.asked


def drawn(evidence: Evidence) -> Iterator[str]:
    """Yield which columns of the results are draws of the trace, in whichever order."""
    for one in evidence.drawn:
        if is_there(one):
            yield f"column {one.name} is draws of {one.source}"
