"""The draws of the parameters that mixed worst, thinned, and the ranks of each chain among all draws.

Rank plots: Vehtari et al. 2021, section 5.1: chains that mix have about as many draws in each part of the ranking.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .chain_facts import BINS, MOST_CHAINS, MOST_PARAMETERS, MOST_POINTS, ChainFacts, ParameterChains
from .converged import rhats
from .draws import constant, read_draws
from .formats import Look
from .opening import through
from .sources import Source

Values = npt.NDArray[np.float64]


def look_at(look: Look) -> ChainFacts:
    """Return how the chains of a trace look.

    :raises CannotInspectError: if it is no trace.
    :raises ValueError: if its posterior holds no variable with chains and draws.
    """
    return through(look, _drawn)


def _drawn(source: Source) -> ChainFacts:
    posterior = source.group("posterior")
    if posterior is None:
        raise ValueError("there is no posterior")
    draws = read_draws(posterior)
    values, found = draws.values, _rhats(draws.values)
    worst = sorted(range(len(draws.names)), key=lambda place: -(found[place] if np.isfinite(found[place]) else 0.0))
    at = np.unique(np.linspace(0, max(0, draws.length - 1), min(MOST_POINTS, max(1, draws.length))).round().astype(int))
    return ChainFacts(
        chains=draws.chains,
        draws=draws.length,
        parameters=draws.parameters,
        at=tuple(int(one) for one in at) if draws.length else (),
        shown=tuple(
            _parameter(draws.names[place], float(found[place]), values[:, :, place], at)
            for place in worst[:MOST_PARAMETERS]
            if draws.length
        ),
        notes=tuple(draws.notes),
    )


def _rhats(values: Values) -> Values:
    """Return the R-hat of each parameter; NaN where nothing moves or is not finite."""
    still, _ = constant(values)
    judged = np.isfinite(values).all(axis=(0, 1)) & ~still
    found = np.full(values.shape[2], np.nan)
    chosen = [int(one) for one in np.flatnonzero(judged)]
    if chosen:
        found[chosen] = rhats(values, chosen)
    return found


def _parameter(name: str, rhat: float, values: Values, at: npt.NDArray[np.int_]) -> ParameterChains:
    kept = values[:MOST_CHAINS]
    return ParameterChains(
        name=name,
        rhat=rhat if np.isfinite(rhat) else None,
        chains=tuple(tuple(float(one) if np.isfinite(one) else None for one in chain[at]) for chain in kept),
        ranks=tuple(tuple(int(one) for one in chain) for chain in ranks(values)[:MOST_CHAINS]),
    )


def ranks(values: Values) -> npt.NDArray[np.int_]:
    """Return of each chain how many draws fall into each part of the ranking of all; equal draws share their places."""
    flat = values.reshape(-1)
    order, places = np.unique(flat, return_inverse=True)
    counts = np.bincount(places.reshape(-1), minlength=len(order))
    middle = np.cumsum(counts) - (counts + 1) / 2
    share = middle[places.reshape(values.shape)] / max(1, flat.size)
    bins = np.clip((share * BINS).astype(int), 0, BINS - 1)
    return np.array([np.bincount(one, minlength=BINS) for one in bins])
