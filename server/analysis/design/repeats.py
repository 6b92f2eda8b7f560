"""Rows of a design that count trainings again and again: imputations, permutations, jackknives, starts, seeds. Pure.

As many fits as it counts have to be there, and they have to differ: in their data, or at least in a setting or a seed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..witness import Fit
from ..witness.seen import Seen, place
from ..witness.values import text, whole
from .answer import Answer
from .declared import prepares

IMPUTED = re.compile(
    r"(?:(?:number of|multiple|multiply) )*(?:imputations?|imputed (?:data ?sets?|data|tables|copies|sets)"
    r"|imputation (?:data ?sets?|sets|draws|rounds|runs|models)|completed (?:data ?sets?|tables))"
)
LEFT_OUT = re.compile(
    r"(?:(?:number of|stability|selection|random|delete one|leave one out|loo|jack ?knife) ?)*"
    r"(?:jack ?knife|leave one out|delete one|loo|sub ?samples|stability selection|stability runs|null models)"
    r"(?: (?:replicates?|replications|re ?fits|fits|samples|rounds|runs|iterations|models))*"
)
PERMUTED = re.compile(
    r"(?:(?:number of|label|target|outcome|random) )*(?:permutations?|shuffles|permuted (?:data ?sets|outcomes|labels))"
    r"(?: test)?(?: (?:runs|re ?fits|fits|rounds|repeats|iterations))?"
)
STARTS = re.compile(
    r"(?:(?:number of|random|multiple|optimi[sz]er|optimi[sz]ation) )*(?:multi ?)?(?:re ?)?starts?"
    r"|starting (?:points|values)|initial (?:points|guesses)"
)
_SEED = re.compile(r"seed|random_state")
_WITHOUT_SEED = frozenset({"sklearn", "statsmodels"})
"""Libraries whose classes draw nothing where they have no parameter for a seed."""
_GLOBAL = re.compile(r"basinhopping|dual_annealing|shgo|differential_evolution")
"""Optimisers that begin at many points in one call."""
_STACKED = re.compile(r"solve|inv|pinv")
"""What solves many systems in one call."""


def solved(seen: Seen) -> int | None:
    """Return how often SciPy's optimisers and least squares were called; None where one call may be many."""
    told = [(text(one.facts, "call"), whole(one.facts, "count") or 0) for one in seen.witnessed.of("solve")]
    if any(_GLOBAL.search(call) or _STACKED.search(call.rpartition(".")[2]) for call, _ in told):
        return None
    return sum(count for _, count in told)


def only_solved(seen: Seen) -> bool:
    """Whether nothing but functions of linear algebra and optimisers was seen to fit anything."""
    other = seen.fits or seen.steps or seen.samplings or seen.variational or seen.witnessed.of("program")
    return bool(seen.whole and not other and not seen.more_fits and seen.witnessed.of("solve"))


def starts(floor: float, seen: Seen) -> Answer:
    """How often an optimiser of SciPy was started, where nothing else fits."""
    count = solved(seen) if only_solved(seen) else None
    if count is None:
        return Answer()
    what = f"optimisers were called {count} times, the first at {place(seen.witnessed.of('solve')[0])} (witnessed)"
    return Answer(seen=what) if count >= floor else Answer(doubt=what, too_few=True)


def differ(floor: float, seen: Seen, of_results: Sequence[Fit] = ()) -> Answer | None:
    """Answer with a doubt where models were fitted as often as the row counts, and all of them to few different data.

    What fills in or chooses columns is no model; where it is known which fits the results come from, these count. None
    where some were fitted to enough different data, or where nobody knows.
    """
    mine = {f"{one.name} at {one.line.where}" for one in of_results}
    groups = {name: told for name, told in seen.repeated_fits().items() if _is_model(name) and name in (mine or {name})}
    told = [(count, distinct, name) for name, (count, distinct) in groups.items()]
    if any(distinct >= floor or not distinct for count, distinct, _ in told if count >= floor):
        return None
    for count, distinct, name in told:
        if count >= floor and all(one.x.sha for one in seen.fits if f"{one.name} at {one.line.where}" == name):
            return Answer(doubt=f"the {count} fits of {name} saw {distinct} different data (witnessed)", too_few=True)
    return None


def one_again(floor: float, seen: Seen) -> Answer | None:
    """Answer with a doubt where all that was fitted so often is the same fit: one data, one setting, one seed.

    Of a class without a seed of its own nobody knows what it drew.
    """
    groups = [one for one in _groups(seen) if len(one) >= floor]
    differing = [one for one in groups if not _are_fixed(one) or len(_kinds(one)) >= floor]
    if not groups or differing or seen.more_fits:
        return None
    one, count = groups[0][0], len(groups[0])
    many = len(_kinds(groups[0]))
    what = f"the {count} fits of {one.name} at {place(one.line)} are {many} different ones by data, settings and seed"
    return Answer(doubt=f"{what} (witnessed)", too_few=True)


def _groups(seen: Seen) -> Iterator[list[Fit]]:
    groups: dict[tuple[str, str], list[Fit]] = {}
    for one in (each for each in seen.fits if not each.is_search):
        groups.setdefault((one.name, one.line.where), []).append(one)
    yield from (one for one in groups.values() if not prepares(one[0].name))


def _kinds(fits: Sequence[Fit]) -> set[tuple[str, ...]]:
    return {(one.x.sha, one.y.sha, one.weights, str(sorted(map(str, one.params.items())))) for one in fits}


def _are_fixed(fits: Sequence[Fit]) -> bool:
    """Whether each fit is known whole: its data, and a seed that somebody chose."""
    return all(one.x.sha and one.call == "fit" and _is_seeded(one) and not one.own for one in fits)


def _is_seeded(one: Fit) -> bool:
    seeds = [value for name, value in one.params.items() if _SEED.search(name)]
    known = bool(seeds) or one.library in _WITHOUT_SEED
    return known and all(isinstance(value, int) for value in seeds) and not one.params.get("warm_start")


def _is_model(name: str) -> bool:
    return not prepares(name.partition(" at ")[0])
