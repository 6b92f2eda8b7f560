"""Is a table of parameters that of a sampling of the run, where no trace was left that could be read? Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..artefacts.facts import TableFacts, TraceFacts
from ..artefacts.parameter_facts import ParameterFigures
from ..evidence.suspicion import Suspicion, first_of
from ..evidence.words import Word
from ..witness import Sampling
from ..witness.seen import Seen, place
from .summaries import against_trace, by_label

_OF_CHAINS = frozenset({"mcmc", "smc"})


def against_samplings(table: TableFacts, seen: Seen) -> Iterator[Suspicion]:
    """Yield where a table says other than every sampling of the run of the parameters that it names.

    What was returned may have been changed under its name before it was written, which has to be said.
    """
    told = [(one, as_trace(one)) for one in seen.samplings if one.method in _OF_CHAINS]
    named = [(one, trace) for one, trace in told if by_label(table.labels, trace)]
    asked = [(one, first_of(against_trace(table, trace))) for one, trace in named]
    one, found = asked[-1] if asked else (None, None)
    if one is not None and found is not None and all(each is not None for _, each in asked):
        what = found.what.replace("the trace", f"what {one.call} at {place(one.line)} returned")
        yield replace(found, what=what, word=Word.INVESTIGATE)


def as_trace(one: Sampling) -> TraceFacts:
    """Return the figures of what a sampling returned, in the form of a trace's: scalars, and parts of vectors."""
    figures = [ParameterFigures(name=name, mean=mean, sd=sd) for name, (mean, sd) in _scalars(one) if sd > 0]
    figures += [ParameterFigures(name=each.name, called=each.called, mean=each.mean, sd=each.sd) for each in one.parts]
    return TraceFacts(
        format="witnessed", size_bytes=0, chains=one.chains or 0, draws=one.draws or 0, figures=tuple(figures)
    )


def _scalars(one: Sampling) -> Iterator[tuple[str, tuple[float, float]]]:
    """Yield mean and deviation over all chains; of chains of one length, by the law of total variance."""
    for name, chains in one.variables.items():
        known = [(each.mean, each.sd) for each in chains if each.mean is not None and each.sd is not None]
        if known and len(known) == len(chains) and all(len(each.shape) == 1 for each in chains):
            mean = sum(each for each, _ in known) / len(known)
            square = sum(sd**2 + (each - mean) ** 2 for each, sd in known) / len(known)
            yield name, (mean, square**0.5)
