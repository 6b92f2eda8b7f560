"""Are the draws that were saved those that a sampler returned? Digests of both, held against each other. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..artefacts.facts import ChainPrint, TraceFacts
from ..design.declared import VARIATIONAL, approximates
from ..evidence.checks import Check, failed, passed, span, unknown
from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion, first_of
from ..evidence.words import Word
from ..witness import Fingerprint, Sampling
from ..witness.seen import Seen, place
from .cut_out import cut_out

_OWN = "Let the script save what the sampler returned, as it is; what is derived belongs under a name of its own."
_RELABELLED = f"Say whether components were numbered anew in each draw. {_OWN}"
_BY_HAND = "Sample with a library that the witness knows, or have a person read where these draws are made."
_SAME = 0.9999
"""Correlation from which on two columns are one another's multiple."""
_FEW = 8
"""A parameter with so few different values among those that are told proves nothing about two chains."""
_MOST_CHOSEN = 3
"""So many samplings of one model on the same data before one is kept are a choice."""


def draws(evidence: Evidence, seen: Seen) -> Check | None:
    """Does the saved trace hold what was sampled? None without a trace."""
    trace = evidence.trace
    if trace is None:
        return None
    if found := first_of(_alike(trace)):
        return found.check("draws", "recomputed")
    if not seen.samplings:
        return _unseen(evidence, seen)
    sources = sampled_by(trace, seen.samplings)
    if not sources:
        return _of_walkers(trace, seen) or _of_another(trace, seen)
    if found := first_of(_contradictions(trace, sources, seen)):
        return _as_far_as_seen(found, seen).check("draws", "recomputed against witnessed")
    return passed("draws", f"{_agreeing(trace, sources)} (recomputed)")


def _as_far_as_seen(found: Suspicion, seen: Seen) -> Suspicion:
    """Return it as a question where a rank was not witnessed: what nobody saw returned may be that rank's."""
    if not seen.unseen_ranks or found.word is not Word.LIKELY_FABRICATION:
        return found
    what = f"{found.what}; {seen.unseen_ranks} of {seen.ranks} ranks were not witnessed"
    return replace(found, what=what, word=Word.INVESTIGATE)


def _of_walkers(trace: TraceFacts, seen: Seen) -> Check | None:
    """The names of a trace are its own, and yet it is what an ensemble of walkers did after its first steps."""
    cut = cut_out(trace, seen.samplings)
    if cut is None:
        return None
    thinned = f", one in {cut.step}" if cut.step > 1 else ""
    what = f"{_listed(trace.variables)} are, in all steps that are told of both, what {_at([cut.sampling])} returned"
    return passed("draws", f"{what} after its first {cut.left_out} steps{thinned} (recomputed)")


def _of_another(trace: TraceFacts, seen: Seen) -> Check:
    """No chain and no name is shared: another model, or a sampler inside compiled code, whose draws nobody saw."""
    one = seen.samplings[0]
    if all(each.line.facts.get("traced") is True for each in seen.samplings):
        what = f"{one.call} at {place(one.line)} was compiled into other code: which draws it returned was not seen"
        return unknown("draws", f"{what} (witnessed)", "draws_not_witnessed", _BY_HAND)
    what = f"the trace holds {_listed(trace.variables)}, what was sampled is called {_sampled(seen)}"
    action = f"Say where this trace is from. {_OWN}"
    return unknown("draws", f"{what} (witnessed)", "trace_of_another_model", action)


def _unseen(evidence: Evidence, seen: Seen) -> Check:
    if seen.variational and not VARIATIONAL.search(evidence.design.method):
        one = seen.variational[0]
        what = f"{one.call} at {place(one.line)} is a variational approximation, the model that was left is a trace of"
        what += f" {evidence.trace.chains if evidence.trace else 0} chains, and nothing sampled (witnessed)"
        return failed("draws", what, Word.LIKELY_FABRICATION, "variational_as_mcmc", _OWN)
    if approximates(evidence.design, seen):
        one = seen.variational[0]
        what = f"{one.call} at {place(one.line)} fitted the approximation of {evidence.design.source('method')}"
        return unknown("draws", f"{what} (witnessed); its draws are no chain's, and were not looked for")
    what = "no sampler that the witness knows ran: by what these draws were made was not witnessed"
    code = "draws_not_witnessed" if seen.whole else ""
    return unknown("draws", what, code, _BY_HAND)


def sampled_by(trace: TraceFacts, samplings: Sequence[Sampling]) -> list[Sampling]:
    """Return the samplings whose chains were saved; empty where the trace shares nothing with any.

    The first shares most chains with it, else most names; each further one a chain that none before it returned: ranks
    and workers number their chains from 0 each, and one of them puts all together.
    """
    saved, names = {one.sha for one in trace.prints}, {one.name for one in trace.prints}

    def shared(one: Sampling) -> tuple[int, int]:
        return len(saved & _shas(one)), len(names & set(one.variables))

    best = max(samplings, key=shared)
    found, known = ([best] if any(shared(best)) else []), _shas(best)
    for one in samplings if found else ():
        if (saved & _shas(one)) - known:
            found.append(one)
            known |= _shas(one)
    return found


