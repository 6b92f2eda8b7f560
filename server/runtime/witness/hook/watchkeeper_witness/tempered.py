"""By which constant, or by which weight of each row, a log-likelihood in a `pm.Potential` is multiplied.

A likelihood times 0.1 is that of a tenth of the rows. What is no logarithm of a density (a penalty, a constraint) may
be multiplied by anything, and a square has its half: only what takes a logarithm, or was made by `pm.logp`, counts.
"""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from .captured import LEAST_VALUES
from .fingerprint import fp
from .state import numpy

_THROUGH = frozenset({"Sum", "DimShuffle", "Reshape", "SpecifyShape", "Cast", "Assert"})
_LOGARITHMS = frozenset({"Log", "Log1p", "Softplus", "LogSumExp", "GammaLn", "Log1mexp"})
_MADE_BY_LOGP = "CheckParameterValue"
_HALF = 0.5
_MOST_STEPS, _MOST_NODES = 40, 4000
_MOST_WEIGHTS = 1 << 20


def of_potentials(potentials: Any) -> dict[str, float]:
    """Return by what the data's part of each potential is multiplied, where that is not one.

    It is nought where it is for all that has data in it: a part that is switched off beside others says nothing.
    """
    found: dict[str, float] = {}
    for each in potentials:
        terms = [*_terms(each, 1.0, 0)]
        factors = [factor for factor, term in terms if _counts(factor, term)]
        if 0.0 in map(abs, factors) and any(factor and _below(term)[1] for factor, term in terms):
            factors = [factor for factor in factors if factor]
        if factors:
            found[str(each.name)[:80]] = float(f"{abs(factors[0]):.6g}")
    return found


def weights_of(potentials: Any) -> dict[str, Any]:
    """Return the row of numbers by which a potential multiplies the log-density of each row, where there is one."""
    found: dict[str, Any] = {}
    for each in potentials:
        rows = (row for _, term in _terms(each, 1.0, 0) for row in _weights(term))
        weights = next(rows, None)
        if weights is not None:
            found[str(each.name)[:80]] = fp(weights, always=True)
    return found


def pulled(potentials: Any, free: Any) -> dict[str, str]:
    """Return which potentials are a square, or a normal density, of one free variable less a number, without data."""
    found: dict[str, str] = {}
    names = {id(each): str(each.name) for each in free}
    for each in potentials:
        kinds, has_data, _ = _below(each)
        reached = _reached(each, names)
        if not has_data and len(reached) == 1 and kinds & {"Sqr", "Pow"} and kinds & {"Sub", "Add"}:
            found[str(each.name)[:80]] = reached.pop()[:80]
    return found


def _reached(term: Any, names: dict[int, str]) -> set[str]:
    """Return the free variables that a term is computed from; what these are drawn from is not looked at."""
    found: set[str] = set()
    seen: set[int] = set()
    left = [term]
    while left and len(seen) < _MOST_NODES:
        one = left.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if id(one) in names:
            found.add(names[id(one)])
        elif (apply := getattr(one, "owner", None)) is not None:
            left.extend(apply.inputs)
    return found


def _weights(term: Any) -> Iterator[Any]:
    apply = getattr(term, "owner", None)
    if apply is None or _kind(apply) != "Mul":
        return
    known = [(each, _row(each)) for each in apply.inputs]
    others = [each for each, row in known if row is None]
    densities = [each for each in others if _MADE_BY_LOGP in _below(each)[0] or _adds_a_logarithm(each)]
    if densities and len(others) == len(densities):
        yield from (row for _, row in known if row is not None)


def _constant(node: Any) -> Any:
    """Return the numbers of a constant, also of one that was cast or given more dimensions; None of anything else."""
    for _ in range(4):
        apply = getattr(node, "owner", None)
        if apply is None or _kind(apply) not in ("DimShuffle", "Cast"):
            break
        node = apply.inputs[0]
    np, value = numpy(), _value(node)
    if np is None or value is None or getattr(node, "owner", None) is not None:
        return None
    return np.asarray(value)


def _row(node: Any) -> Any:
    """Return a constant that has a number for each row, not all the same; None of anything else."""
    array = _constant(node)
    if array is None:
        return None
    told = array.dtype.kind in "iuf" and LEAST_VALUES <= array.size <= _MOST_WEIGHTS
    return array.reshape(-1) if told and bool((array != array.flat[0]).any()) else None


