"""Draws described as the witness describes what a sampler returned (docs/witness.md, "A fingerprint of numbers")."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .draws import read_whole, usable
from .facts import ChainPrint
from .interval_facts import MOST_WITH_INTERVALS, densest, quantiles
from .parameter_facts import ParameterFigures
from .sources import Group, Variable

MOST_PRINTS = 400
MOST_FIGURES = 2000
MOST_WITH_DRAWS = 50
FIRST_DRAWS = 64
_MOST_NUMBERS = 1 << 21
"""Of one variable in one chain; a larger one is not described, as the witness takes samples of it."""
_MOST_READ = 24_000_000
_PLACES = 32
_STATISTICS = ("diverging", "energy")

Values = npt.NDArray[np.float64]


def chains(posterior: Group) -> tuple[ChainPrint, ...]:
    """Return each chain of each variable that is small enough."""
    return _prints({name: one for name, one in posterior.variables.items() if usable(one)})


def statistics(group: Group | None) -> tuple[ChainPrint, ...]:
    """Return each chain of the statistics that the witness keeps too."""
    known = {} if group is None else {name: one for name, one in group.variables.items() if name in _STATISTICS}
    return _prints({name: one for name, one in known.items() if one.kind in "fiub" and len(one.shape) == 2})


def figures(values: Values, names: list[str], called: list[str]) -> tuple[ParameterFigures, ...]:
    """Return mean, deviation and, of a few, quantiles and first draws of the parameters that were looked at."""
    if 0 in values.shape:
        return ()
    part = values[:, :, :MOST_FIGURES]
    means, sds = part.mean(axis=(0, 1)), part.std(axis=(0, 1), ddof=1 if part.shape[0] * part.shape[1] > 1 else 0)
    return tuple(
        ParameterFigures(
            name=name,
            mean=float(mean),
            sd=float(sd),
            first=_first(part, number),
            called=called[number],
            **_intervals(part, number),
        )
        for number, (name, mean, sd) in enumerate(zip(names, means, sds, strict=False))
        if math.isfinite(mean) and math.isfinite(sd)
    )


def _intervals(values: Values, number: int) -> dict[str, Any]:
    if number >= MOST_WITH_INTERVALS:
        return {}
    draws = values[:, :, number].reshape(-1)
    return {"quantiles": quantiles(draws), "hdis": densest(draws)}


def _first(values: Values, number: int) -> tuple[float, ...]:
    return tuple(float(one) for one in values[0, :FIRST_DRAWS, number]) if number < MOST_WITH_DRAWS else ()


def _prints(variables: Mapping[str, Variable]) -> tuple[ChainPrint, ...]:
    found: list[ChainPrint] = []
    left = _MOST_READ
    for name, variable in sorted(variables.items(), key=lambda one: (math.prod(one[1].shape), one[0])):
        size = math.prod(variable.shape)
        if size == 0 or size > left or size // variable.shape[0] > _MOST_NUMBERS or len(found) >= MOST_PRINTS:
            continue
        left -= size
        found += _of_variable(name, read_whole(variable))
    return tuple(found[:MOST_PRINTS])


def _of_variable(name: str, values: npt.NDArray[Any]) -> Iterator[ChainPrint]:
    for chain, draws in enumerate(values):
        flat = np.ascontiguousarray(draws, dtype="<f8").reshape(-1)
        at = (
            flat[[index * (flat.size - 1) // (_PLACES - 1) for index in range(_PLACES)]]
            if flat.size > _PLACES
            else flat
        )
        yield ChainPrint(
            name=name[:120],
            chain=chain,
            size=int(flat.size),
            sha=hashlib.sha256(flat.tobytes()).hexdigest()[:32],
            bag=f"{int(flat.view('<u8').sum(dtype=np.uint64)):016x}",
            at=tuple(float(one) for one in at) if np.isfinite(at).all() else (),
        )