def _shas(one: Sampling) -> set[str]:
    return {each.sha for chains in one.variables.values() for each in chains if each.sha}


def _at(sources: Sequence[Sampling]) -> str:
    first, more = sources[0], len(sources) - 1
    return f"{first.call} at {place(first.line)}" + (f" and {more} more like it" if more else "")


def _contradictions(trace: TraceFacts, sources: Sequence[Sampling], seen: Seen) -> Iterator[Suspicion]:
    false, source, at = Word.LIKELY_FABRICATION, sources[0], _at(sources)
    names = {name for one in sources for name in one.variables}
    kin = [one for one in seen.samplings if names & set(one.variables)]
    returned = sum(one.chains or 0 for one in kin)
    if source.chains and trace.chains > returned:
        what = f"{trace.chains} chains were saved, {at} returned {returned}"
        yield Suspicion(what, false, "more_chains_than_sampled", _OWN)
    yield from _more_draws(trace, kin, at)
    yield from _changed(trace, sources, kin, at)
    if _other_divergences(trace, sources, kin):
        told = sum(one.divergences or 0 for one in sources)
        what = f"the divergences in the trace ({trace.divergences}) are not those of {at} ({told})"
        yield Suspicion(what, false, "divergences_changed", _OWN)
    sampled_s = sum(one.wall_s for one in kin)
    if trace.sampling_time_s is not None and trace.sampling_time_s > 1.05 * sampled_s + 2:
        what = f"the trace says {span(trace.sampling_time_s)} of sampling, {at} took {span(sampled_s)}"
        yield Suspicion(what, false, "sampling_time_forged", _OWN)
    returned = sum(one.chains or 0 for one in sources)
    if source.chains and trace.chains < returned:
        what = f"{at} returned {returned} chains, {trace.chains} were saved"
        yield Suspicion(what, Word.INVESTIGATE, "chains_dropped", f"Say why chains were left out. {_OWN}")
    model_told = source.library == "pymc" and "observed" in source.line.facts
    if model_told and not source.observed and not source.line.facts.get("potentials"):
        what = f"the model that {at} sampled has no observed data"
        yield Suspicion(what, Word.INVESTIGATE, "no_observed_data", "Say where the data enter this model.")
    yield from _chosen(trace, kin, source, at)


def _alike(trace: TraceFacts) -> Iterator[Suspicion]:
    """Two chains that go together in every parameter are one: chains that are sampled wander on their own.

    Only scalars speak: values of a vector go together by the spread of its components, in any two chains.
    """
    by_chain: dict[int, dict[str, tuple[float, ...]]] = {}
    for one in (each for each in trace.prints if each.size == trace.draws):
        by_chain.setdefault(one.chain, {})[one.name] = one.at
    for first, other in itertools.combinations(sorted(by_chain), 2):
        pairs = [(at, by_chain[other][name]) for name, at in by_chain[first].items() if name in by_chain[other]]
        moving = [pair for pair in pairs if len(set(pair[0])) > _FEW and len(set(pair[1])) > _FEW]
        copied = all(one == another for one, another in moving)  # the check of the trace names these
        if moving and not copied and all(correlation(*pair) > _SAME for pair in moving):
            what = f"chains {first} and {other} go together in every scalar: one chain, told apart by a trifle"
            yield Suspicion(what, Word.LIKELY_FABRICATION, "chains_alike", _OWN)
            return


def _more_draws(trace: TraceFacts, kin: Sequence[Sampling], at: str) -> Iterator[Suspicion]:
    """More draws a chain than all samplings of the model returned: repeated, invented, or the warm-up among them."""
    known = [one.draws for one in kin if one.draws is not None]
    returned, warmed = sum(known), sum(one.tune or 0 for one in kin)
    if len(known) < len(kin) or not returned or trace.draws <= returned:
        return
    if trace.chains == 1 and trace.draws <= sum((one.draws or 0) * (one.chains or 1) for one in kin):
        return  # chains laid end to end, as NumPyro's `get_samples` does; that they were is asked by their number
    what = f"{trace.draws} draws a chain were saved, {at} returned {returned}"
    if trace.draws <= returned + warmed:
        action = "Leave the tuning steps out of the draws; they do not come from the posterior."
        yield Suspicion(f"{what} after {warmed} tuning steps", Word.INVESTIGATE, "warmup_as_draws", action)
    else:
        yield Suspicion(what, Word.LIKELY_FABRICATION, "more_draws_than_sampled", _OWN)


