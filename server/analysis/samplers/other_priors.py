"""Were the priors sampled with that the design states, in a table or in a sentence? Pure.

A row of the requirements is held against its prior elsewhere (`design_rows`); what stands in prose only asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..design.design import Design
from ..design.distributions import Stated, can_differ, distribution, is_notation
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness.seen import Seen, place

_LEAST_SAID = 2
_MOST_WORDS = 3
"""In more words than that something else may be said of a variable too."""


def other_priors(design: Design, seen: Seen) -> Iterator[Suspicion]:
    """Yield that a variable had another prior than all that the design states of it."""
    free = {name for one in seen.samplings for name in one.free}
    for name in sorted(free):
        said = [one for one in design.priors if _names(one, free) == name]
        had = [(prior, each) for each in seen.samplings if (prior := each.free.get(name))]
        told = [(found, prior, each) for prior, each in had if (found := distribution(prior)) is not None]
        plain = next((one for one in said if len(one.words) <= _MOST_WORDS), None)
        if plain is None or not told or len(told) < len(had):
            continue
        if not any(_may_be(one, found) for one in said for found, _, _ in told):
            _, prior, sampling = told[0]
            what = f"the prior was {prior} at {place(sampling.line)}, {design.path}:{plain.line} says {plain.said}"
            action = "Sample with the prior of the design, or change the design before the next start."
            yield Suspicion(what, Word.INVESTIGATE, "prior_otherwise", action)
            return


def not_sampled(design: Design, seen: Seen) -> Iterator[Suspicion]:
    """Yield that the design states a prior for a variable that no sampling had, where every one that was had one too.

    A variable of the run that the design has no prior for may be the missing one under another name.
    """
    free = {name for one in seen.samplings for name in one.free}
    if not free or not all(one.free for one in seen.samplings):
        return
    said = [(one, _names(one, free)) for one in design.priors if len(one.words) <= _MOST_WORDS]
    missing = [one for one, name in said if not name and not any(map(one.words.issubset, _words_of(free)))]
    if len(free) < _LEAST_SAID or free != {name for _, name in said if name} or len(missing) != 1:
        return
    one, sampling = missing[0], seen.samplings[-1]
    named = " ".join(sorted(one.words))
    what = f"{design.path}:{one.line} has the prior {one.said} for {named}, and the model at {place(sampling.line)}"
    what = f"{what} has no such variable: only {', '.join(sorted(free)[:6])}"
    action = "Sample every variable that the design has a prior for, or say in the design at what it is fixed and why."
    yield Suspicion(what, Word.INVESTIGATE, "variable_not_sampled", action)


def _words_of(free: set[str]) -> list[frozenset[str]]:
    return [frozenset(re.findall(r"[a-z0-9]+", name.lower().replace("_", " "))) for name in free]


def _names(one: Stated, free: set[str]) -> str:
    """Return the only variable of which all words of the name stand in what was said; empty where there is none."""
    words = {name: frozenset(re.findall(r"[a-z0-9]+", name.lower().replace("_", " "))) for name in free}
    same = [name for name in free if words[name] == one.words]
    inside: Sequence[str] = same or [name for name in free if words[name] and words[name] < one.words]
    return inside[0] if len(inside) == 1 else ""


def _may_be(one: Stated, had: tuple[str, tuple[float, ...]]) -> bool:
    """Whether the one may be the other, in whichever notation."""
    return one.prior == had or not can_differ(one.prior, had) or is_notation(one.prior, had)
