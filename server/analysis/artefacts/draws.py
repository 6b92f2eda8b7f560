"""The draws of a posterior that are looked at: read in blocks, as one array of chains x draws x parameters."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from .coordinates import Coordinates
from .selecting import Selection, blocks, shares
from .sources import Group, Variable

MOST_PARAMETERS = 1000
MOST_VALUES = 8_000_000
"""Chains x draws x parameters that are judged: 64 MB. Reading and judging 4 x 1000 x 1000 took 3.7 s of CPU time, 4 x
20000 x 100 took 5.4 s (children's rusage around read_container, Python 3.11, arviz-stats 0.8)."""

Values = npt.NDArray[np.float64]


@dataclass(slots=True)
class Draws:
    """What was read. `values` has the shape (chains, draws, parameters looked at)."""

    values: Values
    names: list[str] = field(default_factory=list[str])
    called: list[str] = field(default_factory=list[str])
    """By coordinates, one of each name; empty texts where there are none."""
    variables: tuple[str, ...] = ()
    parameters: int = 0
    notes: list[str] = field(default_factory=list[str])

    @property
    def chains(self) -> int:
        """Number of chains."""
        return int(self.values.shape[0])

    @property
    def length(self) -> int:
        """Draws per chain."""
        return int(self.values.shape[1])


def read_draws(posterior: Group) -> Draws:
    """Read the parameters of a posterior, all or an evenly spread part of them.

    :raises ValueError: if it holds no variable of numbers with chains and draws.
    """
    usable_ones = {name: one for name, one in sorted(posterior.variables.items()) if usable(one)}
    if not usable_ones:
        raise ValueError("the posterior holds no variable with chains and draws")
    chains, length = _lengths(next(iter(usable_ones.values())))
    same = {name: one for name, one in usable_ones.items() if _lengths(one) == (chains, length)}
    sizes = {name: math.prod(_rest(one)) for name, one in same.items()}
    most = min(MOST_PARAMETERS, MOST_VALUES // max(1, chains * length))
    draws = Draws(np.empty((chains, length, 0)), variables=tuple(same), parameters=sum(sizes.values()))
    parts: list[Values] = []
    coordinates = Coordinates(posterior)
    for name, quota in sorted(shares(sizes, most).items()):
        dims = [dim for axis, dim in enumerate(same[name].dims) if axis not in _places(same[name])]
        for indices, part in _columns(same[name], quota):
            draws.names += [_label(name, one, _rest(same[name])) for one in indices]
            draws.called += [coordinates.label(name, dims, one, _rest(same[name])) for one in indices]
            parts.append(part)
    if parts:
        draws.values = np.concatenate(parts, axis=2)
    _say_what_is_missing(draws, posterior, same)
    return draws


def usable(variable: Variable) -> bool:
    """Whether a variable holds numbers with chains and draws."""
    dims = variable.dims
    named = {"chain", "draw"} <= set(dims) if any(dims) else len(variable.shape) >= 2
    return named and variable.kind in "fiub"


def _places(variable: Variable) -> tuple[int, int]:
    """Return the axes of chain and draw; the first two where the axes have no names."""
    return (variable.dims.index("chain"), variable.dims.index("draw")) if any(variable.dims) else (0, 1)


def _lengths(variable: Variable) -> tuple[int, int]:
    chain, draw = _places(variable)
    return variable.shape[chain], variable.shape[draw]


def _rest(variable: Variable) -> tuple[int, ...]:
    places = _places(variable)
    return tuple(length for axis, length in enumerate(variable.shape) if axis not in places)


def _columns(variable: Variable, quota: int) -> Iterator[tuple[list[int], Values]]:
    """Yield the chosen parameters of a variable in blocks, each parameter once, with their flat places."""
    rest, seen = _rest(variable), set[int]()
    for block in blocks(rest, quota):
        part = _read(variable, block)
        grid = np.arange(math.prod(rest)).reshape(rest)[block] if math.prod(rest) < 1 << 24 else _grid(rest, block)
        indices = [int(one) for one in grid.reshape(-1)]
        new = [place for place, index in enumerate(indices) if index not in seen]
        seen.update(indices)
        yield [indices[place] for place in new], part[:, :, new]


def _grid(rest: tuple[int, ...], block: Selection) -> npt.NDArray[np.int64]:
    axes: list[npt.NDArray[np.int64]] = [np.arange(int(one.start), int(one.stop)) for one in block]
    return np.asarray(np.ravel_multi_index(np.ix_(*axes), rest))


def _read(variable: Variable, block: Selection) -> Values:
    """Return a block as chains x draws x parameters."""
    chain, draw = _places(variable)
    rest = iter(block)
    whole = slice(None)
    selection = tuple(whole if axis in (chain, draw) else next(rest) for axis in range(len(variable.shape)))
    values = np.moveaxis(np.asarray(variable.read(selection)), (chain, draw), (0, 1))
    return values.astype(np.float64).reshape(*values.shape[:2], math.prod(values.shape[2:]))


def read_whole(variable: Variable) -> npt.NDArray[Any]:
    """Return all values of a variable as chains x draws x whatever else."""
    values = np.asarray(variable.read(tuple(slice(None) for _ in variable.shape)))
    return np.moveaxis(values, _places(variable), (0, 1))


def _label(name: str, index: int, rest: tuple[int, ...]) -> str:
    if not rest:
        return name[:160]
    return f"{name[:120]}[{', '.join(str(one) for one in np.unravel_index(index, rest))}]"


def _say_what_is_missing(draws: Draws, posterior: Group, read: dict[str, Variable]) -> None:
    left_out = sorted({*(set(posterior.variables) - set(read)), *posterior.left_out})
    if left_out:
        shown = ", ".join(name[:80] for name in left_out[:10])
        draws.notes.append(f"Not looked at, no numbers of this file with chains and draws: {shown}.")
    if len(draws.names) < draws.parameters:
        draws.notes.append(
            f"{len(draws.names)} of {draws.parameters} parameters were looked at: small variables whole, of the others"
            " runs of neighbours spread evenly."
        )


def identical_chains(values: Values) -> tuple[tuple[int, int], ...]:
    """Return pairs of chains, counted from 0, with the same values in all parameters looked at."""
    digests = [_digest(values[chain]) for chain in range(values.shape[0])]
    first: dict[str, int] = {}
    pairs: list[tuple[int, int]] = []
    for chain, digest in enumerate(digests):
        if digest in first:
            pairs.append((first[digest], chain))
        first.setdefault(digest, chain)
    return tuple(pairs)


def constant(values: Values) -> tuple[npt.NDArray[np.bool_], tuple[int, ...]]:
    """Return which parameters have one value throughout, and the chains in which nothing moves."""
    if 0 in values.shape:
        return np.zeros(int(values.shape[2]), dtype=np.bool_), ()
    still = (values == values[:, :1]).all(axis=1)
    throughout = still.all(axis=0) & (values[:, 0] == values[:1, 0]).all(axis=0)
    stuck = [chain for chain in range(values.shape[0]) if still.shape[1] and bool(still[chain].all())]
    return throughout, tuple(stuck)


def distinct_draws(values: Values) -> int | None:
    """Return the number of different draws in the chain with the fewest; None without draws."""
    if 0 in values.shape:
        return None
    return min(len({row.tobytes() for row in np.ascontiguousarray(chain)}) for chain in values)


def fingerprint(values: Values) -> str:
    """Return the sha256 of all draws looked at, whatever container they came from."""
    return _digest(values) if values.size else ""


def _digest(values: npt.NDArray[Any]) -> str:
    return hashlib.sha256(np.ascontiguousarray(values, dtype="<f8").tobytes()).hexdigest()