def _terms(node: Any, factor: float, depth: int) -> Iterator[tuple[float, Any]]:
    """Yield what is added up, each with the constant before it."""
    apply = getattr(node, "owner", None)
    if apply is None or depth > _MOST_STEPS:
        yield factor, node
        return
    kind, inputs = _kind(apply), apply.inputs
    if kind in _THROUGH:
        yield from _terms(inputs[0], factor, depth + 1)
    elif kind == "Neg":
        yield from _terms(inputs[0], -factor, depth + 1)
    elif kind in ("Add", "Sub") and abs(factor) == 1:
        for each in inputs:
            yield from _terms(each, factor, depth + 1)
    elif kind == "Mul":
        others = [each for each in inputs if _number(each) is None]
        numbers = [number for each in inputs if (number := _number(each)) is not None]
        if len(others) == 1 and numbers:
            yield from _terms(others[0], factor * math.prod(numbers), depth + 1)
        else:
            yield factor, node
    elif kind == "TrueDiv" and (divisor := _number(inputs[1]) or _count(inputs)):
        yield from _terms(inputs[0], factor / divisor, depth + 1)
    else:
        yield factor, node


def _counts(factor: float, term: Any) -> bool:
    """Whether it is the log-density of data, and the constant none that such a density has of itself."""
    if not math.isfinite(factor) or abs(factor) == 1:
        return False
    kinds, has_data, has_variables = _below(term)
    by_hand = abs(factor) < 1 and abs(factor) != _HALF and _adds_a_logarithm(term)
    return has_data and has_variables and (_MADE_BY_LOGP in kinds or by_hand)


def _adds_a_logarithm(term: Any) -> bool:
    """Whether a logarithm, or a multiple of one, is added up in it: what a density is normalised by."""
    apply = getattr(term, "owner", None)
    if apply is None or _kind(apply) not in ("Add", "Sub"):
        return False
    parts = [part for each in apply.inputs for _, part in _terms(each, 1.0, 0)]
    owners = [owner for part in parts if (owner := getattr(part, "owner", None)) is not None]
    factors = [getattr(each, "owner", None) for owner in owners if _kind(owner) == "Mul" for each in owner.inputs]
    return any(each is not None and _kind(each) in _LOGARITHMS for each in (*owners, *factors))


def _below(term: Any) -> tuple[set[str], bool, bool]:
    """Return the operations that a term is made of, and whether there are data and variables among its inputs."""
    kinds: set[str] = set()
    seen: set[int] = set()
    left, has_data, has_variables = [term], False, False
    while left and len(seen) < _MOST_NODES:
        one = left.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        apply = getattr(one, "owner", None)
        if apply is not None:
            kinds.add(_kind(apply))
            has_variables = has_variables or hasattr(apply.op, "ndims_params") or hasattr(apply.op, "ndim_supp")
            left.extend(apply.inputs)
        elif (value := _value(one)) is not None and getattr(value, "size", 0) >= LEAST_VALUES:
            has_data = True
    return kinds, has_data, has_variables


def _kind(apply: Any) -> str:
    """Return the name of an operation; of one that is made for each element, that of the scalar's."""
    op = apply.op
    return type(getattr(op, "scalar_op", None) or op).__name__ if type(op).__name__ == "Elemwise" else type(op).__name__


def _value(node: Any) -> Any:
    value = getattr(node, "data", None)
    return value if value is not None or not hasattr(node, "get_value") else node.get_value(borrow=True)


def _number(node: Any) -> float | None:
    """Return a constant that is one number, also one that is repeated for each row."""
    array = _constant(node)
    if array is None:
        return None
    if array.dtype.kind not in "iuf" or not array.size or not bool((array == array.flat[0]).all()):
        return None
    return float(array.flat[0])


def _count(inputs: Any) -> float | None:
    """Return how many values a mean divides by, as far as the shape is known."""
    summed = getattr(inputs[0], "owner", None)
    if summed is None or _kind(summed) != "Sum" or "Shape" not in " ".join(_below(inputs[1])[0]):
        return None
    shape = getattr(summed.inputs[0].type, "shape", ())
    return float(math.prod(shape)) if shape and None not in shape else None
