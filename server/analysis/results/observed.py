"""Do the observed data of a model stand in the files that the run read? No match is only not matched. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ..artefacts.search_facts import Found
from ..evidence.checks import Check, passed, unknown
from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Fingerprint, Line, Sampling
from ..witness.seen import Seen, place

LEAST_ASKED = 12
"""So many different values it takes to tell a column by them."""
LEAST_HITS = 0.9
MOST_BY_CHANCE = 0.5
_MANY_MORE = 1.5
"""So many times the values of its file: less is a second file that holds a few."""
_WHOLE_INPUT = ("numpyro", "cmdstanpy")
"""What is told of these is all that a model is given, not only what it observes."""


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


def repeated_observations(evidence: Evidence, seen: Seen) -> Iterator[Suspicion]:
    """Yield that a model was told its observations several times, which makes what it is sure of too narrow.

    The file may hold them as often: then that is what was measured.
    """
    told = [(name, one, each.line) for each in seen.samplings for name, one in _outcomes(each)]
    told += [(target_of(one.name), one.y, one.line) for one in seen.fits if one.library == "statsmodels"]
    different = Counter(name for name, _ in {(name, one.sha) for name, one, _ in told})
    for name, one, line in told:
        found = [(path, each) for path, each in evidence.observed if each.name == name and is_there(each)]
        rows = sum(each.size for _, each in found)
        if one.repeats > 1 and rows < one.size:
            yield _several_times(name, one, line, f"each of them stands there {one.repeats} times or a multiple of it")
            return
        if rows and different[name] == 1 and one.size >= _MANY_MORE * rows:
            path, each = found[0]
            yield _several_times(name, one, line, f"column {each.source} of {path} has {rows}")
            return
    yield from _under_two_names(seen)


def target_of(name: str) -> str:
    """Return what the target of a fit is called where it is looked for in files."""
    return f"the target of {name}"


def _outcomes(one: Sampling) -> list[tuple[str, Fingerprint]]:
    """Return what a model observes; where that is not told apart from the rest, only if all measured numbers repeat."""
    if one.library not in _WHOLE_INPUT:
        return [*one.observed.items()]
    measured = [(name, each) for name, each in one.observed.items() if not all(map(float.is_integer, each.at))]
    return measured if all(each.repeats > 1 for _, each in measured) else []


def _under_two_names(seen: Seen) -> Iterator[Suspicion]:
    for one in seen.samplings:
        names: dict[str, str] = {}
        for name, each in one.observed.items() if one.library not in _WHOLE_INPUT else ():
            if each.sha in names and each.size >= LEAST_ASKED and not each.sampled:
                yield _several_times(name, each, one.line, f"the same as {names[each.sha]} of the same model")
                return
            names[each.sha or name] = name


def _several_times(name: str, one: Fingerprint, line: Line, why: str) -> Suspicion:
    what = f"{name} of the model at {place(line)} has {one.size} values, {why}: was each observation counted again?"
    action = "Give the model each observation once, or say in the design why it counts several times."
    return Suspicion(what, Word.INVESTIGATE, "observations_repeated", action)
