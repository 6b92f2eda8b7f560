"""Weights of a network: fingerprints of all tensors, and how far they moved since the beginning."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import math
from typing import Any

from .fingerprint import MOST_NUMBERS, as_array, flat64, fp
from .state import numpy

SAMPLED = 1 << 14
MOST_PARTS = 200
LARGE = 1 << 24
"""From so many numbers on only a sample of each tensor is brought over and described."""
PART_NUMBERS = 1 << 12


class Sample:
    """Some numbers of the parameters, as they were at the beginning."""

    def __init__(self, tensors: list[Any]) -> None:
        total = sum(int(each.numel()) for each in tensors)
        self.every = max(1, math.ceil(total / SAMPLED))
        self.begun = self._some(tensors)

    def _some(self, tensors: list[Any]) -> Any:
        np = numpy()
        if np is None:
            return None
        parts = [as_array(np, each.detach().reshape(-1)[:: self.every]) for each in tensors if each.numel()]
        return flat64(np, np.concatenate([np.asarray(each, "<f8") for each in parts])) if parts else None

    def moved(self, tensors: list[Any]) -> dict[str, float]:
        """Return how far the sampled numbers are from the beginning, and the share of them that differ."""
        now = self._some(tensors)
        if now is None or self.begun is None or now.shape != self.begun.shape:
            return {}
        distance = float(((now - self.begun) ** 2).sum() ** 0.5)
        share = float((now != self.begun).mean())
        return {"moved": round(distance, 9) if math.isfinite(distance) else -1.0, "moved_share": round(share, 4)}


def of_tensors(tensors: list[Any], *, parts: bool = False, names: list[str] | None = None) -> Any:
    """Return the fingerprint of all tensors as one flat array, with the digests of each where `parts` is set."""
    np = numpy()
    if np is None or not tensors:
        return None
    total = sum(int(each.numel()) for each in tensors)
    if total > LARGE:
        some = [as_array(np, each.detach().reshape(-1)[:PART_NUMBERS]) for each in tensors]
        found: Any = fp(np.concatenate([np.asarray(each, "<f8") for each in some]), always=True)
        return {**found, "shape": [total], "sampled": True, "heads": PART_NUMBERS}
    arrays = [as_array(np, each.detach()).reshape(-1) for each in tensors]
    found = fp(np.concatenate([np.asarray(each, "<f8") for each in arrays]), always=total <= MOST_NUMBERS)
    if parts and found is not None and "sha" in found:
        digests = [(fp(each, always=True) or {}).get("sha", "") for each in arrays[:MOST_PARTS]]
        found["parts"] = digests
        if names is not None:
            found["names"] = [each[:80] for each in names[:MOST_PARTS]]
    return found


def tensors_in(thing: Any, name: str = "", depth: int = 0) -> dict[str, Any]:
    """Return the tensors inside of what is saved, by their path, in the order in which they stand."""
    if hasattr(thing, "numel") and hasattr(thing, "detach"):
        return {name: thing}
    found: dict[str, Any] = {}
    if depth > 6 or len(name) > 400:
        return found
    if hasattr(thing, "state_dict") and hasattr(thing, "parameters"):
        thing = thing.state_dict()
    items = thing.items() if isinstance(thing, dict) else enumerate(thing) if isinstance(thing, (list, tuple)) else ()
    for key, value in items:
        found.update(tensors_in(value, f"{name}.{key}" if name else str(key), depth + 1))
    return found
