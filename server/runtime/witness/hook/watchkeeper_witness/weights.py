"""Weights of a network: fingerprints of all tensors, and how far they moved since the beginning."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import ctypes
import math
import sys
from typing import Any

from .fingerprint import MOST_NUMBERS, MOST_VALUES, as_array, fp
from .state import numpy
from .writer import sha256

SAMPLED = 1 << 14
MOST_PARTS = 200
LARGE = 1 << 24
"""From so many numbers on only a sample of each tensor is brought over and described."""
PART_NUMBERS = 1 << 12


class Sample:
    """Some numbers of the parameters, as they were at the beginning; torch's own arithmetic, as NumPy may be absent."""

    def __init__(self, tensors: list[Any]) -> None:
        total = sum(int(each.numel()) for each in tensors)
        self.every = max(1, math.ceil(total / SAMPLED))
        self.begun = self._some(tensors)

    def _some(self, tensors: list[Any]) -> list[float]:
        """Plain numbers: a tensor that is kept until the interpreter goes makes torch abort."""
        found: list[float] = []
        for each in tensors:
            found.extend(each.detach().reshape(-1)[:: self.every].double().cpu().tolist())
        return found

    def moved(self, tensors: list[Any]) -> dict[str, Any]:
        """Return how far the sampled numbers are from the beginning, and the share of them that differ.

        `moved_sizes` tells of how many numbers the tensors are that differ anywhere: [numbers, how many such tensors].
        """
        now = self._some(tensors)
        if not now or len(now) != len(self.begun):
            return {}
        distance = math.sqrt(sum((a - b) ** 2 for a, b in zip(now, self.begun)))  # noqa: B905 (Python 3.8)
        share = sum(a != b for a, b in zip(now, self.begun)) / len(now)  # noqa: B905 (the same)
        found: dict[str, Any] = {"moved": round(distance, 9) if math.isfinite(distance) else -1.0}
        return {**found, "moved_share": round(share, 4), "moved_sizes": self._moved_sizes(tensors, now)}

    def _moved_sizes(self, tensors: list[Any], now: list[float]) -> list[list[int]]:
        sizes: dict[int, int] = {}
        at = 0
        for each in tensors:
            size = int(each.numel())
            end = at + -(-size // self.every)
            if now[at:end] != self.begun[at:end]:
                sizes[size] = sizes.get(size, 0) + 1
            at = end
        return [[size, count] for size, count in sizes.items()][:MOST_PARTS]


def _without_numpy(tensors: list[Any], *, parts: bool) -> Any:
    """Return the same fingerprint by torch alone, for a training that has not imported NumPy."""
    torch = sys.modules["torch"]
    flats = [each.detach().reshape(-1).double().cpu().contiguous() for each in tensors]
    flat = torch.cat(flats).contiguous()
    size = int(flat.numel())
    if not size:
        return None
    places = range(size) if size <= MOST_VALUES else [i * (size - 1) // (MOST_VALUES - 1) for i in range(MOST_VALUES)]
    values = [float(flat[place]) for place in places]
    found = {"shape": [size], "dtype": "float64", "sha": _sha(flat)}
    found["bag"] = f"{int(flat.view(torch.int64).sum()) & (2**64 - 1):016x}"
    if math.isfinite(float(flat.sum())):
        found.update({"mean": float(flat.mean()), "sd": float(flat.std(unbiased=False))})
        found.update({"min": float(flat.min()), "max": float(flat.max())})
    found["at"] = [value if math.isfinite(value) else None for value in values]
    return {**found, "parts": [_sha(each) for each in flats[:MOST_PARTS]]} if parts else found


def _sha(flat: Any) -> str:
    return sha256(ctypes.string_at(flat.data_ptr(), int(flat.numel()) * 8)).hexdigest()[:32]


def of_tensors(tensors: list[Any], *, parts: bool = False, names: list[str] | None = None) -> Any:
    """Return the fingerprint of all tensors as one flat array, with the digests of each where `parts` is set."""
    np = numpy()
    if not tensors:
        return None
    total = sum(int(each.numel()) for each in tensors)
    if np is None:
        return _without_numpy(tensors, parts=parts) if total <= MOST_NUMBERS else {"shape": [total], "skipped": "error"}
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
