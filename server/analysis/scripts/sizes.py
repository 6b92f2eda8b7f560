"""What depends on how much there is or how long it takes. Pure.

A quick run, with fewer rows and steps, does not show it, nor a clock that ends a process after so long.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from . import neutral
from .names import constant
from .values import Known, Scalar

_CALLS = neutral.words_of("""
    head tail sample nlargest nsmallest islice take zip query read_sql read_sql_query execute minimum
    alarm setitimer Timer setrlimit
    """)
_ARGUMENTS = neutral.words_of("nrows n_rows max_rows max_samples maxlen timeout limit")
_ORDERS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_EQUAL = (ast.Eq, ast.NotEq)
Constants = Mapping[str, Scalar]


def by_size(test: ast.expr, constants: Constants) -> bool:
    """Whether a condition asks how much there is, how long it took or the how manieth it is."""
    return any(isinstance(one, ast.Compare) and _compares(one, constants) for one in ast.walk(test))


def _compares(node: ast.Compare, constants: Constants) -> bool:
    numbers = any(_number(one, constants) is not None for one in (node.left, *node.comparators))
    return any(isinstance(op, _ORDERS) or (numbers and isinstance(op, _EQUAL)) for op in node.ops)


def caps(node: ast.expr, constants: Constants) -> bool:
    """Whether a subscript keeps so many of the first or last: of fewer it keeps all. `x[2:]` always shows."""
    first = node.elts[0] if isinstance(node, ast.Tuple) and node.elts else node
    if not isinstance(first, ast.Slice):
        return False
    upper = _number(first.upper, constants) if first.upper is not None else -1
    lower = _number(first.lower, constants) if first.lower is not None else 0
    if upper is None and lower is None:
        return False  # `x[i : i + 64]`, a window that moves
    return upper is None or upper >= 0 or lower is None or lower < 0


def caps_call(node: ast.Call, called: str) -> bool:
    """Whether a call may take so many of what it gets: of fewer it takes all."""
    return called in _CALLS or (called == "min" and len(node.args) > 1)


def caps_argument(keyword: str | None) -> bool:
    """Whether an argument says how many at most."""
    return keyword in _ARGUMENTS


def _number(node: ast.expr, constants: Constants) -> float | None:
    known = constant(node, constants)
    data = known.data if isinstance(known, Known) else None
    return data if isinstance(data, int | float) and not isinstance(data, bool) else None
