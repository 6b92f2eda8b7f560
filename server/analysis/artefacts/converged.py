"""R-hat, effective sample sizes and BFMI, as arviz-stats computes them from arrays."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

# arviz-stats computes from arrays without xarray; with it, importing takes three times as long and 200 MB more.
for _name in ("xarray", "arviz_base"):
    sys.modules.setdefault(_name, None)  # pyright: ignore[reportArgumentType] # the documented way to hide a module

_STATS: Any = import_module("arviz_stats.base.array").array_stats  # typed in part

_LEAST_DRAWS = 4
_SLICE = 50
_TAILS = (0.05, 0.95)
"""Vehtari et al. 2021, section 4.3; what ArviZ 0 takes as well."""

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Convergence:
    """The worst figures of all parameters judged; None where there was nothing to compute them from."""

    rhat_max: float | None = None
    ess_bulk_min: float | None = None
    ess_tail_min: float | None = None
    bfmi_min: float | None = None
    worst_parameter: str = ""
    notes: tuple[str, ...] = ()


def convergence(values: Values, names: list[str], judged: npt.NDArray[np.bool_], energy: Values | None) -> Convergence:
    """Judge draws of the shape (chains, draws, parameters).

    :param judged: which parameters; those that never move or are not finite have no R-hat.
    :param energy: (chains, draws), for BFMI.
    """
    notes: list[str] = []
    if values.shape[1] < _LEAST_DRAWS:
        return Convergence(notes=(f"Fewer than {_LEAST_DRAWS} draws cannot be judged.",))
    chosen = [place for place in range(len(names)) if judged[place]]
    if not chosen:
        notes.append("No parameter moves and is finite, so there is no R-hat and no effective sample size.")
        return Convergence(bfmi_min=_bfmi(energy), notes=tuple(notes))
    rhat = rhats(values, chosen)
    worst = int(np.nanargmax(rhat)) if np.isfinite(rhat).any() else None
    return Convergence(
        rhat_max=None if worst is None else float(rhat[worst]),
        ess_bulk_min=_least(_each(_STATS.ess, values, chosen, "bulk")),
        ess_tail_min=_least(_each(_STATS.ess, values, chosen, "tail", prob=_TAILS)),
        bfmi_min=_bfmi(energy),
        worst_parameter="" if worst is None else names[chosen[worst]],
        notes=tuple(notes),
    )


def rhats(values: Values, chosen: list[int]) -> Values:
    """Return the rank-normalised R-hat of the parameters that were chosen; NaN where there are too few draws."""
    few = values.shape[1] < _LEAST_DRAWS
    return np.full(len(chosen), np.nan) if few else _each(_STATS.rhat, values, chosen, "rank")


def _each(function: Callable[..., Values], values: Values, chosen: list[int], method: str, **more: object) -> Values:
    with np.errstate(all="ignore"):
        found = [
            function(values[:, :, part], chain_axis=0, draw_axis=1, method=method, **more)
            for part in (chosen[begin : begin + _SLICE] for begin in range(0, len(chosen), _SLICE))
        ]
    return np.where(np.isfinite(joined := np.concatenate(found)), joined, np.nan)


def _least(values: Values) -> float | None:
    return float(np.nanmin(values)) if np.isfinite(values).any() else None


def _bfmi(energy: Values | None) -> float | None:
    if (
        energy is None or energy.ndim != 2 or energy.shape[1] < _LEAST_DRAWS or not np.isfinite(energy).all()
    ):  # chains and draws
        return None
    with np.errstate(all="ignore"):
        return _least(np.atleast_1d(_STATS.bfmi(energy, chain_axis=0, draw_axis=1)))
