"""Are two arrays, of which only fingerprints are kept, the same data? In a domain person's words where not. Pure."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from .fingerprints import Fingerprint

_ROUNDING = 1e-5
"""Relative: what single precision and another order of adding up may make of the same numbers."""
How = Literal["rows", "columns", "shape", "values", "drawn anew"]


class Otherwise(NamedTuple):
    """In what two arrays differ. `drawn anew`: as many rows of the same table, but others of them."""

    how: How
    before: str
    after: str


def otherwise(old: Fingerprint, new: Fingerprint) -> Otherwise | None:
    """Return in what two arrays differ; None for the same numbers in any order, and where nothing was told."""
    if not old.shape and not new.shape and not (old.sha and new.sha):
        return None
    if old.shape != new.shape:
        return _shapes(old, new)
    if old.columns and new.columns and sorted(old.columns) != sorted(new.columns):
        return Otherwise("columns", ", ".join(old.columns), ", ".join(new.columns))
    if _same(old, new):
        return None
    how: How = "drawn anew" if _of_one_table(old, new) else "values"
    return Otherwise(how, _numbers(old), _numbers(new))


def _shapes(old: Fingerprint, new: Fingerprint) -> Otherwise:
    if len(old.shape) != len(new.shape) or not old.shape:
        return Otherwise("shape", _shape(old), _shape(new))
    if old.shape[0] != new.shape[0]:
        return Otherwise("rows", str(old.shape[0]), str(new.shape[0]))
    return Otherwise("columns", str(old.shape[-1]), str(new.shape[-1]))


def _same(old: Fingerprint, new: Fingerprint) -> bool:
    if not (old.sha and new.sha):  # left out of a budget: the shape is all that is known
        return True
    return old.sha == new.sha or (bool(old.bag) and old.bag == new.bag) or _close(old, new)


def _close(old: Fingerprint, new: Fingerprint) -> bool:
    """Whether both are the same numbers but for rounding."""
    pairs = [(old.mean, new.mean), (old.sd, new.sd), (old.least, new.least), (old.most, new.most)]
    if not old.at or len(old.at) != len(new.at) or any(one is None or other is None for one, other in pairs):
        return False
    scale = max(abs(old.least or 0.0), abs(old.most or 0.0), 1e-300)
    every = [*((one or 0.0, other or 0.0) for one, other in pairs), *zip(old.at, new.at, strict=True)]
    return all((math.isnan(one) and math.isnan(other)) or abs(one - other) <= _ROUNDING * scale for one, other in every)


def _of_one_table(old: Fingerprint, new: Fingerprint) -> bool:
    """Whether they have rows in common: of two draws from one table some of the smallest row hashes are the same."""
    return not {*old.row_keys}.isdisjoint(new.row_keys)


def _shape(one: Fingerprint) -> str:
    return " x ".join(map(str, one.shape)) or "one number"


def _numbers(one: Fingerprint) -> str:
    if one.mean is None or one.sd is None:
        return f"{_shape(one)} sha {one.sha[:8]}"
    return f"{_shape(one)} of mean {one.mean:.6g}, sd {one.sd:.6g}, sha {one.sha[:8]}"
