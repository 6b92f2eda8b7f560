"""What functions are given and return, as they are written. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def keywords(node: ast.Call) -> dict[str, ast.expr]:
    """Return the arguments of a call that are given by name."""
    return {one.arg: one.value for one in node.keywords if one.arg is not None}


def parameters(scope: ast.AST | None) -> list[str]:
    """Return the names of what a function is given, without `self`; nothing of what is no function."""
    if not isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return []
    every = [one.arg for one in (*scope.args.posonlyargs, *scope.args.args, *scope.args.kwonlyargs)]
    return every[1:] if every[:1] == ["self"] else every


def defaults(scope: ast.AST, name: str) -> Iterator[ast.expr]:
    """Yield what a parameter is where it is not given."""
    if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        places = [*scope.args.posonlyargs, *scope.args.args]
        pairs = [*zip(reversed(places), reversed(scope.args.defaults), strict=False)]
        named = zip(scope.args.kwonlyargs, scope.args.kw_defaults, strict=True)
        yield from (value for one, value in (*pairs, *named) if one.arg == name and value is not None)


def returned(body: Iterable[ast.stmt]) -> Iterator[ast.expr]:
    """Yield what statements return, but for functions inside of them."""
    for node in body:
        if isinstance(node, ast.Return) and node.value is not None:
            yield node.value
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from returned(one for one in ast.iter_child_nodes(node) if isinstance(one, ast.stmt))
