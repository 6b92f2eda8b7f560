"""More was told than was fitted: epochs behind a fit's last one, replicates where nothing was fitted anew. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from ..counted.counts import Counts
from ..design.quantities import plain
from ..design.rows import trees_asked
from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness.seen import Seen, place
from ..witness.values import number
from .counting_fits import fits_of_results

_MANY = 20
_LEAST_FITTED = 0.9
_REFITTED = re.compile(
    r"\bbootstrap(?:ped|ping)? (?:ensemble|aggregat|refit|fits?\b|models|(?:random )?forests|trees)|\bbagg(?:ing|ed)\b",
    re.IGNORECASE,
)
"""Methods whose replicates are models; a score that is drawn again needs none."""


def replicates_of_nothing(evidence: Evidence, counts: Counts, seen: Seen) -> Iterator[Suspicion]:
    """Yield that a table counts the members of a bootstrap ensemble, and that besides a search nothing was fitted.

    A forest is such an ensemble itself: as many trees are as many members.
    """
    told = counts.get("bootstraps")
    if told is None or told.only_read or told.value < _MANY or not seen.whole:
        return
    if seen.repeated_fits() or seen.steps or seen.samplings or seen.witnessed.of("more", "solve", "losses"):
        return
    searches = [one for one in seen.fits if one.is_search]
    if not searches or not _REFITTED.search(evidence.design.method) or told.value in trees_asked(seen, seen.fits):
        return
    what = f"{plain(told.value)} bootstraps are told ({told.source}), and nothing was fitted but by the search at"
    action = "Fit each replicate to its own resample, or say in the design from what they are drawn."
    yield Suspicion(f"{what} {place(searches[0].line)}", Word.INVESTIGATE, "bootstraps_not_fitted", action)


def epochs_carried_on(evidence: Evidence, seen: Seen) -> Iterator[Suspicion]:
    """Yield that a log numbers more epochs than all fits of the perceptrons behind the results made together."""
    fits = fits_of_results(evidence, seen) if seen.whole and not seen.steps else ()
    made = [number(one.done, "n_iter_") for one in fits if "MLP" in one.name]
    again = any(one.call == "partial_fit" or one.params.get("warm_start") is True for one in fits)
    if not fits or again or len(made) < len(fits) or seen.more_fits:
        return
    whole = sum(one or 0.0 for one in made)
    for source, epochs in evidence.epochs.items():
        named = max((one for one in epochs if math.isfinite(one)), default=0.0)
        if whole and named >= _MANY and whole < _LEAST_FITTED * named:
            what = f"epochs up to {plain(named)} are told ({source}), {fits[0].name} at {place(fits[0].line)}"
            what = f"{what} stopped after {plain(whole)}"
            action = "Tell the loss curve that the fit left, and no epoch behind its last."
            yield Suspicion(what, Word.INVESTIGATE, "epochs_carried_on", action)
            return
