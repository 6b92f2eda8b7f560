"""torch: of what a loss is made, as its graph tells when it goes backward: `MseLoss`, `Mean` of `Pow2` of `Sub`."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import contextlib
import re
from typing import Any

_MOST = 10
_VERSION = re.compile(r"Backward\d*$")
_WEIGHTS = ("_saved_weight", "_saved_pos_weight")
_LOSS = ("Loss", "Loss2D", "CrossEntropy", "CrossEntropyWithLogits")
_ENDS = ("Sub", "Add")
"""What lies behind a difference, or a sum of terms, is no part of how they are weighed."""


def told(loss: Any) -> dict[str, Any]:
    """Return what leads from a loss to where its graph parts, and whether weights of rows or classes are in it.

    Only before it goes backward: then the graph lets go of what it holds.
    """
    found: list[str] = []
    weighted = False
    with contextlib.suppress(Exception):  # of a subclass, or compiled
        for node in _way(loss.grad_fn):
            found.append(_name(node))
            weighted = weighted or _is_weighted(node, found[-1])
            if found[-1] in _ENDS or found[-1].endswith(_LOSS):
                break
    return {"made_of": found, **({"weighted": True} if weighted else {})} if found else {}


def _way(node: Any) -> Any:
    """Yield what each is made of, to where the graph parts."""
    for _ in range(_MOST):
        yield node
        before = {id(one): one for one, _ in node.next_functions if one is not None}
        if len(before) != 1:
            return
        node = next(iter(before.values()))


def _name(node: Any) -> str:
    name = _VERSION.sub("", str(node.name()))[:40]
    if name == "Pow":
        return f"Pow{float(node._saved_exponent):g}"
    parents = [id(one) for one, _ in node.next_functions if one is not None]
    return "Pow2" if name == "Mul" and len(parents) == 2 and len(set(parents)) == 1 else name


def _is_weighted(node: Any, name: str) -> bool:
    """Whether a loss of the library has weights, or a loss by row is multiplied by as many."""
    if any(getattr(node, one, None) is not None for one in _WEIGHTS):
        return True
    others = [getattr(node, one, None) for one in ("_saved_other", "_saved_self")] if name == "Mul" else []
    return any(one is not None and one.numel() > 1 for one in others)
