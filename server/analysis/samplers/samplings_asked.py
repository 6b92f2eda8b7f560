"""Were as many models sampled as the design says, on all rows of which it says so, most of them there? Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain

from ..design.design import Design
from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..results.observed import is_there
from ..witness.seen import Seen, place

_NEARLY = 0.95


def samplings_asked(evidence: Evidence, seen: Seen) -> Iterator[Suspicion]:
    """Yield that fewer samplings were made, or fewer rows observed, than the design counts."""
    if not seen.samplings:
        return
    yield from _fewer_samplings(evidence.design, seen)
    yield from _fewer_rows(evidence, seen)
    yield from _mostly_imputed(evidence.design, seen)


def _fewer_samplings(design: Design, seen: Seen) -> Iterator[Suspicion]:
    """Several models, groups or folds are said to be sampled each on their own, and nothing else trained them.

    Groups may be parts of one variable, and compiled code may sample all of them in one call.
    """
    counted = design.model.samplings
    if counted is None:
        return
    number, said = counted
    others = len(seen.fits) + len(seen.more_fits) + len(seen.steps) + len(seen.variational)
    more = [one for one in seen.witnessed.of("more") if one.facts.get("of") == "sampling"]
    made = len(seen.samplings) + others
    sides = chain.from_iterable(shape for one in seen.samplings for shape in one.shapes.values())
    compiled = any(one.line.facts.get("compiled") or one.line.facts.get("traced") for one in seen.samplings)
    if made >= number or more or compiled or not seen.whole or max(sides, default=0) >= number:
        return
    one = seen.samplings[-1]
    what = f"{len(seen.samplings)} sampling(s) were made in all, the last at {place(one.line)};"
    what = f"{what} {design.path}:{said.line} says {said.words!r}"
    action = (
        "Sample each of them, or say in the design how many samplings there are and where the other figures are from."
    )
    yield Suspicion(what, Word.INVESTIGATE, "fewer_samplings", action)


def _fewer_rows(evidence: Evidence, seen: Seen) -> Iterator[Suspicion]:
    """What was observed is part of a column of so many rows as the design says all enter."""
    design = evidence.design
    if design.model.all_rows is None or design.model.held_out:
        return
    rows, said = design.model.all_rows
    most = max(
        (each.size for one in seen.samplings for each in (*one.observed.values(), *one.held.values())), default=0
    )
    for path, found in evidence.observed:
        sampled = [(one, each) for one in seen.samplings if (each := one.observed.get(found.name)) is not None]
        if not sampled or not is_there(found) or found.size != rows or not 0 < most < _NEARLY * rows:
            continue
        one, each = sampled[-1]
        together = sum({data.sha: data.size for _, data in sampled}.values())
        if each.nonfinite or together >= _NEARLY * rows:  # a model of each group observes its part
            continue
        what = (
            f"{found.name} of the model at {place(one.line)} has {each.size} values, column {found.source} of {path},"
        )
        what = f"{what} where they stand, {rows}; {design.path}:{said.line} says {said.words!r}"
        action = "Observe all rows, or say in the design which rows are left out and why."
        yield Suspicion(what, Word.INVESTIGATE, "observed_part_of_the_rows", action)
        return


def _mostly_imputed(design: Design, seen: Seen) -> Iterator[Suspicion]:
    """Most outcomes were missing, and the model drew them: a merge without matches looks like that.

    PyMC divides what it observes into two variables where values are missing.
    """
    if design.model.mostly_missing or design.model.held_out:
        return
    for one in seen.samplings:
        for name, data in one.observed.items():
            stem = name.removesuffix("_observed")
            missing = math.prod(one.shapes.get(f"{stem}_unobserved", (0,)))
            if stem != name and missing > data.size > 0:
                what = f"{missing} of the {missing + data.size} values of {stem} were missing in the model at"
                what = f"{what} {place(one.line)} and were drawn, {data.size} were observed;"
                what = f"{what} {design.path} does not say that most are missing"
                action = (
                    "See whether a merge lost them (keys that do not match), or say in the design how many are missing."
                )
                yield Suspicion(what, Word.INVESTIGATE, "mostly_imputed", action)
                return
