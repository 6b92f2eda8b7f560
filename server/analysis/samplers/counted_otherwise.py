"""Does each observation count once: no factor before the likelihood, no weights by row, nothing observed twice? Pure.

What libraries are told is witnessed; what stands in a log-density of the script is read from it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from ..design.design import Design
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..results.method import declared_kinds
from ..scripts.log_density import Factor, factors
from ..scripts.program import Program
from ..witness import Fingerprint, Sampling
from ..witness.seen import Seen, place
from ..witness.values import texts

_ONCE = "Count each observation once, or say in the design with which weight observations count and why."
_MASKED = re.compile(
    r"censor|mask|missing|hold|held|hurdle|zero[\s-]infl|mixture|indicator|truncat|padd|ragged|unobserved|test|forecast"
    r"|latent|detect|outlier|exclu",
    re.IGNORECASE,
)
_WHOLE = "Sample with the whole log-likelihood, or say in the design by what it is multiplied and why."


def counted_otherwise(design: Design, program: Program | None, seen: Seen) -> Iterator[Suspicion]:
    """Yield that observations count more or less than once, where the design speaks of no weights."""
    if design.model.weighted or not (seen.samplings or "Bayesian MCMC" in declared_kinds(design.method)):
        return
    yield from _without_data(seen)
    for one in seen.samplings:
        yield from _observed_again(one)
        yield from _by_a_factor(one)
        yield from _by_row(design, one)
    yield from _as_written(program, seen) if program is not None else ()


def _observed_again(one: Sampling) -> Iterator[Suspicion]:
    """What is observed enters again by a potential."""
    observed = {each.sha: name for name, each in one.observed.items() if each.sha and not each.sampled}
    again = next((each for each in one.held.values() if one.library == "pymc" and each.sha in observed), None)
    if again is not None and one.line.facts.get("potentials"):
        what = f"{observed[again.sha]} of the model at {place(one.line)} is observed, and the same {again.size}"
        what = f"{what} values enter its potentials as well: does each observation count more than once?"
        yield Suspicion(what, Word.INVESTIGATE, "observations_repeated", _ONCE)


def _without_data(seen: Seen) -> Iterator[Suspicion]:
    """All that any sampling of the run had of data was multiplied by nought; one such beside others is of the prior."""
    without = [one for one in seen.samplings if _is_nought(one)]
    if without and len(without) == len(seen.samplings):
        name = next(iter(without[-1].scales))
        what = f"the log-likelihood of {name} is multiplied by 0 in the model at {place(without[-1].line)}, and nothing"
        what = f"{what} is observed beside it: no data entered the draws, they are those of the prior"
        yield Suspicion(what, Word.INVESTIGATE, "likelihood_tempered", _WHOLE)


def _is_nought(one: Sampling) -> bool:
    """Whether nothing is observed, and each potential is a likelihood times nought."""
    potentials = texts(one.line.facts, "potentials")
    return bool(potentials) and not one.observed and all(one.scales.get(name) == 0 for name in potentials)


def _by_a_factor(one: Sampling) -> Iterator[Suspicion]:
    """Each observation counts several times, or a part of one: fewer rows would tell as much."""
    for name, scale in one.scales.items() if "HMCECS" not in one.steps else ():
        if scale > 1:
            what = f"each observation of {name} counts {scale:g} times in the model at {place(one.line)}"
            yield Suspicion(what, Word.INVESTIGATE, "observations_repeated", _ONCE)
        elif 0 < scale < 1:
            what = f"the log-likelihood of {name} is multiplied by {scale:g} in the model at {place(one.line)}"
            yield _tempered(what, f"{scale:.1%} of their rows would")


def _by_row(design: Design, one: Sampling) -> Iterator[Suspicion]:
    for name, weights in one.weights.items():
        where = f"{name} in the model at {place(one.line)}"
        told = {*weights.at, *weights.last}
        if _weighs(weights):
            yield _weighted(where, weights)
        elif told == {0.0, 1.0} and weights.mean is not None and not _MASKED.search(design.prose):
            what = f"{1 - weights.mean:.0%} of the {weights.size} rows of {where} are multiplied by 0 and do not count;"
            what = f"{what} the design does not say which rows are masked"
            yield Suspicion(what, Word.INVESTIGATE, "observations_masked", _ONCE)


def _as_written(program: Program, seen: Seen) -> Iterator[Suspicion]:
    """Judge what stands in a log-density of the script; how much weights by row differ is told by what it holds."""
    held = {name: data for one in seen.samplings for name, data in one.held.items()}
    for one in factors(program):
        if one.weights:
            weights = next((data for name, data in held.items() if name.rpartition(".")[2] == one.weights), None)
            if weights is not None and _weighs(weights):
                yield _weighted(f"{one.text!r} at {one.file}:{one.line}", weights)
        else:
            yield _written(one)


def _written(one: Factor) -> Suspicion:
    at = f"{one.text!r}, part of a log-density at {one.file}:{one.line}, is"
    if one.by is None:
        return _tempered(f"{at} averaged over its rows and not added up (read)", "one row would")
    if one.by > 1:
        what = f"{at} multiplied by {one.by:g} (read): each observation counts {one.by:g} times"
        return Suspicion(what, Word.INVESTIGATE, "observations_repeated", _ONCE)
    return _tempered(f"{at} multiplied by {one.by:g} (read)", f"{one.by:.1%} of their rows would")


def _tempered(what: str, much: str) -> Suspicion:
    said = f"{what}: the data count as {much}, and the design names no tempered or weighted likelihood"
    return Suspicion(said, Word.INVESTIGATE, "likelihood_tempered", _WHOLE)


def _weighs(weights: Fingerprint) -> bool:
    """Whether rows count differently by fractions: marks of 0 and 1 leave rows out, whole numbers are frequencies."""
    told = [one for one in (*weights.at, *weights.last) if math.isfinite(one)]
    return len(set(told)) > 1 and any(not one.is_integer() for one in told)


def _weighted(what: str, weights: Fingerprint) -> Suspicion:
    least, most = min(weights.at), max(weights.at)
    said = f"the log-likelihood of each row is multiplied by a weight of its own, {least:.3g} to {most:.3g}, of {what};"
    return Suspicion(f"{said} the design speaks of no weights", Word.INVESTIGATE, "observations_weighted", _ONCE)
