"""Were variables or draws that tell against a sampling left out of the trace that was saved? Pure.

Mean and deviation of each chain, as it was returned, are witnessed: whether chains agree is seen without the draws.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import fmean, variance

from ..artefacts.facts import TraceFacts
from ..counted.drawn import sampled_by
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Fingerprint, Sampling
from ..witness.seen import Seen, place

MOST_RHAT = 1.1
"""The potential scale reduction above which chains are not taken for samples of one distribution."""
_LEAST_DRAWS = 100
_MARKOV = frozenset({"mcmc"})


def left_out_of_trace(seen: Seen, trace: TraceFacts | None) -> Iterator[Suspicion]:
    """Yield free variables whose chains disagree and that the trace does not have, and divergent draws that it lost."""
    if trace is None:
        yield from _without_trace(seen)
        return
    for one in sampled_by(trace, seen.samplings) if seen.samplings else ():
        yield from _variables(one, trace)
        yield from _divergent(one, trace)


def _without_trace(seen: Seen) -> Iterator[Suspicion]:
    """Judge the latest sampling of each model by its chains' figures, where no draws were saved that can be read."""
    latest = {(*one.free,): one for one in seen.samplings if one.method in _MARKOV and one.free}
    for one in latest.values():
        told = {name: rhat for name in one.free if (rhat := disagreement(one.variables.get(name, ()))) is not None}
        worst = max(told, key=lambda name: told[name], default="")
        if worst and told[worst] > MOST_RHAT:
            what = f"the chains of {worst}, sampled at {place(one.line)}, do not agree: R-hat {told[worst]:.2f} by mean"
            action = (
                "Sample until all chains agree (tuning, target_accept, another form of the model), and save the draws."
            )
            yield Suspicion(f"{what} and deviation of each", Word.INVESTIGATE, "chains_disagree", action)
            return


def _variables(one: Sampling, trace: TraceFacts) -> Iterator[Suspicion]:
    missing = [name for name in one.free if name not in trace.variables] if one.method in _MARKOV else []
    told = {name: rhat for name in missing if (rhat := disagreement(one.variables.get(name, ()))) is not None}
    worst = max(told, key=lambda name: told[name], default="")
    if worst and told[worst] > MOST_RHAT:
        what = f"variable {worst} was sampled at {place(one.line)} and is not in the trace, and its chains do not agree"
        what = f"{what}: R-hat {told[worst]:.2f} by the mean and deviation of each"
        action = "Save every variable that was sampled, and judge convergence by all of them; or sample longer."
        yield Suspicion(what, Word.INVESTIGATE, "unconverged_left_out", action)


def disagreement(chains: tuple[Fingerprint, ...]) -> float | None:
    """Return the R-hat of a scalar's chains by their means and deviations; None where these are not told."""
    known = [one for one in chains if len(one.shape) == 1 and one.mean is not None and one.sd is not None]
    draws = min((one.size for one in known), default=0)
    if len(known) < 2 or len(known) < len(chains) or draws < _LEAST_DRAWS:
        return None
    within = fmean((one.sd or 0.0) ** 2 for one in known) * draws / (draws - 1)
    between = variance([one.mean or 0.0 for one in known])
    return math.sqrt((draws - 1) / draws + between / within) if within > 0 else None


def _divergent(one: Sampling, trace: TraceFacts) -> Iterator[Suspicion]:
    """Fewer draws than were returned, and none of those that diverged; a trace that is thinned keeps some share."""
    returned, kept = one.draws or 0, trace.draws
    fewer = 0 < kept < returned and returned % kept and -(-returned // max(1, returned // kept)) != kept
    if fewer and one.divergences and trace.divergences == 0 and kept > returned / 2:
        what = f"{one.call} at {place(one.line)} returned {returned} draws a chain, {one.divergences} of all divergent;"
        what = f"{what} the trace has {kept} a chain, and none that is"
        action = (
            "Keep the draws that diverged and tell how many; sample again (target_accept, another form of the model)."
        )
        yield Suspicion(what, Word.INVESTIGATE, "divergent_draws_left_out", action)
