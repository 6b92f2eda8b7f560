"""What a sampler returned, chain by chain and variable by variable, as fingerprints."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import math
from typing import Any

from .fingerprint import MOST_VALUES, as_array, fp
from .state import can_afford, numpy

MOST_VARIABLES = 200
MOST_CHAINS = 64
MOST_STATS = 16
QUANTILES = (0.025, 0.05, 0.5, 0.95, 0.975)
_MOST_PARTS, _MOST_TOLD_PARTS = 64, 256
_MOST_PREDICTED, _LEAST_ROWS, _MOST_NUMBERS = 4, 12, 1 << 23
STATS = (
    "diverging", "energy", "lp", "logp", "n_steps", "tree_depth", "step_size", "acceptance_rate", "accept", "accepted",
    "num_steps", "accept_prob", "depth", "log_marginal_likelihood", "beta", "potential_energy",
)  # fmt: skip


def of_dataset(dataset: Any, most: int = MOST_VARIABLES) -> tuple[dict[str, Any], int]:
    """Return the chains of each variable (the chain is the first dimension), and how many variables are left out."""
    names = [str(each) for each in dataset.data_vars]
    found = {name: chains(dataset[name].values) for name in names[:most]}
    return found, max(0, len(names) - most)


def of_arrays(arrays: dict[str, Any], most: int = MOST_VARIABLES) -> tuple[dict[str, Any], int]:
    """Return the same of arrays by name."""
    names = list(arrays)
    return {str(name): chains(arrays[name]) for name in names[:most]}, max(0, len(names) - most)


def chains(array: Any) -> list[Any]:
    """Return the fingerprint of each chain; the chain is the first dimension."""
    np = numpy()
    if np is None:
        return []
    array = as_array(np, array)
    return [fp(array[chain], always=array.size < 1 << 18) for chain in range(min(len(array), MOST_CHAINS))]


def parts(variables: Any) -> dict[str, Any]:
    """Return mean and deviation of each part of vectors and tables, over all chains, by place and by coordinate.

    :param variables: a data set, or arrays by name; chains and draws are the first two dimensions.
    """
    np, told = numpy(), []
    for name in list(getattr(variables, "data_vars", variables)):
        one = variables[name]
        array, sides = getattr(one, "values", one), tuple(one.shape[2:])
        count = math.prod(sides)
        if np is None or not 1 < count <= _MOST_PARTS or array.size > _MOST_NUMBERS or array.dtype.kind not in "fiub":
            continue
        if len(told) + count > _MOST_TOLD_PARTS or not can_afford():
            break
        means, deviations = array.mean(axis=(0, 1)).reshape(-1), array.std(axis=(0, 1)).reshape(-1)
        for place, index in enumerate(np.ndindex(*sides)):
            mean, sd = float(means[place]), float(deviations[place])
            if math.isfinite(mean) and math.isfinite(sd):
                told.append([f"{name}[{','.join(map(str, index))}]", _called(one, str(name), index), mean, sd])
    return {"parts": told} if told else {}


def _called(variable: Any, name: str, index: Any) -> str:
    """Return the name of a part by the coordinates of its variable, empty where it has none."""
    try:
        dims = variable.dims[2:]
        words = [str(variable.coords[dim].values[place]) for dim, place in zip(dims, index)]  # noqa: B905 (Python 3.8)
    except (AttributeError, KeyError, IndexError):
        return ""
    return f"{name}[{','.join(words)}]"[:160]


def over_draws(arrays: dict[str, Any], before: int) -> dict[str, Any]:
    """Return what predictive draws amount to by row: their mean of each, their quantiles of those rows that are told.

    :param before: how many dimensions come before that of the rows: chains and draws, or draws alone.
    """
    np, found = numpy(), {}
    for name, array in list(arrays.items())[:_MOST_PREDICTED]:
        if np is None or not can_afford() or array.ndim != before + 1 or array.shape[-1] < _LEAST_ROWS:
            continue
        if array.size > _MOST_NUMBERS or array.dtype.kind not in "fiu":
            continue
        rows = array.reshape(-1, array.shape[-1])
        size = rows.shape[1]
        count = min(size, MOST_VALUES)
        told = rows[:, [place * (size - 1) // (count - 1) for place in range(count)]]
        if not np.isfinite(told).all():
            continue
        ends = {str(each): np.quantile(told, each, axis=0).tolist() for each in QUANTILES}
        found[str(name)] = {"mean": fp(rows.mean(axis=0, dtype="f8")), "quantiles": ends}
    return found


def stats(dataset: Any) -> dict[str, Any]:
    """Return the fingerprints of the sampler's statistics."""
    if dataset is None:
        return {}
    names = [name for name in STATS if name in dataset.data_vars][:MOST_STATS]
    return {name: chains(dataset[name].values) for name in names if dataset[name].values.dtype != object}


def group(result: Any, name: str) -> Any:
    """Return a group of an InferenceData or a DataTree as a data set, None where it has none."""
    try:
        found: Any = result[name] if name in _groups(result) else None
    except Exception:
        return None
    return found.to_dataset() if hasattr(found, "to_dataset") else found


def _groups(result: Any) -> list[str]:
    groups: Any = getattr(result, "groups", None)
    if callable(groups):
        groups = groups()
    elif groups is None:
        groups = getattr(result, "children", ())
    return [str(each).strip("/") for each in groups]


def total(array: Any) -> Any:
    """Return the sum of a statistic as a whole number, None where there is none."""
    return None if array is None or (not can_afford() and array.size > 1 << 22) else int(array.sum())
