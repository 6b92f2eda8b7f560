"""Which number stands behind a name, an attribute, a key or a parameter, where a program gives it one only. Pure.

For what is asked about by its text: nothing is followed through branches, loops or files.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from . import neutral
from .signatures import Function, defaults, parameters
from .signatures import keywords as given_by_name

_HOLDERS = frozenset({"SimpleNamespace", "Namespace", "dict", "Munch"})
_THROUGH = frozenset({"float", "int", "asarray", "array", "float32", "float64", "constant", "as_tensor"})
_DEEPEST = 12
_WAYS: Mapping[type[ast.operator], Callable[[float, float], Any]] = {
    ast.Add: lambda one, other: one + other,
    ast.Sub: lambda one, other: one - other,
    ast.Mult: lambda one, other: one * other,
    ast.Div: lambda one, other: one / other,
    ast.Pow: lambda one, other: one**other,
}


class PlainNumbers:
    """Numbers of the parsed files of a program.

    :ivar functions: its functions by name; only of names that one function has.
    """

    def __init__(self, trees: Iterable[ast.Module]) -> None:
        every = list(trees)
        self._scopes: dict[int, ast.AST] = {}
        self._assigned: dict[int, dict[str, list[ast.expr]]] = {}
        for tree in every:
            self._enter(tree, tree)
        nodes = [node for tree in every for node in ast.walk(tree)]
        named: dict[str, list[Function]] = defaultdict(list)
        for node in nodes:
            for name, function in _functions(node):
                named[name].append(function)
        self.functions: Mapping[str, Function] = {name: those[0] for name, those in named.items() if len(those) == 1}
        self._classes = {node.name for node in nodes if isinstance(node, ast.ClassDef)}
        self._given: dict[tuple[int, str], list[ast.expr]] = defaultdict(list)
        self._keys: dict[str, list[ast.expr]] = defaultdict(list)
        for node in nodes:
            self._note(node)

    def scope_of(self, node: ast.AST) -> ast.AST | None:
        """Return the function or module that a node stands in."""
        return self._scopes.get(id(node))

    def assigned(self, name: str, at: ast.AST) -> list[ast.expr]:
        """Return what is put under a name where a node stands, in the innermost scope that has the name."""
        scope = self.scope_of(at)
        while scope is not None:
            if found := self._assigned.get(id(scope), {}).get(name):
                return [one for one in found if getattr(one, "left", None) is not at]  # `a *= b` is of what `a` was
            if name in parameters(scope):
                return []
            scope = self.scope_of(scope)
        return []

    def number(self, node: ast.expr, depth: int = 0) -> float | None:
        """Return the number that an expression is; None where it is none, or not always the same one."""
        found: float | None = None
        match node:
            case _ if depth > _DEEPEST:
                pass
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool) and abs(value) < 1e300:
                found = float(value)
            case ast.UnaryOp(op=ast.USub(), operand=inside):
                value = self.number(inside, depth + 1)
                found = None if value is None else -value
            case ast.BinOp():
                found = _computed(node.op, self.number(node.left, depth + 1), self.number(node.right, depth + 1))
            case ast.Call(args=[inside]) if neutral.last_name(node.func) in _THROUGH:
                found = self.number(inside, depth + 1)
            case _:
                found = self._only(self._behind(node), depth)
        return found

    def _behind(self, node: ast.expr) -> list[ast.expr]:
        match node:
            case ast.Name(id=name):
                return self.assigned(name, node) or self._passed(name, node)
            case ast.Attribute(attr=name) | ast.Subscript(slice=ast.Constant(value=str() as name)):
                return self._keys.get(name, [])
            case _:
                return []

    def _passed(self, name: str, at: ast.AST) -> list[ast.expr]:
        """Return what a parameter is given in all calls that name its function, else its default."""
        scope = self.scope_of(at)
        while scope is not None and name not in parameters(scope):
            scope = self.scope_of(scope)
        return [] if scope is None else self._given.get((id(scope), name)) or [*defaults(scope, name)]

    def _only(self, every: Iterable[ast.expr], depth: int) -> float | None:
        found = {self.number(one, depth + 1) for one in every}
        return found.pop() if len(found) == 1 else None

    def _enter(self, node: ast.AST, scope: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            self._scopes[id(child)] = scope
            for name, value in _names_assigned(child):
                self._assigned.setdefault(id(scope), {}).setdefault(name, []).append(value)
                self._scopes.setdefault(id(value), scope)
                if isinstance(value, ast.BinOp):  # one that is made for `a *= b`
                    self._scopes.setdefault(id(value.left), scope)
            inner = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            self._enter(child, child if inner else scope)

    def _note(self, node: ast.AST) -> None:
        """Keep what attributes, keys of dictionaries and parameters are given."""
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            for key, value in pairs:
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    self._keys[key.value].append(value)
        elif isinstance(node, ast.ClassDef):
            for each in node.body:
                for name, value in _names_assigned(each):
                    self._keys[name].append(value)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
            self._keys[node.targets[0].attr].append(node.value)
        elif isinstance(node, ast.Call):
            self._note_call(node)

    def _note_call(self, node: ast.Call) -> None:
        name, args, keywords = neutral.last_name(node.func), list(node.args), given_by_name(node)
        if name in _HOLDERS or name in self._classes:
            for key, value in keywords.items():
                self._keys[key].append(value)
        if name == "partial" and args:
            name, args = neutral.last_name(args[0]), args[1:]
        if name == "EnsembleSampler" and len(args) > 2:
            given = keywords.get("args")
            name, args = neutral.last_name(args[2]), [args[0], *getattr(given, "elts", [])]
        function = self.functions.get(name)
        for parameter, value in zip(parameters(function), args, strict=False):
            self._given[id(function), parameter].append(value)
        for parameter, value in keywords.items():
            if parameter in parameters(function):
                self._given[id(function), parameter].append(value)


def _functions(node: ast.AST) -> Iterator[tuple[str, Function]]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield node.name, node
    elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
        yield neutral.last_name(node.targets[0]), node.value


def _names_assigned(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            yield name, value
        case ast.NamedExpr(target=ast.Name(id=name), value=value):
            yield name, value
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
            pairs = zip(names, values, strict=False)
            yield from ((name.id, value) for name, value in pairs if isinstance(name, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            yield name, value
        case ast.AugAssign(target=ast.Name(id=name) as before, op=ast.Mult() | ast.Div() as op, value=value):
            yield name, ast.copy_location(ast.BinOp(left=before, op=op, right=value), node)
        case ast.AugAssign(target=ast.Name(id=name), value=value):
            yield name, value
        case _:
            return


def _computed(op: ast.operator, one: float | None, other: float | None) -> float | None:
    way = _WAYS.get(type(op))
    if one is None or other is None or way is None:
        return None
    try:
        return float(way(one, other))
    except (ZeroDivisionError, OverflowError, TypeError):  # a root of a negative number is no float
        return None
