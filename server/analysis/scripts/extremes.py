"""The smaller or larger of two, however it is written: `min(a, b)`, a conditional expression, an `if`. Pure.

Also conditions that are only turned round, and values that are kept to be told and used for nothing else.
"""

from __future__ import annotations

import ast
from collections.abc import Collection

from . import neutral

_SMALLER = (ast.Lt, ast.LtE)
_LARGER = {ast.Gt: "Lt", ast.GtE: "LtE"}


def of_choice(node: ast.IfExp) -> ast.Call | None:
    """Return `min(b, a)` of `a if a < b else b`, None of any other choice."""
    return _call(node.test, node.body, node.orelse, node)


def of_statement(node: ast.If, own: Collection[str]) -> ast.Assign | None:
    """Return `b = min(b, a)` of `if a < b: b = a`, None of any other; it may tell of it and keep a copy on disk."""
    doing = [one for one in node.body if not (neutral.quiet(one, own) or neutral.keeps(one, own))]
    only = doing[0] if len(doing) == 1 and not node.orelse else None
    target = only.targets[0] if isinstance(only, ast.Assign) and len(only.targets) == 1 else None
    if not (isinstance(only, ast.Assign) and isinstance(target, ast.Name)):
        return None
    kept = ast.copy_location(ast.Name(target.id, ast.Load()), target)
    call = _call(node.test, only.value, kept, node)
    return ast.copy_location(ast.Assign([target], call), node) if call is not None else None


def _call(test: ast.expr, chosen: ast.expr, other: ast.expr, at: ast.AST) -> ast.Call | None:
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return None
    said = [ast.dump(one) for one in (test.left, test.comparators[0])]
    pair = [ast.dump(one) for one in (chosen, other)]
    smaller = isinstance(test.ops[0], _SMALLER)
    if not (smaller or type(test.ops[0]) in _LARGER) or pair not in (said, said[::-1]) or pair[0] == pair[1]:
        return None
    name = ast.copy_location(ast.Name("min" if smaller is (pair == said) else "max", ast.Load()), at)
    return ast.copy_location(ast.Call(name, [other, chosen], []), at)


def order(node: ast.Compare) -> tuple[str, ...]:
    """Return sign, smaller and larger of a comparison by size, however it is turned; nothing of any other."""
    if len(node.ops) != 1:
        return ()
    kind, (left, right) = type(node.ops[0]), [ast.unparse(one) for one in (node.left, node.comparators[0])]
    if kind in _LARGER:
        return _LARGER[kind], right, left
    return (kind.__name__, left, right) if kind in _SMALLER else ()


def only_told(node: ast.Assign, whole: ast.AST | None, own: Collection[str]) -> bool:
    """Whether a statement keeps the smaller or larger of two under a name that is otherwise only told in the file."""
    target, value = node.targets[0], node.value
    value = of_choice(value) if isinstance(value, ast.IfExp) else value
    if whole is None or not isinstance(target, ast.Name) or not isinstance(value, ast.Call):
        return False
    if neutral.last_name(value.func) not in {"min", "max"} or not neutral.harmless_value(value, own):
        return False
    statements = [one for one in ast.walk(whole) if isinstance(one, ast.stmt) and neutral.quiet(one, own)]
    keeping = [one for one in ast.walk(whole) if isinstance(one, ast.If | ast.Assign) and _keeps(one, target.id, own)]
    told = {id(one) for each in (*statements, *keeping) for one in ast.walk(each)}
    return all(id(one) in told or isinstance(one.ctx, ast.Store) for one in _names(whole, target.id))


def _keeps(node: ast.If | ast.Assign, name: str, own: Collection[str]) -> bool:
    kept = of_statement(node, own) if isinstance(node, ast.If) else node
    target = kept.targets[0] if kept is not None else None
    value = kept.value if kept is not None else None
    value = of_choice(value) if isinstance(value, ast.IfExp) else value
    called = neutral.last_name(value.func) if isinstance(value, ast.Call) else ""
    return isinstance(target, ast.Name) and target.id == name and called in {"min", "max"}


def _names(whole: ast.AST, name: str) -> list[ast.Name]:
    return [one for one in ast.walk(whole) if isinstance(one, ast.Name) and one.id == name]