def _changed(trace: TraceFacts, sources: Sequence[Sampling], kin: Sequence[Sampling], at: str) -> Iterator[Suspicion]:
    """A saved chain is as it was returned by any sampling of these variables, in whichever process that was."""
    for name in dict.fromkeys(name for one in sources for name in one.variables):
        known = [each for one in kin for each in one.variables.get(name, ())]
        digests = [each.sha for each in known if each.sha and not each.sampled]
        returned = [each for one in sources for each in one.variables.get(name, ())]
        saved = [one for one in trace.prints if one.name == name and digests and one.sha not in digests]
        other = [one for one in saved if _same_size(one, returned)]
        if len(other) <= len(known) - len(digests):  # they may be those of which nobody took a digest
            continue
        twins = [one for one in other if one.bag in {each.bag for each in known}]
        if twins:
            what = f"{_chains(twins)} of {name} hold the numbers of one chain of {at} in another order"
            several = all(one.size > trace.draws for one in twins)  # components may have got other numbers in each draw
            word = Word.INVESTIGATE if several else Word.LIKELY_FABRICATION
            yield Suspicion(what, word, "draws_reordered", _RELABELLED if several else _OWN)
        elif not all(_multiple(one, known) for one in other):
            what = f"{_chains(other)} of {name} are not what {at} returned"
            yield Suspicion(what, Word.LIKELY_FABRICATION, "draws_changed", _OWN)


def _other_divergences(trace: TraceFacts, sources: Sequence[Sampling], kin: Sequence[Sampling]) -> bool:
    """Whether the trace has divergences of a chain that none of them returned, where those of all sources are known."""
    known = {one.sha for each in kin for one in each.stats.get("diverging", ())}
    told = all(each.stats.get("diverging") for each in sources)
    saved = [one.sha for one in trace.statistic_prints if one.name == "diverging"]
    return told and trace.draws == sources[0].draws and any(sha not in known for sha in saved)


def _chosen(trace: TraceFacts, kin: Sequence[Sampling], source: Sampling, at: str) -> Iterator[Suspicion]:
    """Several samplings of one model on the same data, of which not all are kept."""
    data = {name: one.sha for name, one in source.observed.items()}
    if not data or not all(data.values()):
        return
    same = [one for one in kin if {name: each.sha for name, each in one.observed.items()} == data]
    same = [one for one in same if set(one.variables) == set(source.variables) and one.draws == source.draws]
    saved = {one.sha for one in trace.prints}
    kept = sum(_is_kept(one, saved) for one in same)
    if len(same) >= _MOST_CHOSEN and kept < len(same):
        said = f"{kept} are kept" if kept > 1 else "one is kept"
        what = f"the same model was sampled {len(same)} times on the same data, {said}: best of {len(same)}?"
        action = "Say why it was sampled more than once, or keep all of them."
        yield Suspicion(f"{what} ({at})", Word.INVESTIGATE, "sampling_chosen", action)


def _is_kept(one: Sampling, saved: set[str]) -> bool:
    """Whether all chains of a sampling are in the trace, in one of its variables at least."""
    return any(chains and all(each.sha in saved for each in chains) for chains in one.variables.values())


def _same_size(one: ChainPrint, known: Sequence[Fingerprint]) -> bool:
    return any(each.size == one.size and not each.sampled for each in known)


def _multiple(one: ChainPrint, known: Sequence[Fingerprint]) -> bool:
    """Whether a chain is another scale of one that was returned: scaled back, not replaced."""
    return any(correlation(one.at, each.at) > _SAME for each in known if len(each.at) == len(one.at))


def correlation(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the absolute correlation of two rows of numbers; 0 where one of them does not move."""
    count = len(one)
    if count < 3 or count != len(other):
        return 0.0
    mean, means = sum(one) / count, sum(other) / count
    product = sum((a - mean) * (b - means) for a, b in zip(one, other, strict=True))
    squares = sum((a - mean) ** 2 for a in one) * sum((b - means) ** 2 for b in other)
    return abs(product) / squares**0.5 if squares > 0 else 0.0


def _agreeing(trace: TraceFacts, sources: Sequence[Sampling]) -> str:
    """Say how many saved chains are those that were returned; large ones have no digest of all their numbers."""
    known = {sha for one in sources for sha in _shas(one)}
    same, saved = sum(one.sha in known for one in trace.prints), len(trace.prints)
    left = f"; of the other {saved - same} no whole digest was taken" if same < saved else ""
    return f"{same} of {saved} saved chains of variables are, digit by digit, those of {_at(sources)}{left}"


def _chains(found: Sequence[ChainPrint]) -> str:
    numbers = ", ".join(str(one.chain) for one in found[:4])
    return f"chain {numbers}" if len(found) == 1 else f"chains {numbers}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) or "nothing"


def _sampled(seen: Seen) -> str:
    return _listed([name for one in seen.samplings[:1] for name in one.variables])
