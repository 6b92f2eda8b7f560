"""What the phase decides: which figures and texts the full run gets, in their order. Pure.

Elsewhere figures count without their order. Here it has to count, as no quick run shows which of two is whose.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from . import neutral
from .names import constant
from .phases import is_full
from .values import Known, Scalar

Statement = ast.Assign | ast.AnnAssign | ast.Expr | ast.Return
SIGN = "|"
"""Between the name, the arm and the figures of a choice."""


def arms(test: ast.expr) -> tuple[str, str]:
    """Return for which phase both arms of a condition are, however the condition is turned."""
    full = is_full(test)
    return ("then", "else") if full is None else ("full", "quick") if full else ("quick", "full")


def choices(node: Statement, name: str) -> Iterator[tuple[str, ast.expr]]:
    """Yield what a statement gives to which name; a tuple by its elements."""
    value = node.value
    target = node.targets[0] if isinstance(node, ast.Assign) else None
    target = node.target if isinstance(node, ast.AnnAssign) else target
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        for one, other in zip(target.elts, value.elts, strict=True):
            yield neutral.last_name(one) or name, other
    elif value is not None:
        called = neutral.last_name(value.func) if isinstance(value, ast.Call) else ""
        yield (neutral.last_name(target) if target is not None else called) or name, value


def figures(node: ast.expr, constants: Mapping[str, Scalar]) -> str:
    """Return the figures and texts of an expression in their order, named arguments by their name; paths are none."""
    return ", ".join(_said(node, constants))


def _said(node: ast.AST, constants: Mapping[str, Scalar]) -> list[str]:
    known = constant(node, constants) if isinstance(node, ast.expr) else None
    if isinstance(known, Known):
        data = known.data
        if isinstance(data, str):
            return [] if neutral.is_path(data) or not data.strip() else [data]
        return [f"{data:.12g}" if isinstance(data, int | float) and not isinstance(data, bool) else str(data)]
    if isinstance(node, ast.IfExp | ast.JoinedStr | ast.Lambda):  # a choice of its own; shown; done later
        return []
    if isinstance(node, ast.Call):
        called, telling = neutral.last_name(node.func), neutral.tells(node)
        given = [one for one in node.keywords if not neutral.says_how(one.arg, called, telling)]
        named = sorted((one.arg or "", said) for one in given for said in _said(one.value, constants))
        plain = [said for one in (node.func, *node.args) for said in _said(one, constants)]
        return [*plain, *(f"{name}={said}" for name, said in named)]
    return [said for one in ast.iter_child_nodes(node) for said in _said(one, constants)]


def words(said: str) -> set[str]:
    """Return the figures and texts of a choice, without the names of arguments."""
    return {one.rpartition("=")[2] for one in said.split(", ")}
