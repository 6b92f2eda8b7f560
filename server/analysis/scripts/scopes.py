"""Which name is which: a name of a function is its own, another is the file's. Pure."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Sequence

from . import neutral
from .names import BUILTINS, Names

Key = tuple[int, str]
_Function = ast.FunctionDef | ast.AsyncFunctionDef


class Scopes:
    """Where names of a program are bound and used."""

    def __init__(self, trees: Sequence[ast.Module], names: Names) -> None:
        self._names = names
        self._keys: dict[int, Key] = {}
        self._uses: defaultdict[Key, list[tuple[int, ...]]] = defaultdict(list)
        """The statements around each place that loads a name, the innermost last."""
        self._bound: defaultdict[Key, list[ast.expr | None]] = defaultdict(list)
        self._fixed: set[Key] = set()
        """Names that are bound in other ways than by statements that may tell."""
        self._files = {id(tree) for tree in trees}
        self._elsewhere: set[str] = set()
        self._functions: dict[str, Key] = {}
        self._loops = {at: some for tree in trees for at, some in loops_own(tree).items()}
        for tree in trees:
            self._walk(tree, [(id(tree), _locals(tree))], ())

    def key(self, node: ast.Name) -> Key:
        """Return which name a node means."""
        return self._keys.get(id(node), (0, node.id))

    def first(self, node: ast.AST) -> Key | None:
        """Return the name that a chain of attributes, calls and subscripts begins with."""
        while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
            node = node.func if isinstance(node, ast.Call) else node.value
        return self.key(node) if isinstance(node, ast.Name) else None

    def function(self, name: str) -> Key | None:
        """Return the key of a function; None where several have the name, or none."""
        return self._functions.get(name)

    def candidates(self) -> set[Key]:
        """Return the names that may be told, as far as their bindings go.

        A name of a file that nothing uses may be meant for another program.
        """
        away = {*self._names.imported, *self._elsewhere, *BUILTINS, *neutral.QUIET}
        found = {key for key in self._bound if key not in self._fixed and key[1] not in away}
        return {key for key in found if self._uses[key] or key[0] not in self._files}

    def values(self, key: Key) -> list[ast.expr | None]:
        """Return what a name is bound to; None for a part of something."""
        return self._bound[key]

    def within(self, key: Key, statements: Collection[int]) -> bool:
        """Whether everything that uses a name stands in one of the statements."""
        return all(any(one in statements for one in around) for around in self._uses[key])

    def _walk(self, node: ast.AST, scopes: list[tuple[int, set[str]]], around: tuple[int, ...]) -> None:
        for one in ast.iter_child_nodes(node):
            here = (*around, id(one)) if isinstance(one, ast.stmt) else around
            inner = scopes
            match one:
                case ast.Name():
                    self._name(one, scopes, around)
                case ast.Attribute(value=ast.Name()) if isinstance(one.ctx, ast.Load):
                    self._uses_of_module(one)
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                    inner = [*scopes, (id(one), _locals(one))]
                    self._define(one, scopes)
                case ast.ClassDef():
                    inner = [*scopes, (id(one), set[str]())]
                    self._fixed |= {_found(name, scopes) for name in _locals(one)}
                case ast.Assign():
                    self._bind(one.targets, one.value, scopes)
                case ast.AnnAssign():
                    self._bind([one.target], one.value, scopes)
                case ast.For():
                    if id(one) in self._loops:
                        inner = [*scopes, (id(one), self._loops[id(one)])]
                    self._bind([one.target], None, inner)
                case ast.withitem() if one.optional_vars is not None:
                    self._bind([one.optional_vars], one.context_expr, scopes)
                case (
                    ast.NamedExpr() | ast.ExceptHandler() | ast.Global() | ast.Nonlocal() | ast.MatchAs() | ast.Delete()
                ):
                    self._fixed |= {_found(name, scopes) for name in _stored(one)}
                case _:
                    pass
            self._walk(one, inner, here)

    def _name(self, node: ast.Name, scopes: list[tuple[int, set[str]]], around: tuple[int, ...]) -> None:
        self._keys[id(node)] = key = _found(node.id, scopes)
        if isinstance(node.ctx, ast.Load):
            self._uses[key].append(around)

    def _uses_of_module(self, node: ast.Attribute) -> None:
        """Take `settings.rows`, which may be a name of another file: it is used, whatever file it is of."""
        if neutral.first_name(node) in self._names.imported:
            self._elsewhere.add(node.attr)

    def _define(self, node: _Function | ast.Lambda, scopes: list[tuple[int, set[str]]]) -> None:
        arguments = {one.arg for one in ast.walk(node.args) if isinstance(one, ast.arg)}
        self._fixed |= {(id(node), name) for name in arguments}
        if isinstance(node, ast.Lambda):
            return
        key = _found(node.name, scopes)
        if node.name in self._functions or len(scopes) > 1:
            self._fixed.add(key)
            return
        self._functions[node.name] = key
        self._bound[key].append(None)

    def _bind(self, targets: Sequence[ast.expr], value: ast.expr | None, scopes: list[tuple[int, set[str]]]) -> None:
        for each in targets:
            for one in ast.walk(each):
                if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
                    self._bound[_found(one.id, scopes)].append(value)


def loops_own(tree: ast.AST) -> dict[int, set[str]]:
    """Return by loop the names that are its own: only loops bind them, and each use stands in one that does."""
    bound: dict[str, set[int]] = {}
    other: set[str] = set()

    def visit(node: ast.AST, around: dict[str, int]) -> None:
        if isinstance(node, ast.For):
            targets = {one.id for one in ast.walk(node.target) if isinstance(one, ast.Name)}
            visit(node.iter, around)
            for name in targets:
                bound.setdefault(name, set()).add(id(node))
            for one in (*node.body, *node.orelse):
                visit(one, {**around, **dict.fromkeys(targets, id(node))})
            return
        if isinstance(node, ast.Name) and (isinstance(node.ctx, ast.Store) or node.id not in around):
            other.add(node.id)
        elif isinstance(node, ast.arg | ast.alias | ast.Global | ast.Nonlocal):
            names = node.names if isinstance(node, ast.Global | ast.Nonlocal) else [getattr(node, "arg", "")]
            other.update(names)
        for one in ast.iter_child_nodes(node):
            visit(one, around)

    visit(tree, {})
    own: dict[int, set[str]] = {}
    for name, loops in bound.items():
        for loop in loops if name not in other else ():
            own.setdefault(loop, set()).add(name)
    return own


def _found(name: str, scopes: list[tuple[int, set[str]]]) -> Key:
    return next(((scope, name) for scope, local in reversed(scopes) if name in local), (scopes[0][0], name))


def _stored(node: ast.AST) -> set[str]:
    match node:
        case ast.ExceptHandler() | ast.MatchAs():
            return {node.name} if node.name else set()
        case ast.Global() | ast.Nonlocal():
            return set(node.names)
        case ast.NamedExpr():
            return {neutral.last_name(node.target)}
        case ast.Delete():
            return set()
        case _:
            return set()


def _locals(scope: ast.AST) -> set[str]:
    """Return the names that are bound in a file, function or class itself."""
    found: set[str] = set()
    if isinstance(scope, _Function | ast.Lambda):
        found |= {one.arg for one in ast.walk(scope.args) if isinstance(one, ast.arg)}
    outer: set[str] = set()
    waiting = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        if isinstance(node, _Function | ast.ClassDef):
            found.add(node.name)
            continue
        if isinstance(node, ast.Global | ast.Nonlocal):
            outer |= set(node.names)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        if not isinstance(node, ast.Lambda):
            waiting += ast.iter_child_nodes(node)
    return found - outer
