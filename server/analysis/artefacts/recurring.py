"""How much of some draws comes again: a chain that never returns to where it was, and goes on from there as before."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

_LEAST_MOVES = 200
_AXES = 3
_MIXING = np.uint64(0x9E3779B97F4A7C15)
Values = npt.NDArray[Any]


def recurring(values: Values) -> float | None:
    """Return the share of moves from one draw to a different one that were made before, in any chain.

    A move of fractions is made once; a block that is filled in again makes all of its own a second time. None where
    nothing but whole numbers is drawn, and where there are few moves.

    :param values: chains, draws and parameters.
    """
    if values.ndim != _AXES or values.dtype.kind != "f" or 0 in values.shape:
        return None
    fractions = np.isfinite(values) & (values != np.floor(values))
    if not fractions.any():
        return None
    moves = [_moves(np.ascontiguousarray(chain)) for chain in values]
    every = np.concatenate(moves)
    return None if every.size < _LEAST_MOVES else float(1.0 - np.unique(every).size / every.size)


def as_chains(values: Values) -> Values | None:
    """Return an array as chains, draws and parameters, as its sides say; None of one that cannot be draws."""
    match values.shape:
        case (chains, draws, _) if chains < draws:
            return values
        case (draws, _, _):
            return values.reshape(1, draws, -1)  # the steps of an ensemble of walkers
        case (chains, draws) if chains < draws:
            return values[:, :, None]
        case (_, _):
            return values[None]
        case (_,):
            return values[None, :, None]
        case _:
            return None


def _moves(chain: Values) -> npt.NDArray[np.uint64]:
    """Return a digest of each move of one chain: of the draw that it leaves and of the one that it comes to."""
    words = np.ascontiguousarray(chain, dtype="<f8").view("<u8").reshape(len(chain), -1)
    with np.errstate(over="ignore"):
        digests = np.zeros(len(chain), dtype=np.uint64)
        for column in words.T:
            digests = (digests ^ column) * _MIXING
            digests ^= digests >> np.uint64(29)
        at = digests[np.flatnonzero(np.diff(digests, prepend=digests[:1] + np.uint64(1)))]
        return (at[:-1] * _MIXING) ^ at[1:]
