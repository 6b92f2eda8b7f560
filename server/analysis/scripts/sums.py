"""How a script writes sums: what is added up, averaged, counted, and whether a logarithm is among it. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from . import neutral

_LOGARITHMS = frozenset({
    *("log", "log1p", "log2", "log10", "logaddexp", "softplus", "gammaln", "lgamma", "betaln", "logsumexp", "xlogy"),
    *("log_sigmoid", "log_expit", "logsigmoid", "log_ndtr", "exp", "expm1"),
})  # fmt: skip
SUMS = frozenset({"sum", "nansum", "fsum", "dot", "vdot", "einsum"})
MEANS = frozenset({"mean", "nanmean", "average"})
THROUGH = frozenset({"float", "asarray", "array", "squeeze", "nan_to_num", "atleast_1d", "ravel"})


def of_reduction(node: ast.Call) -> ast.expr | None:
    """Return what `np.sum(x)`, `sum(x)` or `x.sum()` is of."""
    if node.args:
        return node.args[0]
    return node.func.value if isinstance(node.func, ast.Attribute) else None


def summed(node: ast.expr) -> ast.expr:
    """Return what sums and means are of, else the expression itself."""
    while isinstance(node, ast.Call) and neutral.last_name(node.func) in SUMS | MEANS | THROUGH:
        inside = of_reduction(node)
        if inside is None:
            break
        node = inside
    return node


def is_sum(node: ast.AST) -> bool:
    """Whether something is added up: a sum, a product of matrices."""
    return (isinstance(node, ast.Call) and neutral.last_name(node.func) in SUMS) or (
        isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)
    )


def counts_rows(node: ast.expr) -> bool:
    """Whether it is how many rows there are: `len(y)`, `y.size`, `y.shape[0]`."""
    if isinstance(node, ast.Call):
        return neutral.last_name(node.func) == "len"
    base = node.value if isinstance(node, ast.Subscript) else node
    return isinstance(base, ast.Attribute) and base.attr in ("size", "shape")


def added(node: ast.expr) -> Iterator[ast.expr]:
    """Yield what plus and minus signs connect."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        yield from (*added(node.left), *added(node.right))
    else:
        yield node


def has_a_logarithm(node: ast.expr) -> bool:
    """Whether it is a logarithm or an exponential, or a multiple or a sum of one."""
    match node:
        case ast.UnaryOp(operand=inside):
            return has_a_logarithm(inside)
        case ast.BinOp(op=ast.Mult() | ast.Div(), left=left, right=right):
            return has_a_logarithm(left) or has_a_logarithm(right)
        case ast.Call() if neutral.last_name(node.func) in SUMS | MEANS:
            return has_a_logarithm(summed(node))
        case ast.Call():
            return neutral.last_name(node.func) in _LOGARITHMS
        case _:
            return False
