"""Does something beside data and priors hold a variable: a pseudo-observation, a potential? Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from ..design.design import Design
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Sampling
from ..witness.seen import Seen, place

_LEAST_DATA = 12
_MOST_PSEUDO = 2
_SAID = re.compile(
    r"pseudo|constrain|soft|penal|potential|anchor|calibrat|informative|elicit|expert|external|literature"
    r"|meta[\s-]?analy|previous (?:study|survey|trial|year)|historical|identif|sum[\s-]to[\s-]zero|jacobian|icar"
    r"|\bcar\b|total|census|factor"
    r"|conservation|known (?:sum|mean|total|value)",
    re.IGNORECASE,
)


def anchored(design: Design, seen: Seen) -> Iterator[Suspicion]:
    """Yield that one number is observed beside the data, or that a potential pulls one variable to a value.

    Where the design speaks of nothing of that kind.
    """
    if _SAID.search(design.prose):
        return
    for one in seen.samplings:
        yield from _pseudo(design, one)
        for name, variable in one.pulled.items():
            what = (
                f"potential {name} of the model at {place(one.line)} is a square of {variable} less a number, without"
            )
            what = f"{what} any data: a second prior, of which {design.path} says nothing"
            yield _suspicion(what)


def _pseudo(design: Design, one: Sampling) -> Iterator[Suspicion]:
    sizes = {name: math.prod(shape) for name, shape in one.sites.items()}
    sizes |= {name: data.size for name, data in one.observed.items()} if one.library == "pymc" else {}
    data = max(sizes.values(), default=0)
    for name, size in sizes.items():
        told = one.likelihoods.get(name, "")
        if data >= _LEAST_DATA and 0 < size <= _MOST_PSEUDO and told and "Unit(" not in told:
            what = f"{name} of the model at {place(one.line)} is an observation of {size} value(s), {told[:80]}, beside"
            what = f"{what} {data} others, and {design.path} says nothing of it: where is it from?"
            yield _suspicion(what)
            return


def _suspicion(what: str) -> Suspicion:
    action = "Leave it out, or say in the design what it holds where and why: it tells as much as a prior."
    return Suspicion(what, Word.INVESTIGATE, "variable_anchored", action)
