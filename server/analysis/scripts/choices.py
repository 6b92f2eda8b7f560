"""What the phase decides: which figures and texts the full run gets, in their order. Pure.

Elsewhere figures count without their order. Here it has to count, as no quick run shows which of two is whose.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeGuard

from . import neutral
from .names import constant
from .phases import is_full
from .values import Known, Scalar

Statement = ast.Assign | ast.AnnAssign | ast.Expr | ast.Return
_PHASES = {"quick", "full"}
SIGN = "|"
"""Between the name, the arm and the figures of a choice."""


def arms(test: ast.expr) -> tuple[str, str]:
    """Return for which phase both arms of a condition are, however the condition is turned."""
    full = is_full(test)
    return ("then", "else") if full is None else ("full", "quick") if full else ("quick", "full")


def of_table(node: ast.Subscript) -> ast.IfExp | None:
    """Return `{"quick": a, "full": b}[phase]` as the condition that it is; None for every other lookup."""
    table = node.value
    if not isinstance(table, ast.Dict) or len(table.keys) != len(_PHASES):
        return None
    said = {key.value: value for key, value in zip(table.keys, table.values, strict=True) if _is_phase(key)}
    if said.keys() != _PHASES:
        return None
    full = ast.Constant("full")
    test = ast.Compare(left=node.slice, ops=[ast.Eq()], comparators=[full])
    made = ast.IfExp(test=test, body=said["full"], orelse=said["quick"])
    for one in (full, test, made):
        ast.copy_location(one, node)
    return made


def asks_phase(test: ast.expr | None) -> bool:
    """Whether a condition compares something with the name of a phase, and nothing else."""
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.ops[0], ast.Eq | ast.NotEq):
        return False
    return sum(_is_phase(one) for one in (test.left, *test.comparators)) == 1


def is_flag(target: ast.expr, value: ast.expr) -> bool:
    """Whether a name says for which phase it is true, and is given exactly that."""
    return asks_phase(value) and is_full(target) is is_full(value)


def are_figures(some: Sequence[ast.AST], constants: Mapping[str, Scalar]) -> bool:
    """Whether expressions are known figures or texts, or statements give such to plain names."""
    return all(
        isinstance(constant(one, constants), Known)
        if isinstance(one, ast.expr)
        else isinstance(one, ast.Assign)
        and all(isinstance(target, ast.Name) for target in one.targets)
        and isinstance(constant(one.value, constants), Known)
        for one in some
    )


def _is_phase(key: ast.expr | None) -> TypeGuard[ast.Constant]:
    return isinstance(key, ast.Constant) and key.value in _PHASES


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
