"""What the phase decides: which figures and texts the full run gets, in their order. Pure.

Elsewhere figures count without their order. Here it has to count, as no quick run shows which of two is whose.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TypeGuard

from . import neutral
from .names import Names, constant, imported_from
from .phases import is_full
from .program import Unit
from .values import Known, Scalar

Statement = ast.Assign | ast.AnnAssign | ast.Expr | ast.Return
_PHASES = {"quick", "full"}
_VARIABLE = "WATCHKEEPER_PHASE"
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


def phase_names(units: Iterable[Unit], names: Names) -> frozenset[str]:
    """Return the names that are bound to the phase as it was given to the run, and to nothing else anywhere."""
    given: Counter[str] = Counter()
    for unit in units:
        for node in ast.walk(unit.tree) if unit.tree is not None else ():
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and _reads_phase(node.value):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                bound = [one.id for one in targets if isinstance(one, ast.Name)]
                given.update(one for one in bound if imported_from(one, unit.path, names))
    shared = Counter(name for (_, name), targets in names.imports.items() for _ in targets)
    return frozenset(name for name, times in given.items() if names.bound[name] - shared[name] == times)


def _reads_phase(node: ast.expr) -> bool:
    """Whether an expression is `os.environ["WATCHKEEPER_PHASE"]`, written in any of the usual ways."""
    if isinstance(node, ast.Subscript):
        return neutral.last_name(node.value) == "environ" and _is_of_system(node) and _is_variable(node.slice)
    if not isinstance(node, ast.Call):
        return False
    called = neutral.last_name(node.func)
    if isinstance(node.func, ast.Attribute) and called in {"lower", "strip"} and not (node.args or node.keywords):
        return _reads_phase(node.func.value)
    return called in {"get", "getenv"} and _is_of_system(node) and any(map(_is_variable, node.args[:1]))


def _is_of_system(node: ast.expr) -> bool:
    return neutral.first_name(node) in {"os", "environ", "getenv"}


def _is_variable(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == _VARIABLE


def asks_phase(test: ast.expr | None, phase: Collection[str]) -> bool:
    """Whether a condition compares the phase with the name of one, and does nothing else.

    :param phase: names that are bound to the phase and to nothing else. Of anything else (`PHASE.upper()`, a walrus,
        another variable) nobody knows that it is ever equal.
    """
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.ops[0], ast.Eq | ast.NotEq):
        return False
    asked = [one for one in (test.left, *test.comparators) if not _is_phase(one)]
    return len(asked) == 1 and ((isinstance(asked[0], ast.Name) and asked[0].id in phase) or _reads_phase(asked[0]))


def is_flag(targets: Sequence[ast.expr], value: ast.expr, phase: Collection[str]) -> bool:
    """Whether all names that are given a value say for which phase it is true."""
    return asks_phase(value, phase) and all(is_full(one) is is_full(value) for one in targets)


def are_figures(some: Sequence[ast.AST], constants: Mapping[str, Scalar]) -> bool:
    """Whether expressions are known figures or texts but no paths, or statements give such to plain names."""
    return all(
        _is_figure(one, constants)
        if isinstance(one, ast.expr)
        else isinstance(one, ast.Assign)
        and all(isinstance(target, ast.Name) for target in one.targets)
        and _is_figure(one.value, constants)
        for one in some
    )


def _is_figure(node: ast.expr, constants: Mapping[str, Scalar]) -> bool:
    return isinstance(constant(node, constants), Known) and bool(_said(node, constants))


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


def figures(node: ast.expr, constants: Mapping[str, Scalar], *, paths: bool = False) -> str:
    """Return the figures and texts of an expression in their order, named arguments by their name.

    :param paths: whether a path that is all that there is counts, by its last part.
    """
    known = constant(node, constants) if paths else None
    if isinstance(known, Known) and isinstance(known.data, str) and neutral.is_path(known.data):
        return neutral.last_part(known.data)
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
        given = [one for one in neutral.named_arguments(node) if not neutral.says_how(one.arg, called, telling)]
        named = sorted((one.arg or "", said) for one in given for said in _said(one.value, constants))
        plain = [said for one in (node.func, *node.args) for said in _said(one, constants)]
        return [*plain, *(f"{name}={said}" for name, said in named)]
    return [said for one in ast.iter_child_nodes(node) for said in _said(one, constants)]


def words(said: str) -> set[str]:
    """Return the figures and texts of a choice, without the names of arguments."""
    return {one.rpartition("=")[2] for one in said.split(", ")}
