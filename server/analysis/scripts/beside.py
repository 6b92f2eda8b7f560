"""Statements that only read, and tell or write beside: plots, tables that are kept, timings, reports. Pure.

A name counts as told where everything that uses it only tells, and its value was only computed. Then neither the name
nor what was made of it reaches the training, its results or its model.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Sequence

from . import neutral
from .beside_files import Files
from .computes import only_computes, reports
from .names import Names
from .own_functions import OwnFunctions
from .program import Unit
from .scopes import Scopes

_ROUNDS = 12
_FRESH = neutral.words_of("dict list set defaultdict Counter OrderedDict SummaryWriter")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


class Beside:
    """The statements of a program that only tell.

    :ivar ids: their nodes.
    """

    def __init__(self, units: Sequence[Unit], names: Names, functions: OwnFunctions, phased: Collection[str]) -> None:
        self.ids: set[int] = set()
        self._looped = 0
        trees = [unit.tree for unit in units]
        if any(tree is None for tree in trees):
            return
        self._names, self._functions = names, functions
        self._calm = functions.defined - functions.acting
        self._computing = _computing([tree for tree in trees if tree is not None], self._calm, names)
        self._scopes = Scopes([tree for tree in trees if tree is not None], names)
        self._files = Files([tree for tree in trees if tree is not None], names)
        self._told = {key for key in self._scopes.candidates() if key[1] not in phased and not _is_setting(key[1])}
        self._fresh = {key for key in self._told if self._is_fresh(key)}
        for _ in range(_ROUNDS):
            self.ids = {id(one) for tree in trees if tree is not None for one in self._telling(tree.body)}
            kept = {key for key in self._told if self._scopes.within(key, self.ids)}
            if kept == self._told:
                return
            self._told = kept
        self.ids = set()

    def _telling(self, body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
        """Yield the statements that tell, those inside of others too."""
        for node in body:
            if self._tells(node):
                yield from (one for one in ast.walk(node) if isinstance(one, ast.stmt))
                continue
            for one in ast.iter_child_nodes(node):
                if isinstance(one, ast.stmt):
                    yield from self._telling([one])
                elif isinstance(one, ast.ExceptHandler | ast.match_case):
                    yield from self._telling(one.body)

    def _tells(self, node: ast.stmt) -> bool:  # noqa: PLR0911 (one for each sort)
        if neutral.quiet(node, self._functions.acting):
            return True
        if any(isinstance(one, ast.Name) and self._counts(one.id) for one in ast.walk(node)):
            return False
        match node:
            case ast.Assign():
                return all(map(self._takes, node.targets)) and self._computes(node.value)
            case ast.AnnAssign() | ast.AugAssign():
                carried = isinstance(node, ast.AugAssign) and self._looped
                return not carried and self._takes(node.target) and self._computes(node.value)
            case ast.Expr(value=ast.Call() as call):
                return self._call(call)
            case ast.For():
                return self._takes(node.target) and self._computes(node.iter) and self._loop(node)
            case ast.If():
                return self._computes(node.test) and self._all(node.body, node.orelse)
            case ast.With():
                return all(map(self._item, node.items)) and self._all(node.body)
            case ast.Return():
                return False
            case ast.FunctionDef():
                return self._function(node)
            case _:
                return False

    def _counts(self, name: str) -> bool:
        """Whether a name is a number that a person sets: what is computed with it may be all that a script trains."""
        return name.isupper() and isinstance(self._names.constants.get(name), int | float)

    def _loop(self, node: ast.For) -> bool:
        """Whether a loop tells in each of its rounds and hands nothing on to the next, as a training by hand does."""
        if carries(node):
            return False
        self._looped += 1
        told = self._all(node.body, node.orelse)
        self._looped -= 1
        return told

    def _all(self, *bodies: Sequence[ast.stmt]) -> bool:
        return all(self._tells(one) for body in bodies for one in body)

    def _computes(self, node: ast.expr | None) -> bool:
        own = frozenset[str]() if self._looped else self._computing
        repeats = isinstance(node, ast.AST) and any(isinstance(one, ast.comprehension) for one in ast.walk(node))
        return only_computes(node, frozenset() if repeats else own, self._names.imported)

    def _takes(self, target: ast.expr) -> bool:
        """Whether what is assigned is a name that is only told, or part of a container that is."""
        match target:
            case ast.Name():
                return self._scopes.key(target) in self._told
            case ast.Tuple() | ast.List():
                return all(map(self._takes, target.elts))
            case ast.Subscript():
                own = isinstance(target.value, ast.Name) and self._is_own(target.value)
                settings = "rcParams" in ast.unparse(target.value) and reports(target, self._names.imported)
                return (own or settings) and self._computes(target.slice)
            case _:
                return False

    def _is_own(self, node: ast.expr) -> bool:
        key = self._scopes.first(node)
        return key in self._fresh and key in self._told

    def _call(self, call: ast.Call) -> bool:
        given = [*call.args, *(one.value for one in call.keywords)]
        if not all(map(self._computes, given)) or any(one.arg == "inplace" for one in call.keywords):
            return False
        if isinstance(call.func, ast.Name):
            return call.func.id in self._told_functions()
        if self._files.writes(call):
            return self._computes(call.func.value) if isinstance(call.func, ast.Attribute) else False
        if self._files.saves_by_path(call):  # a figure that is written over a file of the run
            return False
        if neutral.last_name(call.func) == "dump" and len(call.args) > 1 and self._is_own(call.args[1]):
            return True
        return self._is_own(call.func) or reports(call.func, self._names.imported)

    def _told_functions(self) -> set[str]:
        return {name for name in self._calm if self._scopes.function(name) in self._told}

    def _item(self, item: ast.withitem) -> bool:
        told = item.optional_vars is None or self._takes(item.optional_vars)
        return told and isinstance(item.context_expr, ast.Call) and self._files.opens(item.context_expr)

    def _function(self, node: ast.FunctionDef) -> bool:
        """Whether a function only tells, and nothing but what tells calls it."""
        plain = not node.decorator_list and node.name in self._calm
        body = [one for one in node.body if not _ends(one)]
        return plain and self._scopes.function(node.name) in self._told and self._all(body)

    def _is_fresh(self, key: tuple[int, str]) -> bool:
        """Whether a name is only ever bound to something new that is its own."""
        values = self._scopes.values(key)
        return bool(values) and all(one is not None and self._makes(one) for one in values)

    def _makes(self, value: ast.expr) -> bool:
        if isinstance(value, ast.Dict | ast.List | ast.Set | ast.ListComp | ast.DictComp):
            return True
        if not isinstance(value, ast.Call):
            return False
        opened = self._files.opens(value) or neutral.last_name(value.func) in _FRESH
        drawn = reports(value.func, self._names.imported) and not self._files.saves_by_path(value)
        writer = neutral.last_name(value.func) in {"writer", "DictWriter"} and bool(value.args)
        return opened or drawn or (writer and self._scopes.first(value.args[0]) in self._told)


def _is_setting(name: str) -> bool:
    """Whether a name is one of what a person sets: counts whatever is made of it."""
    return name.isupper() or bool(neutral.OF_FEATURES.search(name))


def carries(loop: ast.For) -> bool:
    """Whether a name that a loop sets is read in it before: what one round made, the next one goes on with."""
    read: set[str] = set()
    stored = {one.id for one in ast.walk(loop) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
    inside = {one.id for one in ast.walk(loop.target) if isinstance(one, ast.Name)}
    for statement in loop.body:
        here = [one for one in ast.walk(statement) if isinstance(one, ast.Name)]
        read |= {one.id for one in here if isinstance(one.ctx, ast.Load)} - inside
        if read & stored - inside:
            return True
        inside |= {one.id for one in here if isinstance(one.ctx, ast.Store)}
    return False


def _computing(trees: Sequence[ast.Module], calm: Collection[str], names: Names) -> frozenset[str]:
    """Return the functions of ours that do nothing but compute, and nothing over and over."""
    functions = [one for tree in trees for one in ast.walk(tree) if isinstance(one, _Function) and one.name in calm]
    found = frozenset[str]()
    for _ in range(3):
        found |= {one.name for one in functions if _only_computes(one, found, names)}
    return found


def _only_computes(node: _Function, own: Collection[str], names: Names) -> bool:
    repeats = any(isinstance(one, ast.For | ast.While | ast.AsyncFor | ast.AugAssign) for one in ast.walk(node))
    expressions = [one for each in node.body for one in ast.walk(each) if isinstance(one, ast.expr)]
    return not repeats and all(only_computes(one, own, names.imported) for one in expressions)


def _ends(node: ast.stmt) -> bool:
    return isinstance(node, ast.Return) and node.value is None
