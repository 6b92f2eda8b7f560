"""The functions that a program defines: which of them do something, and which are called for more than to be shown."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from . import neutral
from .program import Unit

_Function = ast.FunctionDef | ast.AsyncFunctionDef


class OwnFunctions:
    """Names of functions and classes of a program.

    :ivar defined: all of them. :ivar acting: those that train, change or keep something; classes always count as such.
    :ivar parameters: of functions, by name and in their order; only of names that one function has.
    :ivar unused: nodes of functions that nothing names but what only tells.
    """

    def __init__(self, units: Iterable[Unit]) -> None:
        every = list(units)
        trees = [unit.tree for unit in every if unit.tree is not None]
        nodes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, _Function | ast.ClassDef)]
        functions = [node for node in nodes if isinstance(node, _Function)]
        once = Counter(node.name for node in nodes)
        self.parameters = {
            node.name: [one.arg for one in (*node.args.posonlyargs, *node.args.args)]
            for node in functions
            if once[node.name] == 1
        }
        assigned = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Assign)]
        short = {neutral.last_name(one.targets[0]) for one in assigned if isinstance(one.value, ast.Lambda)}
        self.defined = {node.name for node in nodes} | (short - {""})
        self.acting = {node.name for node in nodes if isinstance(node, ast.ClassDef) or _acts(node)}
        while more := {node.name for node in functions if node.name not in self.acting and self._calls_acting(node)}:
            self.acting |= more
        used = {name for tree in trees for name in self._named(tree.body)}
        top = [node for tree in trees for node in tree.body if isinstance(node, _Function)]
        whole = all(unit.tree is not None for unit in every)  # a file that does not parse may use them
        self.unused = {id(node) for node in top if whole and node.name not in used}

    def _calls_acting(self, function: _Function) -> bool:
        calls = (node for node in ast.walk(function) if isinstance(node, ast.Call))
        return any(neutral.last_name(one.func) in self.acting for one in calls)

    def _named(self, body: Sequence[ast.stmt]) -> Iterator[str]:
        """Yield the names that statements use, those left out that only tell."""
        for node in body:
            if neutral.quiet(node, self.acting) and not isinstance(node, ast.Import | ast.ImportFrom):
                continue
            for one in ast.iter_child_nodes(node):
                if isinstance(one, ast.stmt):
                    yield from self._named([one])
                elif isinstance(one, ast.ExceptHandler | ast.match_case):
                    yield from self._named(one.body)
                else:
                    yield from (neutral.last_name(each) for each in ast.walk(one))


def _acts(node: ast.AST) -> bool:
    """Whether a function does more than to compute what it returns."""
    for one in ast.walk(node):
        if isinstance(one, ast.Call) and neutral.acts(one):
            return True
        if isinstance(one, ast.Attribute | ast.Subscript) and not isinstance(one.ctx, ast.Load):
            return True
        if isinstance(one, ast.Global | ast.Nonlocal | ast.Yield | ast.YieldFrom | ast.Await):
            return True
    return False
