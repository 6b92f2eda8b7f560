"""What is told of predicted classes beside their fingerprint: of each class and of the surest one, in any order."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import math
from typing import Any

from .fingerprint import as_array
from .state import can_afford, numpy

_MOST_CLASSES = 32
_MOST_NUMBERS = 1 << 20


def classes(result: Any) -> dict[str, Any]:
    """Return figures of each column of probabilities and of the largest of each row, or how often each label came."""
    np = numpy()
    if np is None or not can_afford():
        return {}
    try:
        array = as_array(np, result)
        if not 0 < array.size <= _MOST_NUMBERS:
            return {}
        if array.ndim == 2 and array.dtype.kind == "f" and 1 < array.shape[1] <= _MOST_CLASSES:
            with np.errstate(all="ignore"):
                columns = [_figures(array[:, one]) for one in range(array.shape[1])]
                return {"each": columns, "largest": _figures(array.max(axis=1))}
        flat = array.reshape(-1) if array.ndim == 1 or array.shape[1:] == (1,) else None
        return {} if flat is None else _counts(np, flat)
    except Exception:
        return {}


def _figures(column: Any) -> dict[str, Any]:
    """Return mean, deviation, least and most; of numbers that are not all finite none, which a line cannot hold."""
    column = column.astype("f8")
    told = {"mean": column.mean(), "sd": column.std(), "min": column.min(), "max": column.max()}
    finite = {name: float(value) for name, value in told.items()} if all(map(math.isfinite, told.values())) else {}
    return {"shape": [len(column)], **finite}


def _counts(np: Any, labels: Any) -> dict[str, Any]:
    """Return how often each label came, the rarest first; nothing of what is no label."""
    if labels.dtype.kind == "f" and not (labels[:64] == np.round(labels[:64])).all():
        return {}
    if labels.dtype.kind == "O":
        labels = labels.astype(str)
    if labels.dtype.kind not in "biufUS" or len(np.unique(labels[:1000])) > _MOST_CLASSES:
        return {}
    _, counts = np.unique(labels, return_counts=True)
    return {"counts": sorted(int(one) for one in counts)} if len(counts) <= _MOST_CLASSES else {}
